"""Images from files: axes, channels, pixel size, and what is wrong with a file."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_selfseg.io import open_image, read_image

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 15), dtype=np.uint8)
RGB = RNG.integers(0, 256, (12, 15, 3), dtype=np.uint8)
OPACITY = np.where(GREY > 100, 255, 0).astype(np.uint8)
STACK = RNG.integers(0, 60_000, (5, 12, 15), dtype=np.uint16)


@pytest.fixture
def tiff(tmp_path):
    """Write a TIFF and read it back."""

    def read(data, **options):
        tifffile.imwrite(tmp_path / "a.tif", data, **options)
        return read_image(tmp_path / "a.tif")

    return read


@pytest.fixture
def picture(tmp_path):
    """Save a Pillow image and read it back."""

    def read(image, ending="png", **options):
        image.save(tmp_path / f"a.{ending}", **options)
        return read_image(tmp_path / f"a.{ending}")

    return read


@pytest.mark.parametrize(
    ("axes", "shape", "order", "channel_axis"),
    [
        ("YX", (12, 15), "YX", None),
        ("ZYX", (5, 12, 15), "ZYX", None),
        ("CYX", (5, 12, 15), "YXC", -1),
        ("CZYX", (2, 5, 12, 15), "ZYXC", -1),
        ("ZCYX", (5, 2, 12, 15), "ZYXC", -1),
        ("TCZYX", (1, 2, 5, 12, 15), "ZYXC", -1),
        ("TZCYX", (1, 1, 1, 12, 15), "YX", None),
        ("ZYX", (5, 1, 15), "ZYX", None),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_axes_of_ome_tiff(tiff, axes, shape, order, channel_axis, dtype):
    data = RNG.integers(0, 256, shape).astype(dtype)
    found = tiff(data, ome=True, photometric="minisblack", metadata={"axes": axes})
    kept = [k for k, axis in enumerate(axes) if axis in order]
    left = data.reshape([shape[k] for k in kept])
    names = [axes[k] for k in kept]
    np.testing.assert_array_equal(found.data, left.transpose([names.index(a) for a in order]))
    assert found.channel_axis == channel_axis
    assert found.data.dtype == dtype
    assert len(found.spacing) == len(order.replace("C", ""))
    assert found.axes == order.lower()


def test_pages_without_names_are_a_volume(tiff):
    found = tiff(STACK)
    np.testing.assert_array_equal(found.data, STACK)
    assert (found.channel_axis, found.spacing, found.unit) == (None, (1, 1, 1), "pixel")
    assert found.mask is None
    assert found.name.endswith("a.tif")


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_of_tiff(tiff, planar):
    data = RGB if planar == "contig" else np.moveaxis(RGB, -1, 0)
    found = tiff(data, photometric="rgb", planarconfig=planar)
    np.testing.assert_array_equal(found.data, RGB)
    assert (found.channel_axis, found.mask) == (-1, None)


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_opacity_of_tiff_is_a_mask(tiff, kind):
    data = np.concatenate([RGB, OPACITY[..., None]], axis=-1)
    found = tiff(data, photometric="rgb", extrasamples=[kind])
    np.testing.assert_array_equal(found.data, RGB)
    np.testing.assert_array_equal(found.mask, OPACITY > 0)


@pytest.mark.parametrize("bands", [2, 4, 5])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_bands_of_a_satellite_are_all_kept(tiff, bands, planar):
    data = RNG.integers(0, 3, (12, 15, bands), dtype=np.uint8)
    written = data if planar == "contig" else np.ascontiguousarray(np.moveaxis(data, -1, 0))
    found = tiff(
        written,
        photometric="minisblack",
        planarconfig=planar,
        extrasamples=["unspecified"] * (bands - 1),
    )
    np.testing.assert_array_equal(found.data, data)
    assert (found.channel_axis, found.mask) == (-1, None)


@pytest.mark.parametrize("compression", ["lzw", "jpeg", "zstd", "deflate"])
def test_compressed_tiff(tiff, compression):
    flat = np.full((16, 16, 3), 90, np.uint8)
    found = tiff(flat, photometric="rgb", compression=compression)
    np.testing.assert_allclose(found.data.astype(int), flat, atol=3)


def test_red_green_blue_and_infrared_are_four_channels(tiff):
    data = np.concatenate([RGB, OPACITY[..., None]], axis=-1)
    found = tiff(data, photometric="rgb", extrasamples=["unspecified"])
    np.testing.assert_array_equal(found.data, data)
    assert found.mask is None


@pytest.mark.parametrize("ome", [True, False])
@pytest.mark.parametrize(
    ("axes", "order"), [("TYX", "tyx"), ("TZYX", "tzyx"), ("TCYX", "tyxc"), ("TZCYX", "tzyxc")]
)
def test_time_comes_first_and_channels_last(tiff, axes, order, ome):
    sizes = {"T": 2, "Z": 3, "C": 4, "Y": 12, "X": 15}
    data = RNG.integers(0, 9, [sizes[axis] for axis in axes], dtype=np.uint8)
    found = tiff(data, ome=ome, imagej=not ome, photometric="minisblack", metadata={"axes": axes})
    assert (found.axes, len(found.spacing)) == (order, len(order.replace("c", "")))
    moved = data.transpose([axes.lower().index(axis) for axis in order])
    np.testing.assert_array_equal(found.data, moved)


def test_positions_are_refused(tmp_path):
    data = RNG.integers(0, 9, (2, 3, 12, 15), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", metadata={"axes": "PZYX"})
    for read in (read_image, open_image):
        with pytest.raises(ValueError, match=r"^a\.tif has the axes PZYX .*take out one position"):
            read(tmp_path / "a.tif")


def test_pixel_size_of_ome_tiff(tiff):
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2}
    units = {f"PhysicalSize{axis}Unit": "nm" for axis in "XYZ"}
    found = tiff(STACK, ome=True, metadata={"axes": "ZYX", **sizes, **units})
    assert (found.spacing, found.unit) == ((2.0, 0.25, 0.5), "nm")


def test_pixel_size_of_ome_tiff_is_in_micrometres_unless_named(tiff):
    metadata = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25}
    found = tiff(STACK, ome=True, photometric="minisblack", metadata=metadata)
    assert (found.spacing, found.unit) == ((0.25, 0.5), "µm")


@pytest.mark.parametrize(("unit", "expected"), [("um", "µm"), ("micron", "µm"), ("nm", "nm")])
def test_pixel_size_of_imagej_tiff(tiff, unit, expected):
    metadata = {"axes": "ZYX", "spacing": 3.5, "unit": unit}
    found = tiff(STACK, imagej=True, resolution=(2, 4), metadata=metadata)
    np.testing.assert_allclose(found.spacing, (3.5, 0.25, 0.5))
    assert found.unit == expected
    np.testing.assert_array_equal(found.data, STACK)


def test_pixel_size_of_imagej_micrometres(tiff):
    metadata = {"axes": "YX", "unit": "\\u00B5m"}
    found = tiff(STACK[0], imagej=True, resolution=(2, 4), metadata=metadata)
    assert (found.spacing, found.unit) == ((0.25, 0.5), "µm")


@pytest.mark.parametrize("ending", ["tif", "TIFF"])
def test_endings_in_any_case(tmp_path, ending):
    tifffile.imwrite(tmp_path / f"a.{ending}", GREY)
    np.testing.assert_array_equal(read_image(str(tmp_path / f"a.{ending}")).data, GREY)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressed_tiff_is_read_or_refused_in_a_sentence(picture, compression):
    try:
        found = picture(Image.fromarray(RGB), "tif", compression=compression)
    except ValueError as error:
        assert str(error).startswith("a.tif cannot be read as an image: ")  # noqa: PT017
        assert compression in ("tiff_lzw", "jpeg")  # those need imagecodecs
    else:
        assert compression == "jpeg" or (found.data == RGB).all()


def test_grey_picture(picture):
    found = picture(Image.fromarray(GREY))
    np.testing.assert_array_equal(found.data, GREY)
    assert (found.channel_axis, found.mask) == (None, None)
    assert (found.spacing, found.unit) == ((1, 1), "pixel")


def test_sixteen_bits_and_one_bit(picture):
    found = picture(Image.fromarray(STACK[0]))
    np.testing.assert_array_equal(found.data, STACK[0])
    found = picture(Image.fromarray(GREY > 100))
    np.testing.assert_array_equal(found.data, GREY > 100)


def test_colour_picture(picture):
    found = picture(Image.fromarray(RGB))
    np.testing.assert_array_equal(found.data, RGB)
    assert (found.channel_axis, found.mask) == (-1, None)


@pytest.mark.parametrize("colours", [GREY[..., None], RGB])
def test_opacity_of_a_picture_is_a_mask(picture, colours):
    found = picture(Image.fromarray(np.concatenate([colours, OPACITY[..., None]], axis=-1)))
    np.testing.assert_array_equal(found.data, colours.squeeze())
    np.testing.assert_array_equal(found.mask, OPACITY > 0)
    assert found.channel_axis == (None if found.data.ndim == 2 else -1)


def test_an_opaque_picture_has_no_mask(picture):
    found = picture(Image.fromarray(RGB).convert("RGBA"))
    np.testing.assert_array_equal(found.data, RGB)
    assert found.mask is None


def test_palette_is_looked_up(picture):
    image = Image.fromarray(RGB).quantize(8)
    found = picture(image)
    np.testing.assert_array_equal(found.data, np.asarray(image.convert("RGB")))
    assert found.channel_axis == -1


@pytest.mark.parametrize("ending", ["jpg", "jpeg", "JPG"])
def test_jpeg(picture, ending):
    assert picture(Image.fromarray(GREY), ending).data.shape == (12, 15)
    found = picture(Image.fromarray(RGB), ending)
    assert found.data.shape == (12, 15, 3)
    assert (found.channel_axis, found.mask) == (-1, None)


def test_jpeg_in_printing_colours_has_no_opacity(picture):
    """CMYK has four channels, of which the last is black ink."""
    image = Image.fromarray(np.full((12, 15, 3), (200, 30, 90), np.uint8)).convert("CMYK")
    found = picture(image, "jpg", quality=100)
    assert found.mask is None
    assert found.data.shape in ((12, 15, 3), (12, 15, 4))


def test_several_pictures_in_one_are_refused(picture):
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    with pytest.raises(ValueError, match=r"^a.png holds 2 pictures: give a single one"):
        picture(frames[0], save_all=True, append_images=frames[1:])


def test_files_that_are_no_images_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "empty.tif").touch()
    (tmp_path / "empty.png").touch()
    (tmp_path / "words.tif").write_text("These are words.")
    (tmp_path / "words.png").write_text("These are words.")
    (tmp_path / "words.jpg").write_text("These are words.")
    (tmp_path / "words.txt").write_text("These are words.")
    (tmp_path / "folder.tif").mkdir()
    for name, error, sentence in (
        ("missing.tif", FileNotFoundError, r"^There is no file .*missing\.tif\.$"),
        ("folder.tif", IsADirectoryError, r"folder\.tif is a folder, and no image: give a file"),
        ("empty.tif", ValueError, r"^empty\.tif is empty\.$"),
        ("empty.png", ValueError, r"^empty\.png is empty\.$"),
        ("words.tif", ValueError, r"^words\.tif cannot be read as an image: not a TIFF file"),
        (
            "words.png",
            ValueError,
            r"^words\.png cannot be read as an image: cannot identify .+ file$",
        ),
        ("words.jpg", ValueError, r"^words\.jpg cannot be read as an image: .+$"),
        ("words.txt", ValueError, r"^words\.txt is not read: give a TIFF, OME-Zarr, PNG or"),
    ):
        with pytest.raises(error, match=sentence) as caught:
            read_image(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_file_that_may_not_be_read_is_a_sentence(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    tifffile.imwrite(tmp_path / "a.tif", GREY)
    monkeypatch.setattr(tifffile, "TiffFile", refuse)
    with pytest.raises(PermissionError, match=r"a\.tif cannot be opened: no permission\.$"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("limit", [100, 50])
def test_a_very_large_picture_is_read_or_refused_in_a_sentence(picture, limit, monkeypatch):
    """Pillow warns above its limit and raises above twice its limit; this one has 180 pixels."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    try:
        found = picture(Image.fromarray(GREY))
    except ValueError as error:
        assert "pixels" in str(error)  # noqa: PT017 - the reason, not that a plugin failed
    else:
        np.testing.assert_array_equal(found.data, GREY)


def written(kind):
    buffer = io.BytesIO()
    if kind in ("png", "jpeg"):
        Image.fromarray(RGB).save(buffer, kind)
    else:
        options = {
            "plain": {},
            "zlib": {"compression": "zlib"},
            "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}},
            "ome": {"ome": True, "metadata": {"axes": "ZYX"}},
        }
        tifffile.imwrite(buffer, STACK, **options[kind])
    return buffer.getvalue()


ENDINGS = {"png": ".png", "jpeg": ".jpg"}


@pytest.mark.parametrize("kind", ["png", "jpeg", "plain", "zlib", "imagej", "ome"])
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(share=st.floats(0.01, 0.99))
def test_a_file_cut_short_is_refused_or_read_in_full(tmp_path, kind, share):
    whole, path = written(kind), tmp_path / f"a{ENDINGS.get(kind, '.tif')}"
    path.write_bytes(whole)
    expected = read_image(path).data
    path.write_bytes(whole[: int(share * len(whole))])
    try:
        found = read_image(path).data
    except ValueError as error:
        assert "a." in str(error)  # noqa: PT017 - either end is right
        assert "\n" not in str(error)  # noqa: PT017
    else:
        np.testing.assert_array_equal(found, expected)
