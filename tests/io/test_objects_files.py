"""Objects as tables and as polygons: physical units, holes, and the place on Earth."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from napari_selfseg.io import Georeference, write_objects
from napari_selfseg.objects import object_features

RNG = np.random.default_rng(0)
# A ring with a hole that another object fills, and an object in two pieces.
DRAWN = """
.........
.11111.9.
.12221...
.12.21.9.
.12221...
.11111...
"""
OBJECTS = np.array([[int(c.replace(".", "0")) for c in row] for row in DRAWN.split()])
IMAGE = RNG.random((*OBJECTS.shape, 2))
HOW = {"spacing": (0.5, 0.25), "unit": "µm"}
PLACE = Georeference("", (0.3, 0, 500_000, 0, -0.5, 4_000_000))


def area(ring):
    x, y = np.array(ring).T
    return abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def size(geometry):
    """Return the area by the shoelace formula, holes taken off."""
    pieces = geometry["coordinates"]
    pieces = [pieces] if geometry["type"] == "Polygon" else pieces
    return sum(area(rings[0]) - sum(map(area, rings[1:])) for rings in pieces)


def test_a_table_has_the_columns_of_features(tmp_path):
    write_objects(
        tmp_path / "a.csv", OBJECTS, classes=OBJECTS % 2 + 1, image=IMAGE, channel_axis=-1, **HOW
    )
    expected = object_features(OBJECTS, IMAGE, channel_axis=-1, classes=OBJECTS % 2 + 1, **HOW)
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected["label"] = expected.pop("index")
    assert set(rows[0]) == set(expected)
    assert next(iter(rows[0])) == "label"
    assert "area (µm²)" in expected
    for name, column in expected.items():
        np.testing.assert_array_equal([float(row[name]) for row in rows], column)


def test_a_volume_is_a_table_and_no_map(tmp_path):
    volume = np.stack([OBJECTS, OBJECTS])
    write_objects(tmp_path / "a.csv", volume, spacing=(2, 1, 1), unit="µm")
    assert "volume (µm³)" in (tmp_path / "a.csv").read_text(encoding="utf-8")
    pytest.importorskip("rasterio")
    with pytest.raises(ValueError, match=r"^Polygons are of a plane"):
        write_objects(tmp_path / "a.geojson", volume, spacing=(2, 1, 1), unit="µm")


def test_polygons_have_their_holes_and_areas(tmp_path):
    pytest.importorskip("rasterio")
    write_objects(tmp_path / "a.geojson", OBJECTS, **HOW)
    found = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    columns = object_features(OBJECTS, **HOW)
    assert (found["type"], "crs" in found) == ("FeatureCollection", False)
    assert [each["id"] for each in found["features"]] == [1, 2, 9]
    for each, true in zip(found["features"], columns["area (µm²)"], strict=True):
        assert each["properties"]["area (µm²)"] == true
        assert size(each["geometry"]) == pytest.approx(true)
    ring, inner, two = (each["geometry"] for each in found["features"])
    assert (len(ring["coordinates"]), len(inner["coordinates"])) == (2, 2)
    assert (two["type"], len(two["coordinates"])) == ("MultiPolygon", 2)


def test_coordinates_are_those_of_the_centroids(tmp_path):
    pytest.importorskip("rasterio")
    square = np.zeros((6, 8), int)
    square[2:4, 3:7] = 5
    write_objects(tmp_path / "a.geojson", square, **HOW)
    (found,) = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["features"]
    corners = np.array(found["geometry"]["coordinates"][0])
    np.testing.assert_allclose(corners.min(axis=0), (2.5 * 0.25, 1.5 * 0.5))
    np.testing.assert_allclose(corners.max(axis=0), (6.5 * 0.25, 3.5 * 0.5))
    middle = found["properties"]["centroid x (µm)"], found["properties"]["centroid y (µm)"]
    np.testing.assert_allclose((corners.min(axis=0) + corners.max(axis=0)) / 2, middle)


@pytest.mark.parametrize("named", [True, False])
def test_on_earth_the_map_names_its_reference_system(tmp_path, named):
    rasterio = pytest.importorskip("rasterio")
    crs = rasterio.CRS.from_epsg(32633) if named else None
    place = Georeference(crs.to_wkt() if crs else "", PLACE.transform)
    square = np.zeros((6, 8), int)
    square[2:4, 3:7] = 5
    how = {"spacing": (0.5, 0.3), "unit": "m", "georeference": place}
    write_objects(tmp_path / "a.geojson", square, **how)
    found = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    if named:
        assert found["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::32633"
    assert ("crs" in found) == named
    (each,) = found["features"]
    corners = np.array(each["geometry"]["coordinates"][0])
    np.testing.assert_allclose(corners.min(axis=0), (500_000.9, 3_999_998), rtol=0, atol=1e-6)
    np.testing.assert_allclose(corners.max(axis=0), (500_002.1, 3_999_999), rtol=0, atol=1e-6)
    assert each["properties"]["x"] == pytest.approx(500_001.5, abs=1e-6)
    assert each["properties"]["y"] == pytest.approx(3_999_998.5, abs=1e-6)


def test_what_is_not_finite_is_null(tmp_path):
    pytest.importorskip("rasterio")
    image = np.where(OBJECTS == 2, np.nan, 1.0)
    write_objects(tmp_path / "a.geojson", OBJECTS, image=image, **HOW)
    text = (tmp_path / "a.geojson").read_text(encoding="utf-8")
    assert "NaN" not in text
    means = [each["properties"]["mean"] for each in json.loads(text)["features"]]
    assert means == [1, None, 1]


def test_nothing_is_a_file_of_nothing(tmp_path):
    write_objects(tmp_path / "a.csv", np.zeros((3, 3), int), **HOW)
    assert len((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()) == 1
    pytest.importorskip("rasterio")
    write_objects(tmp_path / "a.geojson", np.zeros((3, 3), int), **HOW)
    assert json.loads((tmp_path / "a.geojson").read_text())["features"] == []


def test_without_rasterio_polygons_are_refused_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rasterio.features", None)
    with pytest.raises(ValueError, match=r"made with rasterio: .*napari-selfseg\[geo\]"):
        write_objects(tmp_path / "a.geojson", OBJECTS, **HOW)
    with pytest.raises(ValueError, match=r"a\.json must end in \.csv or \.geojson"):
        write_objects(tmp_path / "a.json", OBJECTS, **HOW)
    assert list(tmp_path.iterdir()) == []
