"""Labels as OME-TIFF: pixels, pixel size and record come back."""

from __future__ import annotations

import errno
import logging
import os
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import napari_selfseg as ss
from napari_selfseg.record import dumps, loads

LABELS = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
RECORD = {
    "software": {},
    "method": {"name": "backprop"},
    "superpixels": None,
    "images": [{"name": 'a <b> & "c" Zellkern µ\x07 ]]>'}],
    "channel_axis": None,
    "iterations": 3,
    "shown": 3,
    "mask": [np.eye(3, dtype=bool)],
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.tif"


def pixels(path):
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        return ElementTree.fromstring(tiff.ome_metadata).find(".//{*}Pixels"), tiff.series[0].axes


@pytest.mark.parametrize("labels", [LABELS, LABELS[0]])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.int64])
def test_pixels_come_back(path, labels, dtype):
    ss.write_labels(path, labels.astype(dtype))
    found = tifffile.imread(path)
    np.testing.assert_array_equal(found, labels)
    assert found.dtype.kind in "ui"
    assert pixels(path)[1] == "QYX"[-labels.ndim :]  # nobody has said what is first


def test_labels_read_as_an_image_with_their_pixel_size(path):
    ss.write_labels(path, LABELS, spacing=(2, 0.5, 0.25), unit="nm")
    found = ss.read_image(path)
    np.testing.assert_array_equal(found.data, LABELS)
    assert (found.spacing, found.unit, found.channel_axis) == ((2, 0.5, 0.25), "nm", None)


@pytest.mark.parametrize(
    ("unit", "written"), [("µm", "µm"), ("um", "µm"), ("micrometer", "µm"), ("pixel", "pixel")]
)
def test_pixel_size_is_written_per_axis(path, unit, written):
    ss.write_labels(path, LABELS[0], spacing=(3, 0.1), unit=unit)
    found, _ = pixels(path)
    assert (found.get("PhysicalSizeY"), found.get("PhysicalSizeX")) == ("3.0", "0.1")
    assert found.get("PhysicalSizeYUnit") == found.get("PhysicalSizeXUnit") == written
    assert found.get("PhysicalSizeZ") is None


def test_without_a_spacing_no_pixel_size_is_claimed(path):
    ss.write_labels(path, LABELS)
    assert pixels(path)[0].get("PhysicalSizeX") is None
    assert ss.read_image(path).unit == "pixel"


@pytest.mark.parametrize("labels", [LABELS, LABELS[0]])
def test_record_comes_back(path, labels):
    ss.write_labels(path, labels, record=RECORD, spacing=(1,) * labels.ndim)
    assert ss.read_record(path) == loads(dumps(RECORD))
    np.testing.assert_array_equal(tifffile.imread(path), labels)


def test_record_of_a_run_replays_from_its_file(path):
    image = np.random.default_rng(0).random((12, 14))
    method = ss.Backprop(iterations=3, channels=5, min_labels=1, variant="continuity")
    run = ss.segment(image, method, device="cpu", precision="float32", threads=1)
    ss.write_labels(path, run.labels(), record=run.record())
    np.testing.assert_array_equal(ss.replay(ss.read_record(path), image), tifffile.imread(path))


def test_the_older_file_is_replaced(path):
    ss.write_labels(path, LABELS)
    ss.write_labels(path, LABELS[0])
    assert tifffile.imread(path).shape == (4, 5)
    assert [each.name for each in path.parent.iterdir()] == ["labels.tif"]


@pytest.mark.parametrize(
    ("labels", "options", "sentence"),
    [
        (LABELS[0, 0], {}, r"Labels are whole numbers in a plane or volume, not uint8 \(5,\)\."),
        (LABELS[None], {}, "Labels are whole numbers in a plane or volume"),
        (LABELS / 2, {}, "Labels are whole numbers in a plane or volume, not float64"),
        (LABELS > 3, {}, "Labels are whole numbers in a plane or volume, not bool"),
        (LABELS, {"spacing": (1, 1)}, "3 .*spacing|spacing .*3"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(path, labels, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        ss.write_labels(path, labels, **options)
    assert list(path.parent.iterdir()) == []


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.png must end in \.tif or \.tiff"):
        ss.write_labels(tmp_path / "a.png", LABELS)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt(), MemoryError()]
)
@pytest.mark.parametrize("older", [False, True])
def test_an_interrupted_write_leaves_nothing_broken(path, error, older, monkeypatch):
    if older:
        ss.write_labels(path, LABELS[0])
    write = tifffile.TiffWriter.write

    def interrupted(self, data, **options):
        write(self, data, **options)
        raise error

    monkeypatch.setattr(tifffile.TiffWriter, "write", interrupted)
    with pytest.raises(type(error)):
        ss.write_labels(path, LABELS)
    assert [each.name for each in path.parent.iterdir()] == (["labels.tif"] if older else [])
    if older:
        np.testing.assert_array_equal(tifffile.imread(path), LABELS[0])


def test_files_without_a_record_are_refused_in_a_sentence(tmp_path):
    grey = {"photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "plain.tif", LABELS, **grey)
    tifffile.imwrite(tmp_path / "ome.tif", LABELS, ome=True, **grey)
    foreign = {"MapAnnotation": {"Namespace": "elsewhere", "record": "{}"}}
    tifffile.imwrite(tmp_path / "foreign.tif", LABELS, ome=True, metadata=foreign, **grey)
    (tmp_path / "words.tif").write_text("These are words.")
    (tmp_path / "empty.tif").touch()
    for name, error, sentence in (
        ("missing.tif", FileNotFoundError, r"^There is no file .*missing\.tif\.$"),
        ("plain.tif", ValueError, r"^plain\.tif has no record: it was not written by"),
        ("ome.tif", ValueError, r"^ome\.tif has no record"),
        ("foreign.tif", ValueError, r"^foreign\.tif has no record"),
        ("words.tif", ValueError, r"^words\.tif cannot be read as a labels file: ."),
        ("empty.tif", ValueError, r"^empty\.tif cannot be read as a labels file: ."),
    ):
        with pytest.raises(error, match=sentence):
            ss.read_record(tmp_path / name)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(share=st.floats(0.01, 0.99))
def test_a_file_cut_short_has_no_or_the_whole_record(path, share):
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    ss.write_labels(path, LABELS, record=RECORD)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    try:
        assert ss.read_record(path) == loads(dumps(RECORD))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either end is right
