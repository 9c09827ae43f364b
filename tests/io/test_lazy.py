"""Images left on disk: what is sliced out of them is what reading the whole gives."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_selfseg.io import open_image, read_image

RNG = np.random.default_rng(0)
TILED = {"tile": (16, 16), "compression": "zlib"}
STRIPED = {"rowsperstrip": 5, "compression": "zlib"}
IN_ONE_PIECE = {}
CASES = [
    ("YX", (40, 51), {}),
    ("YXS", (40, 51, 3), {"photometric": "rgb"}),
    ("YXS", (40, 51, 4), {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    ("YXS", (40, 51, 2), {"photometric": "minisblack", "extrasamples": ["unassalpha"]}),
    ("CYX", (5, 40, 51), {}),
    ("ZCYX", (4, 2, 40, 51), {}),
    ("TCZYX", (3, 2, 4, 40, 51), {}),
    ("TCZYX", (3, 1, 4, 40, 51), {}),
    ("TYX", (3, 40, 51), {}),
]
KEYS = [
    (),
    ...,
    0,
    -1,
    slice(3, 20),
    (slice(None), 1),
    (..., slice(5, 9)),
    (slice(2, 30, 3), slice(None)),
    (slice(0, 0),),
]


@pytest.fixture(params=[TILED, STRIPED, IN_ONE_PIECE], ids=["tiled", "striped", "one piece"])
def kept(request):
    return request.param


# A few values at random look like a channel that is only called opacity.
@pytest.mark.filterwarnings("ignore:.*calls channel 4 opacity")
@pytest.mark.parametrize(("axes", "shape", "options"), CASES)
def test_tiff_on_disk_equals_tiff_in_memory(tmp_path, axes, shape, options, kept):
    data = RNG.integers(0, 3, shape, dtype=np.uint8)
    options = {"photometric": "minisblack"} | options | kept
    tifffile.imwrite(tmp_path / "a.tif", data, ome=True, metadata={"axes": axes}, **options)
    whole, found = read_image(tmp_path / "a.tif"), open_image(tmp_path / "a.tif")
    assert (found.axes, found.channel_axis) == (whole.axes, whole.channel_axis)
    assert (found.spacing, found.unit, found.shape) == (whole.spacing, whole.unit, whole.shape)
    assert len(whole.axes) == whole.data.ndim
    for one, other in ((whole.data, found.data), (whole.mask, found.mask)):
        assert (one is None) == (other is None)
        if one is not None:
            check(one, other)


def check(one, other):
    assert not isinstance(other, np.ndarray)
    assert (other.shape, other.dtype, other.ndim) == (one.shape, one.dtype, one.ndim)
    for key in KEYS:
        part = other[key]
        assert type(part) is np.ndarray
        np.testing.assert_array_equal(part, one[key])
    np.testing.assert_array_equal(np.asarray(other), one)


def test_blocks_of_a_tiled_file_are_known(tmp_path):
    data = np.zeros((2, 40, 51), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", **TILED)
    assert open_image(tmp_path / "a.tif").data.chunks == (1, 16, 16)
    tifffile.imwrite(tmp_path / "b.tif", data, photometric="minisblack")
    assert open_image(tmp_path / "b.tif").data.chunks is None


def test_the_finest_level_of_a_pyramid_is_opened(tmp_path):
    data = RNG.integers(0, 255, (64, 64), dtype=np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif", ome=True) as tiff:
        tiff.write(data, subifds=1, **TILED)
        tiff.write(data[::2, ::2], subfiletype=1, **TILED)
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif").data[...], data)


def test_opening_a_tiff_closes_it_in_the_end(tmp_path):
    """A file left open would be a ResourceWarning, which is an error here."""
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((40, 51), np.uint8), **TILED)
    found = open_image(tmp_path / "a.tif")
    data = found.data
    del found
    assert data[0, 0] == 0
    del data
    gc.collect()


def test_a_picture_is_read_at_once(tmp_path):
    data = RNG.integers(0, 255, (12, 15, 4), dtype=np.uint8)
    Image.fromarray(data).save(tmp_path / "a.png")
    found = open_image(tmp_path / "a.png")
    np.testing.assert_array_equal(found.data, data[..., :3])
    assert (type(found.data), found.axes) == (np.ndarray, "yxc")


@pytest.mark.parametrize("key", [40, (0, 0, 0), (slice(None, None, -1),)])
def test_what_is_not_there_is_refused(tmp_path, key):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((40, 51), np.uint8))
    with pytest.raises(IndexError):
        open_image(tmp_path / "a.tif").data[key]


def test_damage_is_found_when_it_is_met(tmp_path):
    data = RNG.integers(0, 255, (64, 64), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, **TILED)
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        offset = tiff.pages.first.dataoffsets[5]
    with (tmp_path / "a.tif").open("r+b") as file:
        file.seek(offset)
        file.write(bytes(40))
    found = open_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.data[:16], data[:16])
    with pytest.raises(ValueError, match=r"^a\.tif cannot be read: ."):
        found.data[16:32, 16:32]


def test_a_file_cut_short_is_refused_when_it_is_opened(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RNG.integers(0, 255, (64, 64), dtype=np.uint8), **TILED)
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(whole[:-300])
    with pytest.raises(ValueError, match=r"^a\.tif .*: "):
        open_image(tmp_path / "a.tif")
