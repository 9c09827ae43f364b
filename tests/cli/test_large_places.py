"""Sizes, units and places of what tiles are drawn and measured as: those of the image."""

import csv
import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from napari_selfseg.cli import main
from napari_selfseg.io import Georeference, open_numbers, write_objects
from napari_selfseg.io._vector._outlines import geometries, outlines
from napari_selfseg.objects import connected

QUICK = ["--method", "backprop", "--iterations", "2", "--channels", "6", "--min-labels", "1"]
TILES = [*QUICK, "--threads", "1", "--device", "cpu", "--tile", "64", "--samples", "2"]
TILES += ["--sample-size", "32", "--resume"]
SHAPE = (70, 90)
# West and north of the first corner, and sizes of a pixel along x and y, in metres.
PLACE = (0.25, 0.0, 500_000.0, 0.0, -0.5, 4_100_000.0)


def picture():
    rows, columns = np.indices(SHAPE) / 9
    waves = np.sin(rows) + np.cos(columns) + np.random.default_rng(0).normal(scale=0.2, size=SHAPE)
    return (120 + 40 * waves).clip(1, 255).astype(np.uint8)


def geotiff(path):
    rasterio = pytest.importorskip("rasterio", reason="rasterio (the extra geo) is not installed")
    how = {"width": SHAPE[1], "height": SHAPE[0], "count": 1, "dtype": "uint8", "nodata": 0}
    how |= {"crs": "EPSG:32633", "transform": rasterio.Affine(*PLACE), "tiled": True}
    data = picture()
    data[:20, :30] = 0
    with rasterio.open(path, "w", "GTiff", blockxsize=32, blockysize=32, **how) as file:
        file.write(data, 1)
    crs = rasterio.crs.CRS.from_epsg(32633).to_wkt()
    return {"spacing": (0.5, 0.25), "unit": "m", "georeference": Georeference(crs, PLACE)}


def ome_tiff(path):
    told = {"axes": "YX", "PhysicalSizeX": 250, "PhysicalSizeY": 500}
    told |= {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}
    tifffile.imwrite(path, picture(), ome=True, tile=(32, 32), metadata=told)
    return {"spacing": (500, 250), "unit": "nm"}


def ome_zarr(path):
    group = zarr.open_group(path, mode="w", zarr_format=3)
    group.create_array("0", data=picture(), chunks=(32, 32), dimension_names=("y", "x"))
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    scale = [{"type": "scale", "scale": [0.5, 0.25]}]
    levels = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
    group.update_attributes({"ome": {"version": "0.5", "multiscales": levels}})
    return {"spacing": (0.5, 0.25), "unit": "µm"}


@pytest.mark.parametrize(
    ("make", "name", "out", "more"),
    [
        (geotiff, "image.tif", "labels.tif", "gpkg"),
        (ome_tiff, "image.ome.tif", "labels.ome.zarr", "qupath.geojson"),
        (ome_zarr, "image.zarr", "labels.ome.zarr", "zip"),
    ],
)
def test_what_tiles_are_drawn_as_has_units_and_place_of_the_image(
    tmp_path, monkeypatch, make, name, out, more
):
    for needed in ("rasterio", "pyogrio", "shapely", "roifile"):
        pytest.importorskip(needed)
    monkeypatch.chdir(tmp_path)
    how = make(name)
    endings = ("csv", "geojson", more)
    for ending in endings:
        simple = ["--simplify", "1.5"] if ending == "gpkg" else []
        words = ["segment", name, "-o", out, *TILES, "--objects", f"tiles.{ending}", *simple]
        assert main(words) == 0
    labels = np.asarray(open_numbers(out).data)
    pieces, image = connected(labels), picture()
    how |= {"classes": labels, "image": image, "source": name}
    if "georeference" in how:
        assert not labels[:20, :30].any()
    for ending in endings:
        simplify = 1.5 if ending == "gpkg" else 0.0
        write_objects(f"whole.{ending}", pieces, **how, simplify=simplify)
        one, other = (drawn(Path(f"{each}.{ending}")) for each in ("tiles", "whole"))
        assert one.keys() == other.keys()
        for key in one:
            assert np.all(one[key] == pytest.approx(other[key], rel=1e-9, abs=1e-6)), (ending, key)
    check_place(labels, how)


def check_place(labels, how):
    """Compare the extent with that of the labelled pixels, in coordinates known from before."""
    import shapely

    rows, columns = np.nonzero(labels)
    ends = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)
    if (path := Path("tiles.qupath.geojson")).exists():
        assert drawn(path)["bounds"].tolist() == ends.tolist()
    x, y = how["spacing"][1], how["spacing"][0]
    if "georeference" in how:
        found = [500_000 + x * ends[0], 4_100_000 - y * ends[3]]
        found += [500_000 + x * ends[2], 4_100_000 - y * ends[1]]
        told = json.loads(Path("tiles.geojson").read_text("utf-8"))
        assert told["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::32633"
    else:
        found = (ends - 0.5) * [x, y, x, y]
    np.testing.assert_allclose(drawn(Path("tiles.geojson"))["bounds"], found, rtol=1e-12)
    area = shapely.area(geometries(outlines(connected(labels)))) * x * y
    with open("tiles.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    np.testing.assert_allclose([float(row[f"area ({how['unit']}²)"]) for row in rows], area)


def drawn(path):
    """Return what a file says, as numbers by name, and how far its outlines reach."""
    import pyogrio
    import shapely

    if path.suffix == ".zip":
        import roifile

        rois = roifile.roiread(path)
        corners = [np.concatenate(roi.coordinates(multi=True)) for roi in rois]
        return {
            "bounds": np.array([[*c.min(0), *c.max(0)] for c in corners]),
            "groups": np.array([roi.group for roi in rois]),
        }
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return numbers(list(csv.DictReader(file)))
    if path.suffix == ".gpkg":
        told, _, found, columns = pyogrio.raw.read(path)
        shapes = shapely.from_wkb(found)
        rows = [dict(zip(told["fields"], row, strict=True)) for row in zip(*columns, strict=True)]
        more = {"crs": np.array("32633" in str(told["crs"]))}
    else:
        features = json.loads(path.read_text("utf-8"))["features"]
        shapes = np.array([shapely.from_geojson(json.dumps(each["geometry"])) for each in features])
        rows = [each["properties"].get("measurements", each["properties"]) for each in features]
        more = {}
    found = {"bounds": shapely.total_bounds(shapes), "areas": shapely.area(shapes)}
    return numbers(rows) | found | more


def numbers(rows):
    found = {}
    for name in rows[0]:
        with suppress(ValueError):
            found[name] = np.array([float(row[name]) for row in rows])
    return found
