"""Tables and outlines of images larger than memory are those of the image as a whole."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

import napari_selfseg as ss
from napari_selfseg.cli import main
from napari_selfseg.io import open_labels, read_label_image, write_objects
from napari_selfseg.objects import connected
from napari_selfseg.scale import MeasureRun
from napari_selfseg.superpixels._watersheds import _block_by_block, _contour_watershed

HERE = ["--device", "cpu", "--threads", "1"]
SHAPE = (100, 120)
TILES = ["segment", "image.ome.tif", *HERE, "--tile", "64", "-o", "tiles.ome.zarr"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make labels of one image as a whole and by tiles, with their tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_block_by_block, "_SIDE", {2: 40, 3: 16})
        patch.setattr(_contour_watershed, "_PIXELS", 22)
        patch.chdir(tmp_path_factory.mktemp("large"))
        told = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
        tifffile.imwrite("image.ome.tif", spotted(), tile=(32, 32), metadata=told)
        whole = ["segment", "image.ome.tif", *HERE, "-o", "whole.tif", "--objects", "whole.csv"]
        assert main(whole) == main([*TILES, "--objects", "tiles.csv"]) == 0
        yield Path.cwd()


@pytest.fixture(autouse=True)
def here(made, monkeypatch):
    monkeypatch.chdir(made)


def spotted():
    y, x = np.indices(SHAPE)
    light = np.full(SHAPE, 40.0)
    for row in range(14, SHAPE[0], 24):
        for column in range(14, SHAPE[1], 24):
            light[(y - row) ** 2 + (x - column) ** 2 < 64] = 200
    light += np.random.default_rng(1).normal(scale=5, size=SHAPE)
    return light.clip(1, 255).astype(np.uint8)


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_by_tiles_is_that_of_the_whole():
    whole, tiles = rows("whole.csv"), rows("tiles.csv")
    assert len(whole) == len(tiles) > 15
    assert list(whole[0]) == list(tiles[0])
    assert "area (µm²)" in whole[0]
    for name in set(whole[0]) - {"class"}:
        one, other = ([float(row[name]) for row in each] for each in (whole, tiles))
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-6, err_msg=name)
    one, other = read_label_image("whole.tif"), open_labels("tiles.ome.zarr")[:]
    assert len(np.unique(one)) == len(np.unique(np.stack((one, other)).reshape(2, -1), axis=1).T)


def test_how_many_lie_across_seams_is_said_and_recorded(capsys):
    labels = open_labels("tiles.ome.zarr")[:]
    record = ss.read_record("tiles.ome.zarr")
    across = set()
    for at in range(record["tile"][0], SHAPE[0], record["tile"][0]):
        across |= set(labels[at][labels[at] == labels[at - 1]])
    for at in range(record["tile"][1], SHAPE[1], record["tile"][1]):
        across |= set(labels[:, at][labels[:, at] == labels[:, at - 1]])
    assert record["across_seams"] == len(across) > 3
    assert main([*TILES, "--resume", "--objects", "again.csv"]) == 0
    assert f"{len(across)} objects lie across seams between tiles" in capsys.readouterr().err


@pytest.mark.parametrize("simplify", [[], ["--simplify", "1.5"]])
@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.qupath.geojson"])
def test_outlines_by_tiles_are_those_of_the_labels_as_a_whole(tmp_path, name, simplify):
    pytest.importorskip("rasterio")
    shapely = pytest.importorskip("shapely")
    Path(name).unlink(missing_ok=True)
    assert main([*TILES, "--resume", "--objects", name, *simplify]) == 0
    labels = open_labels("tiles.ome.zarr")[:]
    how = {"spacing": (0.5, 0.5), "unit": "µm", "classes": labels, "source": "image.ome.tif"}
    how["simplify"] = float(simplify[-1]) if simplify else 0.0
    write_objects(tmp_path / name, connected(labels), image=spotted(), **how)
    (one, told), (other, expected) = (shapes(shapely, path) for path in (name, tmp_path / name))
    assert len(one) == len(other) > 15
    assert (one == other).all()
    assert told == pytest.approx(expected, rel=1e-9)


def shapes(shapely, path):
    """Return the outlines and the mean grey values of a file."""
    if Path(path).suffix == ".gpkg":
        import pyogrio

        told, _, found, columns = pyogrio.raw.read(path)
        means = columns[list(told["fields"]).index("mean")]
        return shapely.normalize(shapely.from_wkb(found)), list(means)
    features = json.loads(Path(path).read_text("utf-8"))["features"]
    found = [shapely.from_geojson(json.dumps(each["geometry"])) for each in features]
    rows = [each["properties"] for each in features]
    return shapely.normalize(found), [row.get("measurements", row)["mean"] for row in rows]


def test_killed_while_it_measured_it_is_measured_by_resume(monkeypatch, capsys):
    def killed(*given):
        raise KeyboardInterrupt

    words = [*TILES, "--resume", "--objects", "killed.csv"]
    with monkeypatch.context() as context:
        context.setattr(MeasureRun, "_part", killed)
        assert main(words) == 130
    assert "the labels are whole: --resume goes on" in capsys.readouterr().err
    assert not Path("killed.csv").exists()
    before = open_labels("tiles.ome.zarr")[:]
    assert main(words) == 0
    assert rows("killed.csv") == rows("tiles.csv")
    assert (open_labels("tiles.ome.zarr")[:] == before).all()
    capsys.readouterr()
    assert main(words) == 0
    assert "nothing is left to do" in capsys.readouterr().err
    assert not list(Path("tiles.ome.zarr.work").glob("measured*"))


def test_a_table_in_the_image():
    ngio = pytest.importorskip("ngio")
    group = zarr.open_group("image.zarr", mode="w", zarr_format=3)
    group.create_array("0", data=spotted(), chunks=(32, 32), dimension_names=("y", "x"))
    scale = [{"type": "scale", "scale": [0.5, 0.5]}]
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    levels = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
    group.update_attributes({"ome": {"version": "0.5", "multiscales": levels}})
    words = ["segment", "image.zarr", *HERE, "--into-image", "cells", "--table", "cells"]
    assert main([*words, "--tile", "64"]) == 0
    table = ngio.open_ome_zarr_container("image.zarr").get_table("cells").dataframe
    labels = open_labels("image.zarr/labels/cells")[:]
    assert table.index.tolist() == np.unique(labels[labels > 0]).tolist()
    np.testing.assert_array_equal(table["pixels"], np.bincount(labels.ravel())[table.index])
