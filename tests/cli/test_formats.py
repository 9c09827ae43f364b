"""The commands read and write every format, and labels stay where the image was."""

from __future__ import annotations

import csv
import json
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_selfseg import as_script
from napari_selfseg.cli import main
from napari_selfseg.io import read_image, read_record
from napari_selfseg.scale import Recipe

FAST = ["--method", "backprop", "--channels", "5", "--iterations", "2", "--threads", "1"]
IMAGE = np.random.default_rng(0).integers(0, 255, (24, 30), dtype=np.uint8)


def words(*given):
    return [str(each) for each in given]


def test_segment_and_replay_to_ome_zarr(tmp_path):
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25}
    tifffile.imwrite(tmp_path / "a.tif", IMAGE, ome=True, metadata={"axes": "YX", **sizes})
    out, again = tmp_path / "b.ome.zarr", tmp_path / "c.tif"
    assert main(words("segment", tmp_path / "a.tif", "-o", out, *FAST)) == 0
    found = read_image(out)
    assert (found.spacing, found.unit, found.shape) == ((0.25, 0.5), "µm", IMAGE.shape)
    assert read_record(out)["method"]["name"] == "backprop"
    assert main(words("replay", out, "-o", again)) == 0
    np.testing.assert_array_equal(read_image(again).data, found.data)


def test_a_map_is_segmented_in_its_place(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    profile = {"driver": "GTiff", "count": 1, "height": 24, "width": 30, "dtype": "uint8"}
    place = {"crs": "EPSG:32633", "transform": rasterio.Affine(0.3, 0, 5e5, 0, -0.5, 4e6)}
    with rasterio.open(tmp_path / "a.tif", "w", nodata=0, **profile, **place) as dataset:
        dataset.write(np.where(np.arange(30) < 4, 0, IMAGE | 1), 1)
    out, table = tmp_path / "b.tif", tmp_path / "b.geojson"
    assert main(words("segment", tmp_path / "a.tif", "-o", out, "--objects", table, *FAST)) == 0
    with rasterio.open(out) as labels, rasterio.open(tmp_path / "a.tif") as image:
        assert (labels.crs, labels.transform) == (image.crs, image.transform)
        found = labels.read(1)
    assert ((found == 0) == (np.arange(30) < 4)).all()
    assert read_record(out)["method"]["name"] == "backprop"
    map_ = json.loads(table.read_text(encoding="utf-8"))
    assert map_["crs"]["properties"]["name"].endswith("EPSG::32633")
    assert sum(each["properties"]["pixels"] for each in map_["features"]) == (found > 0).sum()


@pytest.mark.parametrize("more", [[], ["--tile", "16"]])
def test_what_is_called_opacity_is_a_channel_where_asked_for(tmp_path, more):
    data = np.random.default_rng(0).integers(0, 256, (24, 30, 4), dtype=np.uint8)
    how = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    tifffile.imwrite(tmp_path / "a.tif", data, **how)
    command = words("segment", tmp_path / "a.tif", "-o", tmp_path / "b.tif", *FAST, *more)
    assert main([*command, "--opacity", "channel"]) == 0
    found = read_image(tmp_path / "b.tif").data
    assert (found > 0).all()
    if not more:
        again = words("replay", tmp_path / "b.tif", "-o", tmp_path / "c.tif")
        assert main(again) == 0
        np.testing.assert_array_equal(read_image(tmp_path / "c.tif").data, found)
        names: dict[str, Any] = {}
        exec(as_script(read_record(tmp_path / "b.tif")), names)
        np.testing.assert_array_equal(names["labels"], found)


@pytest.mark.parametrize("more", [[], ["--tile", "16"]])
def test_channels_are_taken_and_their_record_knows_which(tmp_path, more):
    data = np.random.default_rng(0).integers(0, 256, (3, 24, 30), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, metadata={"axes": "CYX"}, ome=True)
    tifffile.imwrite(tmp_path / "third.tif", data[2])
    out, found = tmp_path / "b.tif", []
    for name, flags in (("third.tif", []), ("a.tif", ["--image-channels", "3"])):
        assert main(words("segment", tmp_path / name, "-o", out, *FAST, *more, *flags)) == 0
        found.append(read_image(out).data)
    np.testing.assert_array_equal(*found)
    assert read_record(out)["channels"] == ["3"]
    if not more:
        assert Recipe.load(out).channels == ("3",)
        assert main(words("replay", out, "-o", tmp_path / "c.tif")) == 0
        names: dict[str, Any] = {}
        exec(as_script(read_record(out)), names)
        for again in (read_image(tmp_path / "c.tif").data, names["labels"]):
            np.testing.assert_array_equal(again, found[0])


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_drawings_with_a_palette_are_numbers(tmp_path, ending):
    drawn = np.zeros(IMAGE.shape, np.uint8)
    drawn[4:12, 4:12], drawn[16:20, 14:28] = 1, 2
    table = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
    if ending == "png":
        picture = Image.fromarray(drawn, mode="P")
        picture.putpalette(table.ravel().tolist())
        picture.save(tmp_path / "drawn.png")
    else:
        how = {"photometric": "palette", "colormap": table.T.astype(np.uint16) * 257}
        tifffile.imwrite(tmp_path / "drawn.tif", drawn, **how)
    tifffile.imwrite(tmp_path / "a.tif", IMAGE)
    tifffile.imwrite(tmp_path / "grey.tif", drawn)
    for flag in ("--scribbles", "--mask", "--superpixels"):
        found = []
        for name in (f"drawn.{ending}", "grey.tif"):
            command = words("segment", tmp_path / "a.tif", "-o", tmp_path / "b.tif", *FAST)
            assert main([*command, flag, str(tmp_path / name)]) == 0
            found.append(read_image(tmp_path / "b.tif").data)
        np.testing.assert_array_equal(*found)


def test_objects_are_measured(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE)
    out, table = tmp_path / "b.tif", tmp_path / "b.csv"
    assert main(words("segment", tmp_path / "a.tif", "-o", out, "--objects", table, *FAST)) == 0
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["pixels"]) for row in rows) == IMAGE.size
    assert {int(row["class"]) for row in rows} == set(np.unique(read_image(out).data))


def test_a_time_series_is_refused_in_a_sentence(tmp_path, capsys):
    series = np.stack([IMAGE, IMAGE])
    tifffile.imwrite(tmp_path / "a.tif", series, ome=True, metadata={"axes": "TYX"})
    for command in ("segment", "superpixels"):
        assert main(words(command, tmp_path / "a.tif", "-o", tmp_path / "b.tif")) == 2
        sentence = capsys.readouterr().err
        assert "a.tif has the axes tyx" in sentence


def test_what_cannot_be_written_is_refused_before_any_work(tmp_path, capsys):
    (tmp_path / "theirs.zarr").mkdir()
    tifffile.imwrite(tmp_path / "a.tif", IMAGE)
    for options, sentence in (
        (["-o", "theirs.zarr"], "was not written by napari-selfseg"),
        (["-o", "b.tif", "--objects", "b.txt"], "b.txt must end in .csv or .geojson"),
    ):
        given = [tmp_path / each if "." in each else each for each in options]
        assert main(words("segment", tmp_path / "a.tif", *given, *FAST)) == 2
        assert sentence in capsys.readouterr().err


def test_apply_takes_and_gives_ome_zarr(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", IMAGE)
    model, images = tmp_path / "m.safetensors", tmp_path / "images"
    first = tmp_path / "first.ome.zarr"
    given = words("segment", tmp_path / "a.tif", "-o", first, "--save-fit", model, *FAST)
    assert main(given) == 0
    images.mkdir()
    first.rename(images / "b.ome.zarr")
    assert main(words("apply", model, images, "-o", tmp_path / "out", "--zarr")) == 0
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["b.ome.zarr"]
    assert read_image(tmp_path / "out" / "b.ome.zarr").shape == IMAGE.shape
    assert "applied" in read_record(tmp_path / "out" / "b.ome.zarr")
