"""What is published says the same everywhere: version, requirements, systems and Pythons."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import napari_selfseg

yaml = pytest.importorskip("yaml")

PROJECT = Path(__file__).resolve().parents[1]
# What conda-forge calls otherwise.
CONDA = {"torch": "pytorch", "lazy_loader": "lazy-loader"}


def read(path: str):
    file = PROJECT / path
    if not file.is_file():
        pytest.skip(f"{path} is not part of this copy")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_version_is_one() -> None:
    assert read("CITATION.cff")["version"] == napari_selfseg.__version__
    assert read("conda.recipe/recipe.yaml")["context"]["version"] == napari_selfseg.__version__
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d[^\]]*)\]", changes, re.M)[0] == napari_selfseg.__version__


def test_conda_asks_for_what_pip_asks_for(project) -> None:
    recipe = read("conda.recipe/recipe.yaml")
    asked = set(recipe["requirements"]["run"]) - {"python >=${{ python_min }}"}
    pairs = (each.split(">=") for each in project["dependencies"])
    assert asked == {f"{CONDA.get(name, name)} >={low}" for name, low in pairs}
    assert project["requires-python"] == f">={recipe['context']['python_min']}"
    assert recipe["about"]["license"] == project["license"]


def test_three_systems_and_every_python_are_tested(project) -> None:
    matrix = read(".github/workflows/tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    named = "Programming Language :: Python :: 3."
    pythons = {f"3.{each.removeprefix(named)}" for each in project["classifiers"] if named in each}
    assert set(matrix["python"]) == pythons
    assert {each.partition("-")[0] for each in matrix["os"]} == {"ubuntu", "macos", "windows"}


def test_a_window_needs_the_same_packages_everywhere() -> None:
    read(".github/workflows/tests.yml")
    here = (PROJECT / ".ci/run").read_text(encoding="utf-8")
    there = (PROJECT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    wanted = set(re.search(r"system_packages=\((.*?)\)", here, re.S)[1].split())
    installed = re.search(r"--no-install-recommends \\\n(.*?)\n\s+- name", there, re.S)[1]
    assert set(installed.replace("\\", "").split()) == wanted


def test_every_step_of_others_is_pinned_to_a_commit() -> None:
    read(".github/workflows/tests.yml")
    for file in sorted((PROJECT / ".github/workflows").glob("*.yml")):
        for used in re.findall(r"uses: (\S+)", file.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), (file.name, used)
