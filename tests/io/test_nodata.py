"""Pixels without data: opacity anywhere, masks in and beside a file, values of every kind."""

from __future__ import annotations

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_selfseg.io import open_image, read_image

RNG = np.random.default_rng(0)
BANDS = RNG.integers(1, 200, (40, 50, 5), dtype=np.uint8)
HOLE = np.ones((40, 50), bool)
HOLE[:7, 3:] = False
NODATA, METADATA = 42113, 42112


@pytest.fixture
def tiff(tmp_path):
    def write(data, *, nodata=None, metadata="", name="a.tif", **options):
        tags = [(NODATA, 2, 0, nodata, True)] if nodata is not None else []
        tags += [(METADATA, 2, 0, metadata, True)] if metadata else []
        options = {"photometric": "minisblack", "metadata": None} | options
        tifffile.imwrite(tmp_path / name, data, extratags=tags, **options)
        return tmp_path / name

    return write


def masks(path):
    """Return the mask of a file, read whole and in part, which have to agree."""
    whole, lazy = read_image(path), open_image(path)
    np.testing.assert_array_equal(lazy.data[...], whole.data)
    np.testing.assert_array_equal(lazy.data[3:30, ::2], whole.data[3:30, ::2])
    if whole.mask is not None:
        np.testing.assert_array_equal(lazy.mask[3:30, ::2], whole.mask[3:30, ::2])
        np.testing.assert_array_equal(lazy.mask[5], whole.mask[5])
    elif lazy.mask is not None:
        assert np.asarray(lazy.mask).all()
    return whole


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("opaque", [(1,), (4,), (2, 4), (1, 2, 3), (1, 2, 3, 4)])
def test_opacity_is_anywhere_among_the_bands(tiff, planar, opaque):
    data = BANDS.copy()
    for k, band in enumerate(opaque):
        data[..., band] = np.where(np.roll(HOLE, 9 * k, axis=0), 255, 0)
    kinds = [2 if band in opaque else 0 for band in range(1, 5)]
    stored = np.moveaxis(data, -1, 0) if planar == "separate" else data
    found = masks(tiff(stored, planarconfig=planar, extrasamples=kinds))
    left = [band for band in range(5) if band not in opaque]
    expected = data[..., left[0] if len(left) == 1 else left]
    np.testing.assert_array_equal(found.data, expected)
    assert found.axes == ("yx" if len(left) == 1 else "yxc")
    expected = np.all([np.roll(HOLE, 9 * k, axis=0) for k in range(len(opaque))], axis=0)
    np.testing.assert_array_equal(found.mask, expected)
    assert found.void == "are transparent"


def test_gdal_says_which_band_is_opacity_where_tiff_cannot(tiff):
    """Of an opacity in front GDAL writes that the last sample is one, and the truth elsewhere."""
    data = BANDS[..., :4].copy()
    data[..., 0] = HOLE
    items = enumerate(("Alpha", "Red", "Green", "Blue"))
    text = "".join(f'<Item name="X" sample="{k}" role="colorinterp">{r}</Item>' for k, r in items)
    path = tiff(data, extrasamples=[0, 0, 2], metadata=f"<GDALMetadata>{text}</GDALMetadata>")
    found = masks(path)
    np.testing.assert_array_equal(found.data, data[..., 1:])
    np.testing.assert_array_equal(found.mask, HOLE)


@pytest.mark.parametrize(
    ("dtype", "value", "text"),
    [
        ("int64", 2**53 + 1, str(2**53 + 1)),
        ("uint64", 2**64 - 1, str(2**64 - 1)),
        ("int64", -(2**63), str(-(2**63))),
        ("float32", np.float32(-3.4028234663852886e38), "-3.4028234663852886e+38"),
        ("float64", -1e300, "-1e300"),
        ("float32", np.float32(0.1), "0.1"),
        ("float32", np.nan, "nan"),
        ("float32", np.nan, "-1.#IND"),
        ("uint8", 7, "7.0"),
        ("uint16", 65535, " 65535 "),
    ],
)
def test_the_value_is_compared_to_its_last_digit(tiff, dtype, value, text):
    data = np.ones((40, 50), dtype)
    data[~HOLE] = value
    if data.dtype.itemsize == 8 and data.dtype.kind in "iu":
        data[20] = value + 1 if value < 0 else value - 1
    found = masks(tiff(data, nodata=text))
    np.testing.assert_array_equal(found.mask, HOLE)


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("uint8", "-9999"),
        ("uint8", "300"),
        ("uint8", "nan"),
        ("uint8", "0.5"),
        ("uint8", "inf"),
        ("int16", "1e30"),
        ("float32", "-1.7976931348623157e+308"),
        ("uint8", "none"),
    ],
)
def test_a_value_that_no_pixel_can_have_masks_nothing(tiff, dtype, text):
    data = BANDS[..., 0].astype(dtype)
    data[0, 0] = np.inf if data.dtype.kind == "f" else 0
    assert masks(tiff(data, nodata=text)).mask is None


def test_values_that_differ_by_band(tiff, tmp_path):
    data = BANDS[..., :3].copy()
    data[~HOLE] = (0, 255, 7)
    data[20] = (0, 0, 0)  # what stands for none in one band only
    entry = '<PAMRasterBand band="{}"><NoDataValue>{}</NoDataValue></PAMRasterBand>'
    text = "".join(entry.format(k + 1, value) for k, value in ((0, 0), (1, 255)))
    (tmp_path / "a.tif.aux.xml").write_text(f"<PAMDataset>{text}</PAMDataset>")
    path = tiff(data, nodata="7", extrasamples=[0, 0])
    np.testing.assert_array_equal(masks(path).mask, HOLE)
    assert masks(path).void == "have the value 0, 255, 7, which stands for no data"


@pytest.mark.parametrize("kind", ["inside", "beside", "beside, one a band"])
@pytest.mark.parametrize("bands", [1, 3])
@pytest.mark.parametrize("nodata", [None, "250"])
def test_masks_inside_and_beside(tmp_path, kind, bands, nodata):
    data = BANDS[..., :bands].squeeze()
    data = data.copy()
    data[30] = 250
    colours = "rgb" if bands == 3 else "minisblack"
    tags = [(NODATA, 2, 0, nodata, True)] if nodata else []
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        how = {"metadata": None, "compression": "zlib", "tile": (16, 16)}
        out.write(data, photometric=colours, extratags=tags, **how)
        out.write(data[::2, ::2], photometric=colours, subfiletype=1, **how)
        if kind == "inside":
            out.write(HOLE, photometric="mask", subfiletype=4, **how)
            out.write(~HOLE[::2, ::2], photometric="mask", subfiletype=5, **how)
    if kind.startswith("beside"):
        there = np.where(HOLE, 255, 0).astype(np.uint8)
        there = np.stack([there, there * 0], axis=-1) if kind.endswith("band") else there
        how = {"photometric": "minisblack", "planarconfig": "contig" if there.ndim > 2 else None}
        tifffile.imwrite(tmp_path / "a.tif.msk", there, **how)
    found = masks(tmp_path / "a.tif")
    np.testing.assert_array_equal(found.data, data)
    expected = HOLE.copy()
    expected[30] = nodata is None
    np.testing.assert_array_equal(found.mask, expected)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "b.TIF"])
def test_a_mask_beside_any_picture(tmp_path, name):
    iio.imwrite(tmp_path / name, BANDS[..., :3], extension=name[1:].lower())
    tifffile.imwrite(tmp_path / f"{name}.msk", HOLE.astype(np.uint8))
    found = masks(tmp_path / name)
    np.testing.assert_array_equal(found.mask, HOLE)
    assert found.void == "are outside of its mask"


def test_a_mask_of_another_size_is_left_out_and_said(tiff, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif.msk", HOLE.astype(np.uint8)[::2])
    with pytest.warns(UserWarning, match=r"a\.tif has .* and a mask of \(20, 50\): it is left out"):
        assert read_image(tiff(BANDS[..., 0])).mask is None


def test_a_damaged_mask_is_a_sentence(tiff, tmp_path):
    (tmp_path / "a.tif.msk").write_bytes(b"These are words.")
    with pytest.raises(ValueError, match=r"^a\.tif\.msk, the mask of a\.tif, cannot be read: "):
        read_image(tiff(BANDS[..., 0]))


def test_a_damaged_file_of_gdal_is_no_hindrance(tiff, tmp_path):
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset")
    assert masks(tiff(BANDS[..., 0], metadata="<GDAL")).mask is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"nodata": "7"}, "all its pixels have the value 7, which stands for no data"),
        ({"extrasamples": [2]}, "all its pixels are transparent"),
    ],
)
def test_a_tile_without_data_says_what_stands_for_none(tiff, options, sentence):
    data = np.full((8, 9, 2), 7, np.uint8)
    data[..., 1] = 0
    found = read_image(tiff(data if "extrasamples" in options else data[..., 0], **options))
    with pytest.raises(ValueError, match=rf"^a\.tif holds no data: {sentence}\.$"):
        found.seen()


def test_labels_without_objects_are_still_read(tiff):
    data = np.zeros((8, 9), np.uint8)
    np.testing.assert_array_equal(read_image(tiff(data, nodata="0")).data, data)
