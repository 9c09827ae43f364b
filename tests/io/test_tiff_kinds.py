"""TIFF of every kind: no plane is lost, read whole or from disk, or a sentence says what to do."""

from __future__ import annotations

import logging
import struct
from functools import partial

import numpy as np
import pytest
import tifffile

from napari_selfseg.io import open_image, read_image

GREY = {"photometric": "minisblack"}
RGB = {"photometric": "rgb"}
TILED = {"tile": (32, 32), "compression": "zlib"}
RNG = np.random.default_rng(0)


def random(*shape, dtype=np.uint8):
    return RNG.integers(1, 250, shape).astype(dtype)


def both(path):
    """Read a file both ways, which have to agree."""
    whole, on_disk = read_image(path), open_image(path)
    for name in ("axes", "shape", "spacing", "unit", "unknown", "channel_axis", "notes"):
        assert getattr(whole, name) == getattr(on_disk, name)
    for one, other in ((whole.data, on_disk.data), (whole.mask, on_disk.mask)):
        assert other is not None or one is None
        if one is not None:
            assert (one.dtype, one.shape) == (other.dtype, other.shape)
            np.testing.assert_array_equal(one, other[...])
            np.testing.assert_array_equal(one[..., 3, 1:9], other[..., 3, 1:9])
    return whole


# Axes as written, what is done to write them, axes as read.
NAMED = [
    ("TZYX", GREY, "tzyx"),
    ("CZYX", GREY, "zyxc"),
    ("ZCYX", GREY, "zyxc"),
    ("ZYXS", RGB, "zyxc"),
    ("TZYXS", RGB, "tzyxc"),
    ("SYX", RGB | {"planarconfig": "separate"}, "yxc"),
    ("ZSYX", RGB | {"planarconfig": "separate"}, "zyxc"),
    ("YXS", GREY | {"planarconfig": "contig"}, "yxc"),
    ("SYX", GREY | {"planarconfig": "separate"}, "yxc"),
    ("ZYX", GREY | {"byteorder": ">"}, "zyx"),
    ("ZYX", GREY | {"predictor": True, "compression": "zlib"}, "zyx"),
    ("TZCYX", GREY | {"ome": True}, "tzyxc"),
    ("ZTCYX", GREY | {"ome": True}, "tzyxc"),
    ("TZCYX", GREY | {"imagej": True}, "tzyxc"),
    ("CYX", GREY | {"imagej": True}, "yxc"),
]
LENGTHS = {"T": 2, "Z": 4, "C": 5, "S": 3, "Y": 16, "X": 20}


@pytest.mark.parametrize(("axes", "options", "order"), NAMED)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_named_axes(tmp_path, axes, options, order, dtype):
    data = random(*(LENGTHS[axis] for axis in axes), dtype=dtype)
    tifffile.imwrite(tmp_path / "a.tif", data, metadata={"axes": axes}, **options)
    found = both(tmp_path / "a.tif")
    names = axes.lower().replace("s", "c")
    assert (found.axes, found.data.dtype) == (order, dtype)
    np.testing.assert_array_equal(found.data, data.transpose([names.index(a) for a in order]))


@pytest.mark.parametrize("channels", [2, 3, 4, 5])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_any_number_of_samples(tmp_path, channels, planar):
    data = random(16, 20, channels)
    written = data if planar == "contig" else np.ascontiguousarray(np.moveaxis(data, -1, 0))
    tifffile.imwrite(tmp_path / "a.tif", written, planarconfig=planar, **GREY)
    np.testing.assert_array_equal(both(tmp_path / "a.tif").data, data)


@pytest.mark.parametrize("shape", [(5, 6, 16, 20), (2, 3, 4, 16, 20), (5, 6, 16, 20, 3)])
@pytest.mark.parametrize("more", [{}, {"compression": "zlib"}])
def test_axes_without_names_are_refused_in_a_sentence(tmp_path, shape, more):
    look = RGB if shape[-1] == 3 else GREY
    tifffile.imwrite(tmp_path / "a.tif", random(*shape), **look, **more)
    for read in (read_image, open_image):
        with pytest.raises(ValueError, match=r"^a\.tif has . axes .*: name them when it is writ"):
            read(tmp_path / "a.tif")


@pytest.mark.parametrize("axes", ["ZZYX", "CYXS", "PZYX", "RTYX"])
def test_axes_of_one_kind_are_refused_in_a_sentence(tmp_path, axes):
    data = random(2, 16, 20, 3) if axes == "CYXS" else random(2, 5, 16, 20)
    look = RGB if axes == "CYXS" else GREY
    tifffile.imwrite(tmp_path / "a.tif", data, metadata={"axes": axes}, **look)
    for read in (read_image, open_image):
        with pytest.raises(ValueError, match=rf"^a\.tif has the axes {axes} of .*one of each"):
            read(tmp_path / "a.tif")


@pytest.mark.parametrize("options", [{}, {"metadata": None}, {"contiguous": True}, TILED])
@pytest.mark.parametrize("colours", [False, True])
def test_planes_written_one_by_one_are_a_stack(tmp_path, options, colours):
    data = random(5, 64, 64, 3) if colours else random(5, 64, 64)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for plane in data:
            tiff.write(plane, **(RGB if colours else GREY), **options)
    found = both(tmp_path / "a.tif")
    assert found.axes == ("zyxc" if colours else "zyx")
    np.testing.assert_array_equal(found.data, data)


@pytest.mark.parametrize("ome", [False, True])
def test_stacks_of_one_size_are_refused_in_a_sentence(tmp_path, ome):
    with tifffile.TiffWriter(tmp_path / "a.tif", ome=ome) as tiff:
        for _ in range(3):
            tiff.write(random(5, 16, 20), metadata={"axes": "ZYX"}, **GREY)
    for read in (read_image, open_image):
        with pytest.raises(ValueError, match=r"^a\.tif holds 3 images of shape \(5, 16, 20\): giv"):
            read(tmp_path / "a.tif")


@pytest.mark.parametrize("options", [{}, {"metadata": None}, TILED])
def test_the_image_after_its_thumbnail_is_read_and_that_is_said(tmp_path, options):
    data = random(5, 128, 160)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(data[0, ::4, ::4], **GREY, **options)
        tiff.write(data, **GREY, **options)
    with pytest.warns(UserWarning, match=r"^a\.tif holds 2 images: the largest, of shape \(5, 12"):
        found = both(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.data, data)


def test_a_thumbnail_that_says_so_is_passed_over(tmp_path):
    data = random(64, 80)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(data[::4, ::4], subfiletype=1, metadata=None, **GREY)
        tiff.write(data, metadata=None, **GREY)
    np.testing.assert_array_equal(both(tmp_path / "a.tif").data, data)


def test_a_pyramid_without_tags(tmp_path):
    data = random(256, 256, 3)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for step in (1, 2, 4):
            tiff.write(data[::step, ::step], metadata=None, **RGB, **TILED)
    np.testing.assert_array_equal(both(tmp_path / "a.tif").data, data)


@pytest.mark.parametrize("ome", [False, True])
def test_a_pyramid_in_sub_images(tmp_path, ome):
    data = random(3, 128, 128)
    with tifffile.TiffWriter(tmp_path / "a.tif", ome=ome) as tiff:
        tiff.write(data, subifds=2, metadata={"axes": "ZYX"}, **GREY, **TILED)
        for step in (2, 4):
            tiff.write(data[:, ::step, ::step], subfiletype=1, **GREY, **TILED)
    np.testing.assert_array_equal(both(tmp_path / "a.tif").data, data)


def test_a_slide(tmp_path):
    data = random(256, 256, 3)
    with tifffile.TiffWriter(tmp_path / "a.svs.tif") as tiff:
        for step, words, how in (
            (1, "Image Library v1\n256x256|MPP = 0.5", {"tile": (64, 64)}),
            (4, "Image Library v1\n256x256 -> 64x64", {}),
            (2, "Image Library v1\n256x256", {"tile": (64, 64)}),
            (8, "\nlabel", {"subfiletype": 1}),
        ):
            how |= {"metadata": None, "description": f"Aperio {words}"}
            tiff.write(data[::step, ::step], **RGB, **how)
    with pytest.warns(UserWarning, match="holds 2 images: the largest"):
        np.testing.assert_array_equal(both(tmp_path / "a.svs.tif").data, data)


def test_sizes_are_those_of_the_image_that_is_read(tmp_path):
    data = random(5, 64, 80)
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tiff:
        for step in (4, 1):
            sizes = {f"PhysicalSize{axis}": float(step) for axis in "XYZ"}
            tiff.write(data[:, ::step, ::step], metadata={"axes": "ZYX", **sizes}, **GREY)
    with pytest.warns(UserWarning, match="holds 2 images"):
        found = both(tmp_path / "a.ome.tif")
    np.testing.assert_array_equal(found.data, data)
    assert found.spacing == (1, 1, 1)


@pytest.fixture
def one_directory(tmp_path):
    """Write an ImageJ stack as one above 4 GB is written: with the directory of its first plane."""
    data = random(5, 16, 20)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, imagej=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(path) as tiff:
        start, pixels, order = tiff.pages[0].offset, tiff.pages[0].dataoffsets[0], tiff.byteorder
    content = bytearray(path.read_bytes())
    (count,) = struct.unpack_from(f"{order}H", content, start)
    struct.pack_into(f"{order}I", content, start + 2 + 12 * count, 0)
    path.write_bytes(content)
    return path, data, pixels


def test_imagej_with_one_directory(one_directory):
    path, data, _ = one_directory
    np.testing.assert_array_equal(both(path).data, data)


@pytest.mark.parametrize("level", [logging.NOTSET, logging.CRITICAL + 1])
def test_imagej_with_one_directory_cut_short(one_directory, level, request):
    path, _, pixels = one_directory
    logger = logging.getLogger("tifffile")
    request.addfinalizer(partial(logger.setLevel, logger.level))
    logger.setLevel(level)
    path.write_bytes(path.read_bytes()[: pixels + 3 * 16 * 20])
    for read in (read_image, open_image):
        with pytest.raises(ValueError, match=r"^a\.tif is damaged or cut short: [^<]*$"):
            read(path)
