"""Which files a folder, a pattern or a name means."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from napari_selfseg.scale import files_of, sources

DATA = np.ones((8, 8), np.uint8)


def written(*names):
    for name in map(Path, names):
        name.parent.mkdir(parents=True, exist_ok=True)
        if name.suffix == ".zarr" or not name.suffix:
            zarr.create_array(name, data=DATA)
        else:
            tifffile.imwrite(name, DATA, photometric="minisblack")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*given):
    return [each.name for each in sources(list(given), Path("out"))]


def test_what_is_hidden_is_left_alone():
    written("in/a.tif", "in/.hidden/b.tif", "in/below/c.tif", "in/below/.trash/d.tif")
    for name in ("in/._a.tif", "in/.DS_Store", "in/Thumbs.db", "in/below/._c.tif"):
        Path(name).write_bytes(b"\0\5\x16\7")
    assert files_of(["in"]) == [Path("in/a.tif")]
    assert names("in") == names("in/*") == ["a"]
    assert names("in/**/*.tif") == ["a", "below/c"]
    assert names("in/.hidden") == ["b"]  # where it is named itself


@pytest.mark.skipif(sys.platform == "win32", reason="no such names on Windows")
@pytest.mark.parametrize("folder", ["run[1]", "run[1]/x[a-z] *", "what?"])
def test_what_is_there_by_its_name_is_meant(folder):
    written(f"{folder}/a.tif", f"{folder}/b/c.tif", "run1/other.tif")
    assert names(f"{folder}/*.tif") == ["a"]
    assert names(f"{folder}/**/*.tif") == ["a", "b/c"]
    assert names(folder) == ["a"]
    assert files_of([f"{folder}/*.tif"]) == [Path(folder, "a.tif")]


def test_brackets_after_a_wildcard_and_in_names():
    written("day 1/run[1]/a[x]1.tif", "day 1/run[1]/a[x]2.tif")
    assert names("day*/run[1]/*.tif") == ["day 1/run[1]/a[x]1", "day 1/run[1]/a[x]2"]
    assert names("day 1/run[1]/a[x]*.tif") == ["a[x]1", "a[x]2"]


def test_brackets_that_are_no_name_are_a_pattern():
    written("run1/a.tif", "run2/b.tif", "run3/c.tif")
    assert names("run[12]/*.tif") == ["run1/a", "run2/b"]


def test_each_file_once_whatever_the_way_to_it(here):
    written("in/a.tif")
    ways = ["in", "in/", "in/*.tif", "in/../in/a.tif", str(here / "in/a.tif"), "./in/a.tif"]
    assert names(*ways) == ["a"]
    assert files_of(ways) == [Path("in/a.tif")]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_loop_of_links_ends():
    written("in/a.tif")
    os.symlink("..", "in/again")
    os.symlink("a.tif", "in/b.tif")
    assert names("in/**/*.tif") == ["a"]


def test_home_and_capitals(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("USERPROFILE", str(here))
    written("in/A.TIF", "in/b.Tiff")
    for way in ("~/in", "~/in/*", "in"):
        assert [each.name for each in files_of([way])] == ["A.TIF", "b.Tiff"]
        assert names(way) == ["A", "b"]


def test_zarr_is_an_image_by_any_name_and_what_is_in_it_is_none():
    written("in/a.zarr", "in/plain", "in/b.zarr/0", "in/b.zarr/1")
    zarr.open_group("in/b.zarr", mode="a")
    assert [each.name for each in files_of(["in"])] == ["a.zarr", "b.zarr", "plain"]
    assert names("in/**/*") == ["a", "b", "plain"]
    assert names("in/plain") == ["plain"]
    assert names("in/b.zarr/*") == ["0", "1"]
    assert names("in/b.zarr/0") == ["0"]


def test_a_folder_is_no_image_for_its_name(tmp_path):
    written("in/scan.tif/a.tif")
    with pytest.raises(ValueError, match=r"holds no .* files: those in its folders are 'in.\*\*"):
        files_of(["in"])


@pytest.mark.parametrize("way", ["in/*.tif", "out[1]/*.tif", "~/in/*.tif"])
def test_nothing_there_is_one_sentence(way):
    Path("in").mkdir()
    with pytest.raises(ValueError, match=r"^No images match .*\.tif: check the pattern"):
        sources([way], Path("out"))
    with pytest.raises(ValueError, match=r"^The folder in holds no [^:]*files\.$"):
        files_of(["in"])


def test_results_inside_the_folder_of_images_are_no_images():
    from napari_selfseg.io import write_labels

    record = {"software": {}, "method": {"name": "backprop"}, "superpixels": None}
    record |= {"images": [{"name": "a"}], "channel_axis": None, "iterations": 3, "shown": 3}
    written("in/a.tif", "in/out/kept.tif")
    write_labels("in/out/a.tif", DATA, record=record)
    write_labels("in/out/b.ome.zarr", DATA, record=record)
    found = sources(["in/**/*"], Path("in/out"))
    assert [each.name for each in found] == ["a", "out/kept"]
