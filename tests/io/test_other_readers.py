"""What we write, read by libraries that know nothing of us: fiona (maps), bioio (microscopy)."""

from __future__ import annotations

import numpy as np
import pytest

from napari_selfseg.io import Georeference, read_image, write_labels, write_objects
from napari_selfseg.objects import object_features

# What these libraries warn of is their own.
pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(0)
# A ring with a hole that another object fills, and one in two pieces.
DRAWN = """
.........
.11111.9.
.12221...
.12.21.9.
.12221...
.11111...
"""
OBJECTS = np.array([[int(c.replace(".", "0")) for c in row] for row in DRAWN.split()])
TURNED = (0.3, 0.1, 500_000, 0.02, -0.5, 4_000_000)
VOLUME = RNG.integers(1, 9, (3, 20, 30)).astype(np.uint16)
RECORD = {
    "software": {},
    "method": {"name": "backprop"},
    "superpixels": None,
    "images": [{"name": "a"}],
    "channel_axis": None,
    "iterations": 3,
    "shown": 3,
    "mask": [None],
}


@pytest.mark.parametrize("ending", [".gpkg", ".geojson"])
def test_fiona_reads_maps(tmp_path, ending):
    fiona = pytest.importorskip("fiona", reason="fiona is not installed")
    shapely = pytest.importorskip("shapely", reason="shapely (the extra geo) is not installed")
    crs = pytest.importorskip("rasterio.crs", reason="rasterio is not installed").CRS
    path, place = tmp_path / f"a{ending}", Georeference(crs.from_epsg(32633).to_wkt(), TURNED)
    image = RNG.random(OBJECTS.shape)
    how = {"spacing": (0.5, 0.3), "unit": "m", "image": image}
    write_objects(path, OBJECTS, georeference=place, source="scene.tif", settings="a b", **how)
    with fiona.open(path) as layer:
        assert layer.crs.to_epsg() == 32633
        features = list(layer)
    expected = object_features(OBJECTS, **how)
    expected["label"] = expected.pop("index")
    for name, values in expected.items():
        np.testing.assert_allclose([each.properties[name] for each in features], values, rtol=1e-12)
    assert {each.properties["source"] for each in features} == {"scene.tif"}
    assert {each.properties["settings"] for each in features} == {"a b"}
    shapes = [shapely.geometry.shape(each.geometry) for each in features]
    assert all(each.is_valid for each in shapes)
    a, b, _, d, e, _ = TURNED
    pixel = abs(a * e - b * d)
    np.testing.assert_allclose([each.area for each in shapes], expected["pixels"] * pixel)
    for shape, each in zip(shapes, features, strict=True):
        centre = each.properties["x"], each.properties["y"]
        np.testing.assert_allclose((shape.centroid.x, shape.centroid.y), centre, rtol=1e-9)


@pytest.mark.parametrize(
    ("ending", "reader"),
    [(".ome.zarr", "bioio_ome_zarr"), (".ome.tif", "bioio_ome_tiff"), (".tif", "bioio_tifffile")],
)
def test_bioio_reads_labels(tmp_path, ending, reader):
    bioio = pytest.importorskip("bioio", reason="bioio is not installed")
    found = pytest.importorskip(reader, reason=f"{reader} is not installed")
    path = tmp_path / f"a{ending}"
    spacing = (2.0, 0.5, 0.25)
    write_labels(path, VOLUME, record=RECORD, spacing=spacing, unit="µm")
    image = bioio.BioImage(path, reader=found.Reader)
    np.testing.assert_array_equal(image.get_image_data("ZYX"), VOLUME)
    assert image.dims.order == "TCZYX"
    sizes = image.physical_pixel_sizes
    if ending != ".tif":  # its reader knows no sizes
        np.testing.assert_allclose((sizes.Z, sizes.Y, sizes.X), spacing)


def test_bioio_and_we_read_one_image(tmp_path):
    bioio = pytest.importorskip("bioio", reason="bioio is not installed")
    writers = pytest.importorskip("bioio_ome_zarr.writers", reason="bioio-ome-zarr is missing")
    path, pixels = tmp_path / "a.ome.zarr", RNG.integers(0, 999, (2, 3, 40, 50)).astype(np.uint16)
    writer = writers.OMEZarrWriter(
        str(path),
        level_shapes=[(2, 3, 40, 50), (2, 3, 20, 25)],
        dtype=pixels.dtype,
        zarr_format=3,
        axes_names=["c", "z", "y", "x"],
        axes_types=["channel", "space", "space", "space"],
        axes_units=[None, "micrometer", "micrometer", "micrometer"],
        physical_pixel_size=[1.0, 2.0, 0.5, 0.25],
    )
    writer.write_full_volume(pixels)
    image = read_image(path)
    np.testing.assert_array_equal(np.moveaxis(image.data, image.channel_axis, 0), pixels)
    assert (image.spacing, image.unit) == ((2.0, 0.5, 0.25), "µm")
    theirs = bioio.BioImage(path)
    np.testing.assert_array_equal(theirs.get_image_data("CZYX"), pixels)
