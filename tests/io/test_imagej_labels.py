"""Labels as TIFF of ImageJ, with size, unit and record."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_selfseg.io import read_image, read_label_image, read_record, write_labels

STACK = np.random.default_rng(0).integers(0, 900, (2, 3, 20, 30)).astype(np.int32)
RECORD = {
    "software": {},
    "method": {"name": "backprop"},
    "superpixels": None,
    "images": [{"name": "a µ"}],
    "channel_axis": None,
    "iterations": 3,
    "shown": 3,
}


@pytest.mark.parametrize("axes", ["yx", "zyx", "tzyx"])
def test_size_unit_and_numbers_come_back(tmp_path, axes):
    labels = STACK[(0,) * (4 - len(axes))]
    sizes = {"t": 5.0, "z": 2.0, "y": 0.5, "x": 0.25}
    path = tmp_path / "a.imagej.tif"
    spacing = [sizes[axis] for axis in axes]
    how = {"spacing": spacing, "unit": "µm", "time_unit": "s" if "t" in axes else ""}
    write_labels(path, labels, axes=axes, record=RECORD, **how)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_imagej
        assert tiff.series[0].axes == axes.upper()
        assert tiff.imagej_metadata["unit"] == "um"
        assert tiff.imagej_metadata.get("spacing") == (2.0 if "z" in axes else None)
    found = read_image(path)
    assert (found.axes, found.unit) == (axes, "µm")
    assert found.spacing == tuple(spacing)
    np.testing.assert_array_equal(read_label_image(path), labels)
    assert read_record(path)["images"] == RECORD["images"]


def test_large_numbers_are_floats_and_larger_ones_are_refused(tmp_path):
    path = tmp_path / "a.imagej.tif"
    labels = np.array([[0, 70_000], [3, 2**24]], np.int32)
    write_labels(path, labels)
    assert tifffile.imread(path).dtype == np.float32
    np.testing.assert_array_equal(read_label_image(path), labels)
    with pytest.raises(ValueError, match=r"ImageJ holds whole numbers up to 16777216"):
        write_labels(path, labels + 1)
    np.testing.assert_array_equal(read_label_image(path), labels)


def test_others_are_as_they_were(tmp_path):
    write_labels(tmp_path / "imagej.tif", STACK[0, 0])
    with tifffile.TiffFile(tmp_path / "imagej.tif") as tiff:
        assert tiff.is_ome
        assert not tiff.is_imagej
