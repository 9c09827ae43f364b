"""Labels go where the image is, however a file says where that is."""

from __future__ import annotations

import json
import warnings

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_selfseg.io import open_image, read_image, write_labels, write_objects

rasterio = pytest.importorskip("rasterio")
from rasterio.control import GroundControlPoint  # noqa: E402
from rasterio.rpc import RPC  # noqa: E402
from rasterio.transform import Affine  # noqa: E402

DATA = np.random.default_rng(0).integers(1, 200, (24, 32), dtype=np.uint8)
STRAIGHT = Affine(0.5, 0, 1000, 0, -0.5, 2000)
TURNED = Affine(0.4, 0.3, 1000, 0.3, -0.4, 2000)
SOUTH_UP = Affine(0.5, 0, 1000, 0, 0.5, 2000)
POINTS = [
    GroundControlPoint(row, column, 1000 + column, 2000 - 2 * row + 0.01 * column**2, 3)
    for row, column in ((0, 0), (0, 32), (24, 0), (24, 32), (12, 16))
]
ONE, ROW, COLUMN = ([0.0] * k + [1.0] + [0.0] * (19 - k) for k in (0, 2, 1))
MODEL = RPC(
    height_off=1.0,
    height_scale=2.0,
    lat_off=48.0,
    lat_scale=0.1,
    long_off=11.0,
    long_scale=0.1,
    line_off=12.0,
    line_scale=12.0,
    line_num_coeff=ROW,
    line_den_coeff=ONE,
    samp_off=16.0,
    samp_scale=16.0,
    samp_num_coeff=COLUMN,
    samp_den_coeff=ONE,
)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        yield


def geotiff(folder, **options):
    profile = {"driver": "GTiff", "count": 1, "height": 24, "width": 32, "dtype": "uint8"}
    with rasterio.open(folder / "i.tif", "w", **profile, **options) as out:
        out.write(DATA[None])
    return folder / "i.tif"


def world_file(folder, name, ending, place=STRAIGHT):
    path = folder / name
    if path.suffix == ".tif":
        tifffile.imwrite(path, DATA)
    else:
        iio.imwrite(path, DATA)
    a, b, c, d, e, f = tuple(place)[:6]
    # A world file counts from the centre of the first pixel.
    numbers = (a, d, b, e, c + (a + b) / 2, f + (d + e) / 2)
    path.with_suffix(ending).write_text("\n".join(map(str, numbers)))
    return path


WAYS = {
    "straight": lambda at: geotiff(at, transform=STRAIGHT),
    "turned": lambda at: geotiff(at, transform=TURNED),
    "south-up": lambda at: geotiff(at, transform=SOUTH_UP, crs="EPSG:32633"),
    "turned in a system": lambda at: geotiff(at, transform=TURNED, crs="EPSG:32633"),
    "degrees": lambda at: geotiff(at, transform=STRAIGHT, crs="EPSG:4326"),
    "system alone": lambda at: geotiff(at, crs="EPSG:32633"),
    "beside": lambda at: geotiff(
        at, transform=STRAIGHT, crs="EPSG:25832", PROFILE="BASELINE", TFW="YES"
    ),
    "auxiliary": lambda at: geotiff(at, transform=TURNED, crs="EPSG:25832", PROFILE="BASELINE"),
    "points": lambda at: geotiff(at, gcps=POINTS, crs="EPSG:4326"),
    "points beside": lambda at: geotiff(at, gcps=POINTS, crs="EPSG:4326", PROFILE="BASELINE"),
    "model": lambda at: geotiff(at, rpcs=MODEL),
    "tfw": lambda at: world_file(at, "i.tif", ".tfw"),
    "TFW": lambda at: world_file(at, "i.tif", ".TFW"),
    "tifw": lambda at: world_file(at, "i.tif", ".tifw"),
    "wld": lambda at: world_file(at, "i.tif", ".wld", TURNED),
    "pgw": lambda at: world_file(at, "i.png", ".pgw", TURNED),
    "png wld": lambda at: world_file(at, "i.png", ".wld"),
    "jgw": lambda at: world_file(at, "i.jpg", ".jgw"),
    "jpegw": lambda at: world_file(at, "i.jpeg", ".jgw"),
}


def place_in(path):
    with rasterio.open(path) as found:
        points, system = found.gcps
        points = [(each.row, each.col, each.x, each.y, each.z) for each in points]
        return found.crs or system, tuple(found.transform)[:6], points, found.rpcs


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("read", [read_image, open_image])
def test_labels_go_where_the_image_is(tmp_path, way, read):
    path = WAYS[way](tmp_path)
    write_labels(tmp_path / "l.tif", DATA, **read(path).place)
    expected, found = place_in(path), place_in(tmp_path / "l.tif")
    assert found[0] == expected[0]
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)
    np.testing.assert_allclose(np.ravel(found[2]), np.ravel(expected[2]), rtol=1e-12)
    assert (found[3] is None) == (expected[3] is None)
    if expected[3] is not None:
        mine, theirs = found[3].to_dict(), expected[3].to_dict()
        for name in set(MODEL.to_dict()) - {"err_bias", "err_rand"}:
            np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-12)
    assert any((expected[0], expected[1] != (1, 0, 0, 0, 1, 0), expected[2], expected[3]))


def test_a_pixel_that_is_a_point_lies_half_a_pixel_further(tmp_path):
    path = geotiff(tmp_path, transform=STRAIGHT, crs="EPSG:32633")
    with rasterio.open(path, "r+") as out:
        out.update_tags(AREA_OR_POINT="Point")
    write_labels(tmp_path / "l.tif", DATA, **read_image(path).place)
    assert place_in(tmp_path / "l.tif") == place_in(path)


@pytest.mark.parametrize(
    ("system", "size", "unit"),
    [
        ("EPSG:32633", (0.5, 0.5), "m"),
        ("EPSG:2222", (0.5, 0.5), "ft"),
        ("EPSG:2225", (0.5 * 1200 / 3937,) * 2, "m"),
        ("EPSG:4326", (1, 1), "pixel"),
        (None, (1, 1), "pixel"),
    ],
)
def test_the_size_is_in_a_unit_that_everybody_knows(tmp_path, system, size, unit):
    found = read_image(geotiff(tmp_path, transform=TURNED, crs=system))
    np.testing.assert_allclose(found.spacing, size)
    assert found.unit == unit


def test_tables_and_auxiliary_files_without_a_place_are_none(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", DATA)
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset><Metadata/></PAMDataset>")
    assert read_image(tmp_path / "a.tif").georeference is None


def test_tags_and_files_without_sense_do_not_hide_a_world_file(tmp_path):
    path = world_file(tmp_path, "i.tif", ".tfw")
    tifffile.imwrite(path, DATA, extratags=[(34735, 3, 4, (9,) * 4, True)])
    (tmp_path / "i.tif.aux.xml").write_text("<PAMDataset><SRS>nonsense</SRS></PAMDataset>")
    assert read_image(path).georeference.transform == tuple(STRAIGHT)[:6]


def test_a_place_that_cannot_be_read_is_said_to_be_lost(tmp_path, monkeypatch):
    def refused(*arguments):
        raise rasterio.errors.RasterioIOError("not recognized")

    path = WAYS["straight"](tmp_path)
    monkeypatch.setattr(rasterio, "open", refused)
    with pytest.warns(UserWarning, match=r"position of i\.tif is lost: not recognized\."):
        assert read_image(path).georeference is None


@pytest.mark.parametrize("way", ["turned", "points", "model"])
def test_a_part_is_where_it_was(tmp_path, way):
    place = read_image(WAYS[way](tmp_path)).georeference
    part = place.of_part(4, 6)
    if way == "turned":
        a, b, c, d, e, f = place.transform
        expected = (a * 9 + b * 5 + c, d * 9 + e * 5 + f)
        a, b, c, d, e, f = part.transform
        np.testing.assert_allclose((a * 3 + b * 1 + c, d * 3 + e * 1 + f), expected)
    elif way == "points":
        assert not part.exact
        pairs = zip(part.points, place.points, strict=True)
        assert all(new == (old[0] - 4, old[1] - 6, *old[2:]) for new, old in pairs)
    else:
        assert (part.rational["line_off"], part.rational["samp_off"]) == (8, 10)


@pytest.mark.parametrize("way", ["straight", "turned", "south-up", "pgw"])
def test_outlines_are_where_the_image_is(tmp_path, way):
    path = WAYS[way](tmp_path)
    image = read_image(path)
    labels = np.zeros_like(DATA)
    labels[4:6, 10:13] = 1
    options = {"spacing": image.spacing, "unit": image.unit, "georeference": image.georeference}
    write_objects(tmp_path / "o.geojson", labels, **options)
    [feature] = json.loads((tmp_path / "o.geojson").read_text())["features"]
    a, b, c, d, e, f = place_in(path)[1]
    corners = {(10, 4), (13, 4), (13, 6), (10, 6)}
    corners = {(a * x + b * y + c, d * x + e * y + f) for x, y in corners}
    x, y = a * 11.5 + b * 5 + c, d * 11.5 + e * 5 + f
    ring = {tuple(np.round(at, 6)) for at in feature["geometry"]["coordinates"][0]}
    assert ring == {tuple(np.round(at, 6)) for at in corners}
    np.testing.assert_allclose((feature["properties"]["x"], feature["properties"]["y"]), (x, y))


@pytest.mark.parametrize("way", ["points", "model", "system alone"])
def test_outlines_without_a_transform_say_that_they_are_in_pixels(tmp_path, way):
    image = read_image(WAYS[way](tmp_path))
    options = {"spacing": image.spacing, "unit": image.unit, "georeference": image.georeference}
    with pytest.warns(UserWarning, match=r"o\.geojson has no coordinates on Earth: .* rectify it"):
        write_objects(tmp_path / "o.geojson", DATA, **options)
    found = json.loads((tmp_path / "o.geojson").read_text())
    assert "crs" not in found
    assert "x" not in found["features"][0]["properties"]
