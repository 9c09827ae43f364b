"""Objects of several kinds from the command line: in the labels, the table, outlines and replay."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tifffile
import zarr

from napari_selfseg.cli import main
from napari_selfseg.io import read_image, read_record

BRIGHT = [(16, 16), (16, 76), (48, 46), (80, 16)]
DIM = [(16, 46), (48, 16), (48, 76), (80, 46), (80, 76)]
HOW = ["--method", "objects", "--iterations", "20", "--threads", "1", "--device", "cpu"]
NAMES = ["--kinds", "nucleus, red cell, none"]


@pytest.fixture
def folder(tmp_path):
    """An image of large bright and small dim discs, and strokes in one of each and beside them."""
    y, x = np.indices((96, 96))
    image = np.random.default_rng(0).normal(20, 5, y.shape)
    for radius, grey, middles in ((11, 200, BRIGHT), (6, 90, DIM)):
        for a, b in middles:
            image[(y - a) ** 2 + (x - b) ** 2 <= radius**2] += grey
    strokes = np.zeros(y.shape, np.uint8)
    for number, (a, b) in enumerate((BRIGHT[0], DIM[0], (32, 32)), 1):
        strokes[a, b - 3 : b + 4] = number
    tifffile.imwrite(tmp_path / "image.tif", image.clip(0, 255).astype(np.uint8))
    tifffile.imwrite(tmp_path / "strokes.tif", strokes)
    return tmp_path


def segment(folder, *more):
    words = ["segment", str(folder / "image.tif"), "--scribbles", str(folder / "strokes.tif")]
    assert main([*words, *HOW, *NAMES, *map(str, more)]) == 0


def kinds_at(labels, of, middles):
    return [of[labels[at] - 1] for at in middles]


def test_each_object_has_its_kind_in_table_record_and_model(folder):
    table, out, model = (folder / name for name in ("t.csv", "labels.tif", "m.safetensors"))
    segment(folder, "-o", out, "--objects", table, "--save-fit", model)
    labels, record = read_image(out).data, read_record(out)
    assert labels.max() == 9
    assert record["classes"]["names"] == {"1": "nucleus", "2": "red cell"}
    of = record["classes"]["of"]
    assert kinds_at(labels, of, BRIGHT) == [1] * 4
    assert kinds_at(labels, of, DIM) == [2] * 5
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["class"]) for row in rows] == of
    assert {(row["class"], row["name"]) for row in rows} == {("1", "nucleus"), ("2", "red cell")}

    again = folder / "again.tif"
    assert main(["replay", str(out), "--image", str(folder / "image.tif"), "-o", str(again)]) == 0
    np.testing.assert_array_equal(read_image(again).data, labels)
    assert read_record(again)["classes"] == record["classes"]

    words = ["apply", str(model), str(folder / "image.tif"), "-o", str(folder / "applied")]
    assert main([*words, "--device", "cpu", "--threads", "1"]) == 0
    (applied,) = (folder / "applied").iterdir()
    assert sorted(read_record(applied)["classes"]["of"]) == [1] * 4 + [2] * 5


def test_several_kinds_need_strokes(folder, capsys):
    words = ["segment", str(folder / "image.tif"), "-o", str(folder / "labels.tif")]
    assert main([*words, *HOW, *NAMES]) == 2
    assert "draw a stroke in an object of each kind" in capsys.readouterr().err


def test_outlines_and_ome_zarr_have_the_kinds(folder):
    drawn, out = folder / "t.qupath.geojson", folder / "labels.ome.zarr"
    segment(folder, "-o", out, "--objects", drawn)
    features = json.loads(drawn.read_text())["features"]
    named = [each["properties"]["classification"]["name"] for each in features]
    assert sorted(named) == ["nucleus"] * 4 + ["red cell"] * 5
    assert not any("name" in each["properties"]["measurements"] for each in features)
    attributes = zarr.open_group(out, mode="r").attrs.asdict()
    label = attributes.get("ome", attributes)["image-label"]
    assert [each["name"] for each in label["properties"]] == named
    colours = {
        (entry["class"], tuple(each["rgba"]))
        for entry, each in zip(label["properties"], label["colors"], strict=True)
    }
    assert len(colours) == 2


def test_a_table_in_the_image_has_the_kinds(folder):
    ngio = pytest.importorskip("ngio", reason="ngio (the extra tables) is not installed")
    path = folder / "image.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=3)
    group.create_array("0", data=tifffile.imread(folder / "image.tif"), dimension_names=("y", "x"))
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    scale = [{"type": "scale", "scale": [0.5, 0.5]}]
    levels = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]
    group.update_attributes({"ome": {"version": "0.5", "multiscales": levels}})
    words = ["segment", str(path), "--scribbles", str(folder / "strokes.tif"), *HOW, *NAMES]
    assert main([*words, "--into-image", "cells", "--table", "cells"]) == 0
    container = ngio.open_ome_zarr_container(path)
    labels = container.get_label("cells").get_as_numpy()
    frame = container.get_feature_table("cells").dataframe
    for middles, number, name in ((BRIGHT, 1, "nucleus"), (DIM, 2, "red cell")):
        rows = frame.loc[[labels[at] for at in middles]]
        assert rows["class"].tolist() == [number] * len(middles)
        assert rows["name"].tolist() == [name] * len(middles)
    assert len(frame) == len(BRIGHT) + len(DIM)
    # And through the backend as strings, not as codes.
    assert frame["class"].dtype.kind in "iu"
