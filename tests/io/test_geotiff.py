"""GeoTIFF: images with a place on Earth go in, and labels come out in the same place."""

from __future__ import annotations

import errno
import sys
import warnings

import numpy as np
import pytest
import tifffile

from napari_selfseg.io import (
    Georeference,
    open_image,
    read_image,
    read_record,
    write_labels,
)
from napari_selfseg.record import dumps, loads

rasterio = pytest.importorskip("rasterio")
resource = None if sys.platform == "win32" else __import__("resource")

RNG = np.random.default_rng(0)
PLACE = rasterio.Affine(0.3, 0, 500_000, 0, -0.5, 4_000_000)
TURNED = rasterio.Affine(0.24, 0.18, 500_000, 0.18, -0.24, 4_000_000)
BANDS = RNG.integers(1, 200, (5, 40, 50), dtype=np.uint8)
LABELS = RNG.integers(0, 9, (40, 50), dtype=np.uint8)
RECORD = {
    "software": {},
    "method": {"name": "backprop"},
    "superpixels": None,
    "images": [{"name": 'a <b> & "c" &quot; &amp; µ\x07 ]]>'}],
    "channel_axis": None,
    "iterations": 3,
    "shown": 3,
    "mask": [np.eye(3, dtype=bool)],
}


@pytest.fixture
def written(tmp_path):
    """Write a GeoTIFF with rasterio, and return its path."""

    def write(data, *, crs="EPSG:32633", transform=PLACE, **options):
        data = np.atleast_3d(data.T).T if data.ndim == 2 else data
        path = tmp_path / "map.tif"
        profile = {"count": len(data), "height": data.shape[1], "width": data.shape[2]}
        profile |= {"driver": "GTiff", "dtype": data.dtype, "crs": crs, "transform": transform}
        with rasterio.open(path, "w", **profile, **options) as dataset:
            dataset.write(data)
        return path

    return write


@pytest.mark.parametrize("read", [read_image, open_image])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_bands_are_channels_and_the_place_is_kept(written, read, interleave):
    found = read(written(BANDS, interleave=interleave, tiled=True, blockxsize=16, blockysize=16))
    np.testing.assert_array_equal(found.data, np.moveaxis(BANDS, 0, -1))
    assert (found.axes, found.channel_axis, found.mask) == ("yxc", -1, None)
    assert found.georeference.transform == tuple(PLACE)[:6]
    assert rasterio.CRS.from_wkt(found.georeference.crs).to_epsg() == 32633
    np.testing.assert_allclose(found.spacing, (0.5, 0.3))
    assert (found.unit, found.georeference.nodata) == ("m", None)


def test_a_turned_pixel_has_its_true_size(written):
    found = read_image(written(BANDS[0], transform=TURNED))
    np.testing.assert_allclose(found.spacing, (0.3, 0.3))


def test_degrees_are_no_pixel_size(written):
    found = read_image(written(BANDS[0], crs="EPSG:4326"))
    assert (found.spacing, found.unit) == ((1, 1), "pixel")
    assert found.georeference is not None


def test_a_plain_tiff_has_no_place(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", LABELS)
    assert read_image(tmp_path / "a.tif").georeference is None


@pytest.mark.parametrize(
    ("dtype", "nodata"),
    [("uint8", 255), ("int16", -9999), ("float32", -3.4e38), ("float32", np.nan)],
)
@pytest.mark.parametrize("bands", [1, 3])
def test_no_data_is_masked(written, dtype, nodata, bands):
    data = BANDS[:bands].astype(dtype)
    data[:, :5] = nodata
    data[0, 20] = nodata  # of several bands one alone does not make a hole
    expected = np.ones((40, 50), bool)
    expected[:5] = False
    expected[20] = bands > 1
    path = written(data, nodata=nodata)
    whole, found = read_image(path), open_image(path)
    np.testing.assert_array_equal(whole.mask, expected)
    np.testing.assert_array_equal(found.mask[2:30, ::2], expected[2:30, ::2])
    np.testing.assert_equal(whole.georeference.nodata, np.dtype(dtype).type(nodata))


def test_a_mask_that_is_true_everywhere_is_none(written):
    path = written(BANDS, nodata=0)
    assert read_image(path).mask is None
    assert np.asarray(open_image(path).mask).all()


@pytest.mark.parametrize("transform", [PLACE, TURNED])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
def test_labels_are_where_the_image_was(written, tmp_path, transform, dtype):
    image = read_image(written(BANDS, transform=transform))
    out = tmp_path / "labels.tif"
    write_labels(out, LABELS.astype(dtype), record=RECORD, georeference=image.georeference)
    with rasterio.open(out) as found, rasterio.open(image.name) as source:
        np.testing.assert_array_equal(found.read(1), LABELS)
        assert found.crs == source.crs
        assert found.transform == source.transform
        assert (found.nodata, found.profile["tiled"]) == (0, True)
        assert found.profile["compress"] == "deflate"
    assert read_record(out) == loads(dumps(RECORD))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["labels.tif", "map.tif"]


def test_a_record_may_be_long(written, tmp_path):
    place = read_image(written(BANDS)).georeference
    record = RECORD | {"mask": [RNG.random((300, 300))]}
    write_labels(tmp_path / "labels.tif", LABELS, record=record, georeference=place)
    assert read_record(tmp_path / "labels.tif") == loads(dumps(record))


def test_labels_left_on_disk_are_written_block_by_block(tmp_path, monkeypatch):
    labels = RNG.integers(0, 9, (150, 130), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", labels, tile=(32, 32), compression="zlib")
    monkeypatch.setattr("napari_selfseg.io._tiff._geotiff_labels.STRIDE", 64)
    place = Georeference("", tuple(PLACE)[:6])
    write_labels(tmp_path / "b.tif", open_image(tmp_path / "a.tif").data, georeference=place)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), labels)


@pytest.mark.parametrize(("name", "shape"), [("a.tif", (3, 40, 50)), ("a.zarr", (40, 50))])
def test_labels_without_room_for_a_place_say_so(tmp_path, name, shape):
    place = Georeference("", tuple(PLACE)[:6])
    labels = np.resize(LABELS, shape)
    with pytest.warns(UserWarning, match=r"no room for a place on Earth, and a\.\w+ is without"):
        write_labels(tmp_path / name, labels, georeference=place)
    np.testing.assert_array_equal(read_image(tmp_path / name).data, labels)


@pytest.fixture
def without_rasterio(monkeypatch):
    for name in [each for each in sys.modules if each.split(".")[0] == "rasterio"]:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("without_rasterio")
def test_without_rasterio_only_the_place_is_lost(request, tmp_path):
    path = request.getfixturevalue("map_with_nodata")
    with pytest.warns(UserWarning, match=r"position .* is lost.*napari-selfseg\[geo\]"):
        found = read_image(path)
    np.testing.assert_array_equal(found.data, LABELS)
    np.testing.assert_array_equal(found.mask, LABELS > 0)
    assert (found.georeference, found.unit) == (None, "pixel")
    with pytest.raises(ValueError, match=r"written with rasterio: .*napari-selfseg\[geo\]"):
        write_labels(tmp_path / "b.tif", LABELS, georeference=Georeference("", (1,) * 6))


@pytest.fixture
def map_with_nodata(tmp_path):
    """As written by tifffile: the tags alone, so that rasterio is not needed."""
    path = tmp_path / "tags.tif"
    tags = [(34735, 3, 4, (1, 1, 0, 0), True), (42113, 2, 0, "0", True)]
    tifffile.imwrite(path, LABELS, extratags=tags)
    return path


@pytest.mark.usefixtures("without_rasterio")
def test_the_warning_comes_once(map_with_nodata):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        read_image(map_with_nodata)
        read_image(map_with_nodata)
    assert len(caught) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are Unix's")
@pytest.mark.parametrize("missing", [1, 100, 2000, 500_000])
def test_a_disk_that_fills_up_while_a_map_is_closed_is_noticed(tmp_path, missing):
    labels = RNG.integers(0, 2**16, (700, 700), dtype=np.uint16)
    place = Georeference("", tuple(PLACE)[:6])
    write_labels(tmp_path / "a.tif", labels, georeference=place)
    size = (tmp_path / "a.tif").stat().st_size
    (tmp_path / "a.tif").unlink()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - missing, before[1]))
    try:
        with pytest.raises(OSError, match=r"^Cannot write .*a\.tif"):
            write_labels(tmp_path / "a.tif", labels, georeference=place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are Unix's")
@pytest.mark.parametrize("ending", [".tif", ".geo.tif", ".zarr"])
def test_a_full_disk_leaves_nothing_behind(tmp_path, ending):
    """The kernel refuses to let a file grow, as it does where there is no room."""
    labels = RNG.integers(0, 2**16, (700, 700), dtype=np.uint16)
    place = Georeference("", tuple(PLACE)[:6]) if ending == ".geo.tif" else None
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"^Cannot write .*a\.") as caught:
            write_labels(tmp_path / f"a{ending}", labels, georeference=place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert errno.EFBIG in (caught.value.errno, getattr(caught.value.__cause__, "errno", None)) or (
        ending == ".geo.tif"
    )
    assert list(tmp_path.iterdir()) == []
