"""An axis that nobody has named has no name in what is written, and a named one keeps its own."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import zarr

from napari_selfseg.io import open_pyramid, read_image, read_label_image, write_labels

STACK = np.random.default_rng(0).integers(1, 9, (3, 20, 30)).astype(np.uint8)
RECORD = {"software": {}, "method": {"name": "backprop"}, "images": [{"name": "a"}]}
# What TIFF says of an axis of which nothing is known: of images that were written one by one, I.
NAMELESS = {"a.tif": "Q", "a.imagej.tif": "I"}


def plain(path):
    tifffile.imwrite(path, STACK, photometric="minisblack")


def one_by_one(path):
    with tifffile.TiffWriter(path) as file:
        for plane in STACK:
            file.write(plane, contiguous=False, metadata=None)


def called(name):
    return lambda path: tifffile.imwrite(
        path, STACK, photometric="minisblack", metadata={"axes": f"{name}YX"}
    )


@pytest.mark.parametrize("target", ["a.tif", "a.imagej.tif", "a.ome.zarr"])
@pytest.mark.parametrize(
    ("write", "letter"), [(plain, ""), (one_by_one, ""), (called("T"), "t"), (called("Z"), "z")]
)
def test_what_was_known_comes_back_and_no_more(tmp_path, write, letter, target):
    write(tmp_path / "image.tif")
    image = read_image(tmp_path / "image.tif")
    assert (image.axes, image.unnamed) == (f"{letter or 'z'}yx", "" if letter else "z")
    path = tmp_path / target
    write_labels(path, STACK, record=RECORD, **image.place)
    found = read_image(path)
    assert (found.axes, found.unnamed) == (image.axes, image.unnamed)
    np.testing.assert_array_equal(read_label_image(path), STACK)
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as tiff:
            first = letter.upper() or NAMELESS[target]
            assert (tiff.series[0].axes, len(tiff.pages)) == (f"{first}YX", 3)


def test_a_step_says_what_an_axis_is_unless_nobody_has_named_it(tmp_path):
    how = {"spacing": (2.0, 0.5, 0.5), "unit": "µm"}
    write_labels(tmp_path / "volume.tif", STACK, **how)
    assert read_image(tmp_path / "volume.tif").spacing == (2.0, 0.5, 0.5)
    write_labels(tmp_path / "stack.tif", STACK, axes="zyx", unnamed="z", **how)
    with pytest.warns(UserWarning, match="does not say the size of a pixel in z"):
        found = read_image(tmp_path / "stack.tif")
    assert (found.spacing[1:], found.unknown) == ((0.5, 0.5), "z")


def test_readers_of_zarr_are_given_a_letter_and_ours_a_note(tmp_path):
    path = tmp_path / "a.ome.zarr"
    write_labels(path, STACK, record=RECORD)
    told = zarr.open_group(str(path), mode="r").attrs
    assert [each["name"] for each in told["ome"]["multiscales"][0]["axes"]] == ["z", "y", "x"]
    assert told["napari-selfseg"]["unnamed"] == "z"
    assert {each.unnamed for each in open_pyramid(path)[0]} == {"z"}


def test_two_axes_without_names_are_called_something_in_tiff(tmp_path):
    how = {"axes": "tzyx", "unnamed": "tz"}
    with pytest.warns(UserWarning, match="one axis without a name: those of a.tif are called TZYX"):
        write_labels(tmp_path / "a.tif", STACK[None].repeat(2, 0), **how)
    write_labels(tmp_path / "a.ome.zarr", STACK[None].repeat(2, 0), **how)
    assert read_image(tmp_path / "a.ome.zarr").unnamed == "tz"
