"""A format is declared once, and reaches all that reads and writes."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.cli import main
from napari_selfseg.io import (
    check_labels_target,
    open_image,
    read_image,
    read_label_image,
    read_record,
    write_labels,
)
from napari_selfseg.io.formats import (
    GROUP,
    OME_ZARR,
    TIFF,
    filter_of,
    format_of,
    formats,
    is_by_blocks,
    label_formats,
    readable,
)
from napari_selfseg.replaying import as_script
from napari_selfseg.scale import sources

IMAGE = (np.indices((40, 50))[1] > 24) * 100 + np.random.default_rng(0).integers(0, 20, (40, 50))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "extending.md"
NOWHERE = {"unit": "µm", "georeference": None, "unnamed": ""}
WRONG = 'WRONG = Format("Mine", (".tif",), read=read)\n'


def worked_example():
    """Return the format that the page on extending adds."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (found,) = [each for each in blocks if "Format(" in each]
    return found


def entry_point():
    """Return the entry point that the page declares for it."""
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (found,) = [each for each in blocks if GROUP in each]
    return tomllib.loads(found)["project"]["entry-points"][GROUP]


@pytest.fixture(autouse=True)
def looked_for_anew():
    formats.cache_clear()
    yield
    formats.cache_clear()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package that declares formats."""

    def install(**points):
        folder = tmp_path / "site"
        info = folder / "arrays-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / "arrays_format.py").write_text(worked_example() + WRONG, "utf-8")
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: arrays\nVersion: 1.0\n")
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, "arrays_format", raising=False)

    return install


def test_a_format_of_a_package_is_read_written_and_offered(installed, tmp_path, capsys):
    installed(**entry_point())
    (tmp_path / "images").mkdir()
    image, labels = tmp_path / "images" / "cells.ARRAYS", tmp_path / "labels.arrays"
    write_labels(image, IMAGE.astype(np.uint8))
    np.testing.assert_array_equal(read_image(image).data, IMAGE)
    np.testing.assert_array_equal(open_image(image).data, IMAGE)
    assert "Arrays (*.arrays)" in [each.words for each in label_formats()]
    assert "*.arrays" in filter_of("Images", readable())
    found = sources([str(tmp_path / "images")], tmp_path / "out")
    assert [each.title for each in found] == [str(image)]

    quick = ["--method", "backprop", "--iterations", "2", "--channels", "4", "--min-labels", "1"]
    assert main(["segment", str(image), "-o", str(labels), *quick]) == 0
    made = read_image(labels)
    assert (made.shape, made.axes) == (IMAGE.shape, "yx")
    record = read_record(labels)
    assert record["method"]["name"] == "backprop"
    assert "ss.read_image(" in as_script(record)
    assert "files = {" not in as_script(record)

    out = tmp_path / "out"
    words = ["batch", str(tmp_path / "images"), "-o", str(out), "--format", "arrays", *quick]
    assert main(words) == 0
    assert [each.name for each in out.glob("*.arrays")] == ["cells.arrays"]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("axes", "spacing", "time_unit", "translation"),
    [
        ("zyx", (2.0, 0.5, 0.25), "", (3.0, 0.0, 1.0)),
        ("tyx", (None, 0.5, 0.25), "", ()),
        ("yx", None, "", ()),
        ("tzyx", (9.0, 2.0, 0.5, 0.5), "s", ()),
    ],
)
def test_what_it_wrote_is_read_again(installed, tmp_path, axes, spacing, time_unit, translation):
    installed(**entry_point())
    kept, path = tmp_path / "labels.zarr", tmp_path / "labels.arrays"
    labels = np.random.default_rng(0).integers(1, 300, (2, 3, 8, 9)[-len(axes) :], np.int32)
    place = {"spacing": spacing, "axes": axes, "time_unit": time_unit, "translation": translation}
    write_labels(kept, labels, unit="µm", **place)
    # Read when sliced.
    write_labels(path, open_image(kept).data, unit="µm", **place)
    np.testing.assert_array_equal(read_label_image(path), labels)
    expected = {**place, "spacing": spacing or (None,) * len(axes)}
    assert read_image(path).place == {**expected, **NOWHERE}
    assert read_image(path).spacing == tuple(step or 1.0 for step in expected["spacing"])


def test_a_record_with_arrays_comes_back_and_none_is_a_sentence(installed, tmp_path):
    installed(**entry_point())
    path, scribbles = tmp_path / "labels.arrays", np.zeros(IMAGE.shape, np.int32)
    scribbles[5, 5:9], scribbles[5, 40:45] = 1, 2
    method = ss.Backprop(iterations=2, channels=4, min_labels=1)
    run = ss.segment(IMAGE, method, scribbles=scribbles, device="cpu", threads=1)
    write_labels(path, run.labels(), record=run.record())
    np.testing.assert_array_equal(ss.replay(read_record(path), IMAGE), run.labels())
    write_labels(path, run.labels())
    with pytest.raises(ValueError, match=r"^labels\.arrays cannot .* file: it has no record$"):
        read_record(path)
    path.write_text("nothing")
    with pytest.raises(ValueError, match=r"^labels\.arrays cannot be read as an image: "):
        read_image(path)


def test_labels_that_cannot_be_written_leave_the_older_ones(installed, tmp_path):
    class Broken:
        shape, dtype, ndim = (4, 5), np.dtype(np.uint8), 2

        def __getitem__(self, key):
            raise OSError("the disk is gone")

    installed(**entry_point())
    write_labels(tmp_path / "labels.arrays", np.ones((4, 5), np.uint8))
    with pytest.raises(OSError, match="the disk is gone"):
        write_labels(tmp_path / "labels.arrays", Broken())
    assert [each.name for each in tmp_path.glob("*.*")] == ["labels.arrays"]
    assert read_label_image(tmp_path / "labels.arrays").all()


def test_dialogs_offer_it(installed):
    pytest.importorskip("qtpy", reason="dialogs need Qt")
    from napari_selfseg.widgets.parts.dialogs import image_files, label_files, label_kinds

    installed(arrays="arrays_format:ARRAYS")
    assert image_files() == "Images (*.tif *.tiff *.png *.jpg *.jpeg *.arrays)"
    assert label_files() == "TIFF, OME-Zarr and Arrays (*.tif *.tiff *.zarr *.arrays)"
    kinds = ["OME-Zarr (*.zarr)", "TIFF (*.tif *.tiff)", "Arrays (*.arrays)"]
    assert label_kinds(by_blocks=True) == ";;".join(kinds)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("arrays_format:WRONG", "The format mine is left out: TIFF has the ending .tif."),
        ("arrays_format:read", "The format mine is left out: it is function, and no"),
        ("arrays_format:nothing", "The format mine cannot be loaded:"),
    ],
)
def test_a_package_that_declares_nonsense_is_left_out_in_a_sentence(installed, value, words):
    installed(mine=value)
    with pytest.warns(UserWarning, match=re.escape(words)):
        found = formats()
    assert [each.name for each in found] == ["TIFF", "OME-Zarr", "PNG", "JPEG"]


@pytest.mark.parametrize("name", ["a.zarr", "a.ZARR", "a.ome.Zarr"])
def test_upper_and_lower_case_are_one(name, tmp_path):
    assert format_of(tmp_path / name) is OME_ZARR
    assert is_by_blocks(tmp_path / name)
    assert check_labels_target(tmp_path / name) == tmp_path / name
    assert format_of(f"{tmp_path}/a.TIFF") is TIFF
    write_labels(tmp_path / name, np.ones((4, 5), np.uint8))
    assert format_of(tmp_path / name / "0") is OME_ZARR
    np.testing.assert_array_equal(read_image(tmp_path / name).data, np.ones((4, 5)))


def test_what_is_not_read_names_what_is(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(ValueError, match=r"give a TIFF, OME-Zarr, PNG or JPEG file"):
        read_image(tmp_path / "notes.txt")
    with pytest.raises(ValueError, match=r"must end in .tif or .tiff or .zarr"):
        check_labels_target(tmp_path / "labels.png")
    assert main(["batch", "x.tif", "-o", "out", "--format", "png"]) == 2
    assert "png is not written: give one of tif, ome.zarr" in capsys.readouterr().err


def test_the_manifest_of_napari_names_the_folders_that_we_read_and_write():
    from npe2 import PluginManifest

    contributed = PluginManifest.from_distribution("napari-selfseg").contributions
    folders = [ending for each in readable() if each.folder for ending in each.endings]
    assert [p for each in contributed.readers for p in each.filename_patterns] == [
        f"*{ending}" for ending in folders
    ]
    written = [e for f in label_formats() if f.folder for e in f.endings]
    assert [e for each in contributed.writers for e in each.filename_extensions] == written
    assert json.dumps(written) == '[".zarr"]'
