"""The workflows of the docs: Snakemake's run as a reader would run it, and the others read."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

PROJECT = Path(__file__).resolve().parents[2]
WORKFLOWS = PROJECT / "docs" / "workflows"
HOW = "--method backprop --iterations 2 --channels 6 --min-labels 1 --device cpu"


def snakemake(folder):
    words = ["--cores", "1", "--keep-going", "--config", f"how={HOW}"]
    words = ["-m", "snakemake", "--snakefile", str(WORKFLOWS / "Snakefile"), *words]
    beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": beside, "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.skipif(
    importlib.util.find_spec("snakemake") is None, reason="snakemake is not installed"
)
def test_snakemake_does_all_but_the_broken_image_and_then_what_is_left(tmp_path):
    (tmp_path / "images").mkdir()
    image = np.random.default_rng(0).integers(0, 40, (24, 30), dtype=np.uint8)
    image[:, 15:] += 150
    tifffile.imwrite(tmp_path / "images" / "a.tif", image, photometric="minisblack")
    (tmp_path / "images" / "broken.tif").write_text("no image")
    first = snakemake(tmp_path)
    assert first.returncode != 0
    said = (tmp_path / "logs" / "broken.txt").read_text().splitlines()
    assert len(said) == 1, said
    assert said[0].startswith("napari-selfseg: ")
    before = {each: each.stat().st_mtime_ns for each in (tmp_path / "labels").iterdir()}
    assert sorted(each.name for each in before) == ["a.tif"], first.stderr
    (tmp_path / "images" / "broken.tif").unlink()
    second = snakemake(tmp_path)
    assert second.returncode == 0, second.stderr
    with (tmp_path / "objects.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["image"] for row in rows} == {"a"}
    assert all(int(row["pixels"]) > 0 for row in rows)
    assert before == {each: each.stat().st_mtime_ns for each in (tmp_path / "labels").iterdir()}


def instructions():
    text = (WORKFLOWS / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line.split(maxsplit=1) for line in lines]


def test_the_container_takes_the_lock_and_what_is_there():
    found = instructions()
    assert found[0][0] == "FROM"
    known = {"FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "CMD"}
    assert {word for word, _ in found} <= known
    assert re.fullmatch(r"python:3\.11-slim-\w+", found[0][1]), "a tag that says its version"
    for each in (rest for word, rest in found if word == "COPY"):
        assert all((PROJECT / source).exists() for source in each.split()[:-1]), each
    installs = re.findall(r"pip install [^&]*", " ".join(rest for w, rest in found if w == "RUN"))
    assert installs
    assert all("-c constraints.txt" in each for each in installs)
    extras = re.search(r"\.\[([\w,]+)\]", installs[-1])[1].split(",")
    declared = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(re.search(rf"^{each} = \[", declared, re.M) for each in extras)


def test_versions_of_containers_are_that_of_the_package():
    import napari_selfseg

    text = "".join(each.read_text(encoding="utf-8") for each in WORKFLOWS.iterdir())
    found = re.findall(r"napari-selfseg[:=](\d+\.\d+\.\d+)", text)
    assert set(found) == {napari_selfseg.__version__}
