"""Outlines for maps, QuPath and ImageJ, read by another library or checked by a schema."""

from __future__ import annotations

import json
import uuid

import numpy as np
import pytest
from scipy import ndimage

from napari_selfseg.io import (
    Georeference,
    OutlinesOnDisk,
    read_annotations,
    read_label_image,
    read_truth,
    write_objects,
)
from napari_selfseg.io._vector import _outlines_on_disk, _rois
from napari_selfseg.io._vector._outlines import geometries, outlines
from napari_selfseg.io._vector._outlines_on_disk import simplified
from napari_selfseg.objects import connected, object_features

pytest.importorskip("rasterio", reason="rasterio (the extra geo) is not installed")

# A ring with a hole that another object fills, one in two pieces, and three that meet.
DRAWN = """
...........66
.11111.9...66
.12221.....77
.12.21.9...88
.12221.......
.11111.......
"""
OBJECTS = np.array([[int(c.replace(".", "0")) for c in row] for row in DRAWN.split()])
CLASSES = np.where(OBJECTS > 5, 2, 1) * (OBJECTS > 0)
IMAGE = np.random.default_rng(0).random((*OBJECTS.shape, 2))
HOW = {"spacing": (0.5, 0.25), "unit": "µm", "classes": CLASSES, "image": IMAGE, "channel_axis": -1}
NUMBERS = [1, 2, 6, 7, 8, 9]

RING = {"type": "array", "minItems": 4, "items": {"$ref": "#/$defs/position"}}
# What QuPath's documentation says of its GeoJSON: pixels, objectType, classification, measurements.
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {
        "position": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
        "polygon": {"type": "array", "minItems": 1, "items": RING},
    },
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "items": {"$ref": "#/$defs/feature"}},
    },
    "additionalProperties": False,
}
SCHEMA["$defs"]["feature"] = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "Feature"},
        "id": {"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]{36}$"},
        "geometry": {
            "oneOf": [
                {
                    "properties": {
                        "type": {"const": "Polygon"},
                        "coordinates": {"$ref": "#/$defs/polygon"},
                    },
                },
                {
                    "properties": {
                        "type": {"const": "MultiPolygon"},
                        "coordinates": {"type": "array", "items": {"$ref": "#/$defs/polygon"}},
                    },
                },
            ]
        },
        "properties": {
            "type": "object",
            "required": ["objectType"],
            "additionalProperties": False,
            "properties": {
                "objectType": {"enum": ["annotation", "detection", "cell", "tile"]},
                "name": {"type": "string"},
                "classification": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string", "minLength": 1},
                        "color": {
                            "type": "array",
                            "minItems": 3,
                            "maxItems": 3,
                            "items": {"type": "integer", "minimum": 0, "maximum": 255},
                        },
                    },
                },
                "measurements": {"type": "object", "additionalProperties": {"type": "number"}},
            },
        },
    },
}


def qupath(path, **options):
    write_objects(path, OBJECTS, **HOW | {"source": "slide.svs"} | options)
    return json.loads(path.read_text(encoding="utf-8"))


def test_qupath_gets_its_own_words(tmp_path):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    told = qupath(tmp_path / "a.qupath.geojson", names={1: "Tumour"})
    jsonschema.validate(told, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):  # the schema says something
        jsonschema.validate(told | {"crs": {}}, SCHEMA)
    names = [each["properties"]["classification"]["name"] for each in told["features"]]
    assert names == ["Tumour", "Tumour", *["Class 2"] * 4]
    colours = {tuple(each["properties"]["classification"]["color"]) for each in told["features"]}
    assert len(colours) == 2
    assert len({uuid.UUID(each["id"]) for each in told["features"]}) == len(NUMBERS)
    expected = object_features(OBJECTS, IMAGE, channel_axis=-1, spacing=(0.5, 0.25), unit="µm")
    first = told["features"][0]["properties"]["measurements"]
    assert first["area (µm²)"] == expected["area (µm²)"][0]
    assert "perimeter (µm)" not in first  # pixels are not square


def test_qupath_counts_pixels_from_the_corner(tmp_path):
    features = qupath(tmp_path / "a.qupath.geojson")["features"]
    assert features[0]["geometry"]["type"] == "Polygon"
    outer, hole = features[0]["geometry"]["coordinates"]
    assert sorted(map(tuple, {tuple(at) for at in outer})) == [(1, 1), (1, 6), (6, 1), (6, 6)]
    assert {tuple(at) for at in hole} == {(2, 2), (2, 5), (5, 2), (5, 5)}
    assert features[-1]["geometry"]["type"] == "MultiPolygon"


def test_what_went_to_qupath_comes_back(tmp_path):
    path = tmp_path / "a.qupath.geojson"
    qupath(path, names={1: "Tumour", 2: "Stroma"})
    found = read_annotations(path, OBJECTS.shape)
    np.testing.assert_array_equal(found.labels, CLASSES)
    assert found.names == {1: "Tumour", 2: "Stroma"}
    np.testing.assert_array_equal(read_label_image(path, OBJECTS.shape), CLASSES)
    (truth,) = read_truth(path, OBJECTS.shape)
    expected = np.searchsorted([0, *NUMBERS], OBJECTS)
    np.testing.assert_array_equal(truth, expected)


def feature(kind, coordinates, name=None, **plane):
    classification = {"classification": {"name": name, "colorRGB": -65536}} if name else {}
    geometry = {"type": kind, "coordinates": coordinates} | ({"plane": plane} if plane else {})
    return {
        "type": "Feature",
        "id": "PathAnnotationObject",
        "geometry": geometry,
        "properties": {"isLocked": False, "measurements": []} | classification,
    }


def test_lines_and_points_of_older_versions_are_strokes(tmp_path):
    path = tmp_path / "a.geojson"
    told = [
        feature("LineString", [[1.5, 1.5], [6.5, 1.5]], "B"),
        feature("MultiPoint", [[2.5, 4.5], [8.2, 5.9]], "A"),
    ]
    path.write_text(json.dumps(told), encoding="utf-8")
    found = read_annotations(path, (8, 10))
    assert found.names == {1: "B", 2: "A"}
    assert np.argwhere(found.labels == 1).tolist() == [[1, x] for x in range(1, 7)]
    assert np.argwhere(found.labels == 2).tolist() == [[4, 2], [5, 8]]


def test_areas_are_the_pixels_whose_centre_they_hold(tmp_path):
    path = tmp_path / "a.geojson"
    ring = [[0.4, 0.4], [2.6, 0.4], [2.6, 1.4], [0.4, 1.4], [0.4, 0.4]]
    path.write_text(json.dumps([feature("Polygon", [ring], "A")]), encoding="utf-8")
    labels = read_annotations(path, (4, 5)).labels
    assert np.argwhere(labels).tolist() == [[0, 0], [0, 1], [0, 2]]


def test_planes_of_a_volume_are_told_apart(tmp_path):
    path = tmp_path / "a.geojson"
    square = [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]
    path.write_text(json.dumps(feature("Polygon", square, "A", z=2, t=0, c=-1)), encoding="utf-8")
    labels = read_annotations(path, (3, 4, 4)).labels
    assert labels[2, :2, :2].all()
    assert labels.sum() == 4
    with pytest.raises(ValueError, match=r"annotations at z 2, t 0, where this image has no plane"):
        read_annotations(path, (4, 4))


SQUARE = [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ([feature("Polygon", SQUARE, "A"), feature("Polygon", SQUARE)], "1 of 2 .* have no class"),
        ({"type": "FeatureCollection", "features": []}, "it has no annotations"),
        ({"type": "FeatureCollection", "features": [], "crs": {}}, "it is a map in a reference"),
        (feature("Point", [50, 50], "A"), "Nothing of a.geojson lies in an image of 8 x 8 pixels"),
        ("{", "cannot be read as annotations of QuPath"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(tmp_path, told, sentence):
    path = tmp_path / "a.geojson"
    path.write_text(told if told == "{" else json.dumps(told), encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        read_annotations(path, (8, 8))


TURNED = Georeference("", (0.3, 0.1, 500_000, 0.02, -0.5, 4_000_000))


@pytest.mark.parametrize("place", [None, TURNED])
def test_a_geopackage_is_read_by_another_library(tmp_path, place):
    pyogrio = pytest.importorskip("pyogrio.raw", reason="pyogrio (the extra geo) is not installed")
    shapely = pytest.importorskip("shapely", reason="shapely (the extra geo) is not installed")
    crs = pytest.importorskip("rasterio.crs").CRS.from_epsg(32633).to_wkt()
    if place is not None:
        place = Georeference(crs, place.transform)
    told = {"source": "scene.tif", "settings": "backprop classes=3"}
    write_objects(tmp_path / "a.gpkg", OBJECTS, georeference=place, **HOW, **told)
    meta, _, wkb, fields = pyogrio.read(tmp_path / "a.gpkg", layer="objects")
    assert meta["crs"] == ("EPSG:32633" if place else None) or "32633" in str(meta["crs"])
    columns = dict(zip(meta["fields"], fields, strict=True))
    assert columns["label"].tolist() == NUMBERS
    assert set(columns["source"]) == {"scene.tif"}
    assert set(columns["settings"]) == {"backprop classes=3"}
    expected = object_features(OBJECTS, IMAGE, channel_axis=-1, spacing=(0.5, 0.25), unit="µm")
    np.testing.assert_allclose(columns["mean 2"], expected["mean 2"])
    shapes = shapely.from_wkb(wkb)
    assert shapely.is_valid(shapes).all()
    a, b, _, d, e, _ = place.transform if place else (0.25, 0, 0, 0, 0.5, 0)
    np.testing.assert_allclose(shapely.area(shapes), expected["pixels"] * abs(a * e - b * d))
    if place:
        centres = [shapely.centroid(shapes[0]).x, shapely.centroid(shapes[0]).y]
        np.testing.assert_allclose(centres, [columns["x"][0], columns["y"][0]], rtol=1e-9)


def test_simplified_outlines_are_valid_and_share_borders():
    shapely = pytest.importorskip("shapely", reason="shapely (the extra geo) is not installed")
    rng = np.random.default_rng(0)
    seeds = rng.random((40, 2)) * 100
    at = np.indices((100, 100)).reshape(2, -1).T
    nearest = np.argmin(((at[:, None] - seeds) ** 2).sum(axis=2), axis=1)
    labels = nearest.reshape(100, 100) + 1
    before, after = geometries(outlines(labels)), geometries(simplified(labels, 3))
    assert shapely.is_valid(after).all()
    assert shapely.coverage_is_valid(after)
    assert shapely.get_num_coordinates(after).sum() < shapely.get_num_coordinates(before).sum() / 3
    # Nothing overlaps and nothing is between them.
    np.testing.assert_allclose(shapely.area(after).sum(), shapely.area(shapely.union_all(after)))
    assert abs(shapely.area(after).sum() - 100 * 100) < 100
    assert shapely.get_num_interior_rings(shapely.union_all(after)) == 0
    # Another library's have about as many corners.
    fine = shapely.transform(shapely.segmentize(before, 1.0), np.round)
    others = shapely.get_num_coordinates(shapely.coverage_simplify(fine, 3)).sum()
    assert shapely.get_num_coordinates(after).sum() == pytest.approx(others, rel=0.05)


def scattered(seed):
    """Return labels of noise, smooth noise in levels, and pieces of such."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 50, 2))
    if seed % 3 == 0:
        return rng.integers(0, 3, shape)
    smooth = ndimage.gaussian_filter(rng.random(shape), 1 + seed % 2)
    levels = np.digitize(smooth, np.quantile(smooth, (0.3, 0.6, 0.8)))
    return connected(levels) if seed % 3 == 1 else levels


def by_blocks(labels, side, folder, simplify):
    """Return outlines of labels that were given block by block, and their numbers."""
    wide = np.pad(labels, 1)
    with OutlinesOnDisk(folder, labels.shape, simplify=simplify) as found:
        for y, x in np.argwhere(np.ones(-(-np.array(labels.shape) // side))) * side:
            found.add(wide[y : y + side + 2, x : x + side + 2], (y, x))
        return list(found), found.numbers.tolist()


def assert_alike(found, expected):
    assert [list(map(len, each)) for each in found] == [list(map(len, each)) for each in expected]
    rings, same = ([r for each in of for piece in each for r in piece] for of in (found, expected))
    for ring, other in zip(rings, same, strict=True):
        np.testing.assert_array_equal(ring, other)


@pytest.mark.parametrize("seed", range(9))
def test_outlines_by_blocks_are_those_of_the_whole_and_valid(tmp_path, monkeypatch, seed):
    shapely = pytest.importorskip("shapely", reason="shapely (the extra geo) is not installed")
    monkeypatch.setattr(_outlines_on_disk, "_AT_ONCE", 50)
    labels = scattered(seed)
    exact, numbers = by_blocks(labels, 7, tmp_path, 0)
    assert numbers == np.unique(labels[labels > 0]).tolist()
    given = shapely.normalize(geometries(exact))
    assert (given == shapely.normalize(geometries(outlines(labels)))).all()
    for pixels, side in ((1, 1), (2, 5), (4, 16)):
        whole = simplified(labels, pixels)
        assert_alike(by_blocks(labels, side, tmp_path, pixels)[0], whole)
        shapes = geometries(whole)
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes)
        assert not shapely.is_empty(shapes).any()


def test_a_pixel_stays_a_square_and_two_objects_do_not_become_one_line():
    labels = np.zeros((5, 9), int)
    labels[2, 2] = 1
    labels[2, 5:7] = 2, 3
    square, *pair = simplified(labels, 3)
    assert square[0][0].tolist() == [[2, 2], [2, 3], [3, 3], [3, 2], [2, 2]]
    assert all(len(rings[0]) > 3 for (rings,) in pair)


def test_rois_of_far_pixels_are_read_by_another_library(tmp_path, monkeypatch):
    roifile = pytest.importorskip("roifile", reason="roifile (the extra imagej) is not installed")
    write_objects(tmp_path / "near.zip", OBJECTS, **HOW)
    monkeypatch.setattr(_rois, "FARTHEST", 0)
    write_objects(tmp_path / "far.zip", OBJECTS, **HOW)
    near, far = (roifile.roiread(tmp_path / f"{name}.zip") for name in ("near", "far"))
    assert [each.tobytes() for each in near] == [each.tobytes() for each in far]


def test_rois_are_read_by_another_library(tmp_path):
    roifile = pytest.importorskip("roifile", reason="roifile (the extra imagej) is not installed")
    write_objects(tmp_path / "a.zip", OBJECTS, **HOW)
    rois = roifile.roiread(tmp_path / "a.zip")
    assert [roi.name for roi in rois] == [str(n) for n in NUMBERS]
    assert [roi.group for roi in rois] == [1, 1, 2, 2, 2, 2]
    filled = rois[2].coordinates()
    assert {tuple(at) for at in filled.tolist()} == {(11, 0), (13, 0), (13, 2), (11, 2)}
    assert len(rois[0].coordinates(multi=True)) == 2  # the ring and its hole
    assert len(rois[-1].coordinates(multi=True)) == 2  # two pieces
    assert (rois[0].left, rois[0].top, rois[0].right, rois[0].bottom) == (1, 1, 6, 6)
    assert bytes(rois[0].stroke_color) != bytes(rois[-1].stroke_color)
