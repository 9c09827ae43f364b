"""What numbers mean: palettes, bits, inks and CIELab, opacity, and pictures that lie on a side."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image
from skimage.color import rgb2lab

from napari_selfseg.io import open_image, read_image, read_label_image

RNG = np.random.default_rng(0)
NUMBERS = RNG.integers(0, 6, (16, 20), dtype=np.uint8)
TABLE = RNG.integers(0, 256, (256, 3), dtype=np.uint8)
RGB = RNG.integers(0, 256, (16, 20, 3), dtype=np.uint8)
WAYS = [{}, {"compression": "zlib", "rowsperstrip": 5}]


@pytest.fixture
def tiff(tmp_path):
    """Write a TIFF and read it both ways, which have to agree."""

    def read(data, **options):
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, data, **options)
        whole, on_disk = read_image(path), open_image(path)
        assert (whole.axes, whole.data.dtype) == (on_disk.axes, on_disk.data.dtype)
        assert whole.data.shape == on_disk.data.shape
        key = (..., slice(3, 9), slice(1, None)) if whole.axes[-1] == "c" else (2, slice(4, 9))
        np.testing.assert_array_equal(whole.data, on_disk.data[...])
        np.testing.assert_array_equal(whole.data[key], on_disk.data[key])
        return whole

    return read


def chunk(kind, content):
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png(path, numbers, bits, kind, *between):
    """Write a PNG by hand, of any number of bits."""
    rows = numbers.reshape(len(numbers), -1)
    packed = b""
    for row in rows:
        text = "".join(f"{int(each):0{bits}b}" for each in row)
        text += "0" * (-len(text) % 8)
        packed += b"\0" + bytes(int(text[k : k + 8], 2) for k in range(0, len(text), 8))
    height, width = numbers.shape[:2]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(packed)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + body)
    return read_image(path)


GREY, COLOURS, PALETTE, GREY_ALPHA, COLOURS_ALPHA = 0, 2, 3, 4, 6


@pytest.mark.parametrize("kind", [GREY, COLOURS, GREY_ALPHA, COLOURS_ALPHA])
@pytest.mark.parametrize("bits", [8, 16])
def test_bits_of_png(tmp_path, kind, bits):
    channels = {GREY: (), COLOURS: (3,), GREY_ALPHA: (2,), COLOURS_ALPHA: (4,)}[kind]
    data = RNG.integers(0, 2**bits, (16, 20, *channels))
    if kind in (GREY_ALPHA, COLOURS_ALPHA):
        data[:4, ..., -1] = 0
    found = png(tmp_path / "a.png", data, bits, kind)
    left = {GREY: data, COLOURS: data, GREY_ALPHA: data[..., 0], COLOURS_ALPHA: data[..., :3]}[kind]
    assert found.data.dtype == f"u{bits // 8}"
    np.testing.assert_array_equal(found.data, left)
    if kind in (GREY_ALPHA, COLOURS_ALPHA):
        np.testing.assert_array_equal(found.mask, data[..., -1] > 0)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_grey_that_is_transparent(tmp_path, bits):
    data = RNG.integers(0, 2**bits, (16, 20))
    key = int(data[3, 3])
    found = png(tmp_path / "a.png", data, bits, GREY, chunk(b"tRNS", struct.pack(">H", key)))
    np.testing.assert_array_equal(found.mask, data != key)
    assert found.axes == "yx"
    spread = 1 if bits in (1, 8, 16) else 255 // (2**bits - 1)
    np.testing.assert_array_equal(found.data, data * spread)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_colour_that_is_transparent(tmp_path, bits):
    data = RNG.integers(0, 2**bits, (16, 20, 3))
    data[:4] = key = (3, 200, 2**bits - 1)
    found = png(tmp_path / "a.png", data, bits, COLOURS, chunk(b"tRNS", struct.pack(">HHH", *key)))
    np.testing.assert_array_equal(found.mask, (data != key).any(axis=-1))
    np.testing.assert_array_equal(found.data, data)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_with_transparent_places(tmp_path, bits):
    data = RNG.integers(0, min(2**bits, 6), (16, 20))
    table = TABLE[: 2**bits]
    parts = chunk(b"PLTE", table.tobytes()), chunk(b"tRNS", bytes([0, 128]))
    found = png(tmp_path / "a.png", data, bits, PALETTE, *parts)
    np.testing.assert_array_equal(found.data, table[data])
    np.testing.assert_array_equal(found.mask, data != 0)
    np.testing.assert_array_equal(read_label_image(tmp_path / "a.png"), data)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_numbers_of_few_bits_are_labels(tmp_path, bits):
    data = RNG.integers(0, 2**bits, (16, 20))
    png(tmp_path / "a.png", data, bits, GREY)
    np.testing.assert_array_equal(read_label_image(tmp_path / "a.png"), data)
    if bits < 8:
        stored = data.astype(np.uint8)
        tifffile.imwrite(tmp_path / "a.tif", stored, bitspersample=bits, photometric="minisblack")
        np.testing.assert_array_equal(read_label_image(tmp_path / "a.tif"), data)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("factor", [1, 256, 257])
def test_a_palette_of_tiff_is_looked_up_as_that_of_png(tiff, tmp_path, way, factor):
    colormap = TABLE.T.astype(np.uint16) * factor
    found = tiff(NUMBERS, photometric="palette", colormap=colormap, **way)
    assert (found.axes, found.data.dtype) == ("yxc", np.uint8)
    np.testing.assert_array_equal(found.data, TABLE[NUMBERS])
    np.testing.assert_array_equal(read_label_image(tmp_path / "a.tif"), NUMBERS)


def test_a_palette_of_sixteen_bits(tiff):
    colormap = RNG.integers(0, 2**16, (3, 256)).astype(np.uint16)
    found = tiff(np.stack([NUMBERS] * 3), photometric="palette", colormap=colormap)
    assert (found.axes, found.data.dtype) == ("zyxc", np.uint16)
    np.testing.assert_array_equal(found.data[1], colormap.T[NUMBERS])


@pytest.mark.parametrize("kind", [{"imagej": True}, {"ome": True}])
def test_intensities_that_a_microscope_shows_in_colours_stay(tiff, kind):
    colormap = TABLE.T.astype(np.uint16) * 257
    found = tiff(NUMBERS, photometric="palette", colormap=colormap, **kind)
    np.testing.assert_array_equal(found.data, NUMBERS)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_white_that_is_zero_is_shown_as_white(tiff, way, dtype):
    data = RNG.integers(0, 256, (16, 20)).astype(dtype)
    found = tiff(data, photometric="miniswhite", **way)
    np.testing.assert_array_equal(found.data, np.iinfo(dtype).max - data)
    np.testing.assert_array_equal(tiff(data > 99, photometric="miniswhite").data, data <= 99)


@pytest.mark.parametrize("way", WAYS)
def test_inks_are_colours_as_pillow_makes_them(tiff, way):
    inks = np.asarray(Image.fromarray(RGB).convert("CMYK"))
    found = tiff(inks, photometric="separated", **way)
    np.testing.assert_allclose(found.data.astype(int), RGB, atol=1)
    mixed = RNG.integers(0, 256, (16, 20, 4), dtype=np.uint8)
    as_pillow = np.asarray(Image.fromarray(mixed, mode="CMYK").convert("RGB")).astype(int)
    np.testing.assert_allclose(
        tiff(mixed, photometric="separated").data.astype(int), as_pillow, atol=1
    )


@pytest.mark.parametrize("kind", ["cielab", "icclab"])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_of_cielab(tiff, kind, bits):
    lab = rgb2lab(RGB)
    top, step = 2**bits - 1, 2 ** (bits - 8)
    light = lab[..., 0] * (255 * step if kind == "icclab" else top) / 100
    shift = 2 ** (bits - 1) if kind == "icclab" else 0
    stored = np.stack([light, *np.moveaxis(lab[..., 1:] * step + shift, -1, 0)], axis=-1)
    found = tiff((stored.round().astype(int) % 2**bits).astype(f"u{bits // 8}"), photometric=kind)
    assert found.data.dtype == f"u{bits // 8}"
    np.testing.assert_allclose(found.data / step, RGB, atol=12 if bits == 8 else 1.5)


def test_luma_and_chroma(tiff):
    stored = np.asarray(Image.fromarray(RGB).convert("YCbCr"))
    found = tiff(stored, photometric="ycbcr", subsampling=(1, 1))
    np.testing.assert_allclose(found.data.astype(int), RGB, atol=4)


@pytest.mark.parametrize("kind", ["cielab", "separated"])
def test_colours_of_other_types_are_refused_in_a_sentence(tmp_path, kind):
    data = np.zeros((16, 20, 4 if kind == "separated" else 3), np.float32)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric=kind)
    for read in (read_image, open_image):
        with pytest.raises(
            ValueError, match=rf"^a\.tif has colours of the kind {kind.upper()} in "
        ):
            read(tmp_path / "a.tif")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_colours_are_what_they_were_before_their_opacity(tiff, way, dtype):
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    colours = (RNG.random((16, 20, 3)) * top).astype(dtype)
    opacity = (RNG.random((16, 20, 1)) * 0.8 * top + 0.2 * top).astype(dtype)
    opacity[:4], opacity[4:8] = 0, top
    stored = (colours * (opacity / top)).round(0 if top > 1 else 9).astype(dtype)
    data = np.concatenate([stored, opacity], axis=-1)
    found = tiff(data, photometric="rgb", extrasamples=["assocalpha"], **way)
    np.testing.assert_array_equal(found.mask, opacity[..., 0] > 0)
    np.testing.assert_allclose(found.data[4:], colours[4:], atol=1e-6 if top == 1 else 3)
    np.testing.assert_array_equal(found.data[:4], stored[:4])


@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_infrared_that_is_called_opacity_is_said_and_can_be_kept(tmp_path, tile):
    data = RNG.integers(0, 256, (64, 80, 4), dtype=np.uint8)
    how = {"photometric": "rgb", "extrasamples": ["unassalpha"], "tile": tile}
    tifffile.imwrite(tmp_path / "a.tif", data, **how)
    for read in (read_image, open_image):
        with pytest.warns(UserWarning, match=r"^a\.tif calls channel 4 opacity, which .* channel"):
            found = read(tmp_path / "a.tif")
        np.testing.assert_array_equal(found.data[...], data[..., :3])
        np.testing.assert_array_equal(found.mask[...], data[..., 3] > 0)
        found = read(tmp_path / "a.tif", opacity="channel")
        np.testing.assert_array_equal(found.data[...], data)
        assert found.mask is None


def test_opacity_of_a_picture_can_be_kept(tmp_path):
    data = RNG.integers(0, 256, (16, 20, 4), dtype=np.uint8)
    Image.fromarray(data).save(tmp_path / "a.png")
    found = read_image(tmp_path / "a.png", opacity="channel")
    np.testing.assert_array_equal(found.data, data)
    assert found.mask is None


def test_labels_in_colours_are_refused_in_a_sentence(tmp_path):
    Image.fromarray(TABLE[NUMBERS]).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"^a\.png has colours, .*: save it with a palette"):
        read_label_image(tmp_path / "a.png")
    grey = np.stack([NUMBERS] * 3, axis=-1)
    Image.fromarray(grey).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_label_image(tmp_path / "a.png"), NUMBERS)


def test_whole_numbers_in_floats_are_labels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", NUMBERS.astype(np.float32))
    found = read_label_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(found, NUMBERS)
    assert found.dtype.kind == "i"
    for wrong in (0.5, np.nan, np.inf):
        tifffile.imwrite(tmp_path / "a.tif", np.where(NUMBERS > 3, wrong, 1).astype(np.float32))
        with pytest.raises(ValueError, match=r"^a\.tif holds float32: labels are whole numbers"):
            read_label_image(tmp_path / "a.tif")


@pytest.mark.parametrize("ending", ["jpg", "png", "tif"])
def test_a_picture_on_its_side_is_read_as_napari_reads_it(tmp_path, ending):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(RGB).save(tmp_path / f"a.{ending}", exif=exif, quality=100)
    with pytest.warns(UserWarning, match=rf"^a\.{ending} asks to be turned .*\(orientation 6\)"):
        found = read_image(tmp_path / f"a.{ending}")
    assert found.data.shape == RGB.shape
    if ending != "jpg":
        np.testing.assert_array_equal(found.data, RGB)
