"""The site is built without a warning, every link inside it leads somewhere, and it is small."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

PROJECT = Path(__file__).resolve().parents[1]
NEEDED = ("mkdocs", "material", "mkdocstrings", "mkdocstrings_handlers")
MISSING = [each for each in NEEDED if importlib.util.find_spec(each) is None]
IMAGE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")
PICTURES = 900_000  # bytes: what everybody who clones has to take along


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of what the site is made of, so that a test can break it."""
    where = tmp_path_factory.mktemp("site")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copy(PROJECT / "mkdocs.yml", where)
    shutil.copytree(PROJECT / "docs", where / "docs", ignore=ignored)
    shutil.copytree(PROJECT / "src", where / "src", ignore=ignored)
    return where


def build(copy):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", "site"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)


@pytest.mark.skipif(bool(MISSING), reason=f"not installed (group docs): {', '.join(MISSING)}")
def test_the_site_is_built_strictly(copy):
    done = build(copy)
    assert done.returncode == 0, done.stderr
    pages = {each.parent.name for each in (copy / "site").rglob("index.html")}
    assert {"choose", "tutorial", "api", "docks", "citing", "consensus"} <= pages
    names = (copy / "site" / "api" / "index.html").read_text(encoding="utf-8")
    assert 'id="napari_selfseg.catalogue.segment"' in names
    with (copy / "docs" / "index.md").open("a", encoding="utf-8") as page:
        page.write("\n[dead](nowhere.md)\n")
    assert "nowhere.md" in build(copy).stderr, "test invalid"


PAGES = ["README.md", "docs/index.md", "docs/choose.md", "docs/docks.md", "docs/notebooks.md"]


@pytest.mark.parametrize("page", PAGES)
def test_pictures_are_there(page):
    text = (PROJECT / page).read_text(encoding="utf-8")
    found = [each for each in IMAGE.findall(text) if not each.startswith("http")]
    assert found
    assert [each for each in found if not (PROJECT / page).parent.joinpath(each).is_file()] == []


def test_every_method_has_its_picture():
    methods = {each.stem for each in (PROJECT / "src/napari_selfseg/pages").glob("*.md")}
    drawn = {each.stem for each in (PROJECT / "docs/images").glob("method_*.webp")}
    assert drawn == {f"method_{each}" for each in methods}


def test_pictures_are_small():
    assert sum(each.stat().st_size for each in PROJECT.glob("docs/images/*.webp")) < PICTURES


def test_the_animation_moves():
    image = pytest.importorskip("PIL.Image")
    with image.open(PROJECT / "docs/images/labels_forming.webp") as opened:
        assert opened.n_frames > 10
        first = opened.convert("RGB").tobytes()
        opened.seek(opened.n_frames - 1)
        assert opened.convert("RGB").tobytes() != first


def plots():
    specification = importlib.util.spec_from_file_location(
        "make_plots", PROJECT / "docs/make_plots.py"
    )
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    return made


@pytest.mark.parametrize("name", list(plots().BARS))
def test_a_plot_of_the_benchmarks_says_what_its_table_says(name):
    page = (PROJECT / "docs/benchmarks.md").read_text("utf-8")
    drawn = ElementTree.parse(PROJECT / f"docs/images/plots/{name}.svg")
    (about,) = drawn.iter("{http://purl.org/dc/elements/1.1/}description")
    read, *_ = plots().BARS[name]
    assert json.loads(about.text) == read(page), "run docs/make_plots.py"
    assert f"(images/plots/{name}.svg)" in page
