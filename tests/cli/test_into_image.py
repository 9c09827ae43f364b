"""Labels that go into their OME-Zarr image, from the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import zarr

from napari_selfseg.cli import main
from napari_selfseg.io import read_image, read_record

QUICK = ["--iterations", "2", "--channels", "6", "--min-labels", "1", "--threads", "1"]
METHOD = ["--method", "backprop", *QUICK, "--device", "cpu"]


def zarr_image(path, version="0.5"):
    two = version == "0.4"
    rows, columns = np.indices((70, 90))
    noise = np.random.default_rng(0).normal(0, 9, (70, 90))
    data = (60 + 120 * ((rows // 30 + columns // 30) % 2) + noise).clip(0, 255).astype(np.uint8)
    group = zarr.open_group(path, mode="w", zarr_format=2 if two else 3)
    scale = [{"type": "scale", "scale": [1, 0.5, 0.5]}]
    image = {
        "axes": [{"name": "c", "type": "channel"}]
        + [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"],
        "datasets": [{"path": "0", "coordinateTransformations": scale}],
    }
    if two:
        group.attrs.update({"multiscales": [image | {"version": version}]})
    else:
        group.attrs.update({"ome": {"version": version, "multiscales": [image]}})
    group.create_array("0", data=data[None], chunks=(1, 32, 32))
    return path


@pytest.fixture(params=["0.4", "0.5"])
def image(tmp_path, request):
    return zarr_image(tmp_path / "a.zarr", request.param)


def listed(image):
    attributes = zarr.open_group(image / "labels").attrs.asdict()
    return attributes.get("ome", attributes)["labels"]


def files_in(folder):
    return {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()}


def test_segment_writes_into_the_image(image):
    assert main(["segment", str(image), "--into-image", "cells", *METHOD]) == 0
    labels = read_image(image / "labels" / "cells")
    assert labels.data.shape == (70, 90)
    assert labels.data.max() >= 1
    assert labels.spacing == (0.5, 0.5)
    assert read_record(image / "labels" / "cells")["method"]["name"] == "backprop"
    assert listed(image) == ["cells"]


def test_superpixels_go_into_the_image(image, capsys):
    words = ["superpixels", str(image), "--superpixels", "slic:n_segments=20"]
    assert main([*words, "--into-image", "cut"]) == 0
    labels = read_image(image / "labels" / "cut")
    assert (labels.data > 0).all()
    assert labels.spacing == (0.5, 0.5)
    assert listed(image) == ["cut"]
    assert main([*words, "--into-image", "cut"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--into-image", "cut", "--overwrite"]) == 0
    assert main(words) == 2
    assert "Say where the labels go" in capsys.readouterr().err


@pytest.mark.parametrize("how", [[], ["--tile", "32"]])
def test_a_model_labels_images_in_themselves(tmp_path, image, capsys, how):
    model, other = str(tmp_path / "m.safetensors"), zarr_image(tmp_path / "other.zarr")
    words = ["segment", str(image), "-o", str(tmp_path / "l.tif"), "--save-fit", model]
    assert main([*words, *METHOD]) == 0
    words = ["apply", model, str(image), str(other), *how]
    assert main([*words, "--into-image", "by_model"]) == 0
    assert [listed(each) for each in (image, other)] == [["by_model"], ["by_model"]]
    assert (read_image(other / "labels" / "by_model").data > 0).all()
    assert main([*words, "--into-image", "by_model"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main(words) == 2
    assert "Say where the labels go: -o DIR" in capsys.readouterr().err


def test_nothing_is_replaced_unless_asked(image, capsys):
    words = ["segment", str(image), "--into-image", "cells", *METHOD]
    assert main(words) == 0
    before = read_image(image / "labels" / "cells").data
    assert main([*words, "--seed", "5"]) == 2
    assert "a.zarr/labels/cells is there already: --overwrite" in capsys.readouterr().err
    np.testing.assert_array_equal(read_image(image / "labels" / "cells").data, before)
    assert main([*words, "--seed", "5", "--overwrite"]) == 0
    assert read_record(image / "labels" / "cells")["method"]["seed"] == 5
    assert listed(image) == ["cells"]


def test_a_table_goes_beside_the_labels(image, capsys):
    ngio = pytest.importorskip("ngio", reason="ngio (the extra tables) is not installed")
    words = ["segment", str(image), "--into-image", "cells", "--table", "shapes", *METHOD]
    assert main(words) == 0
    container = ngio.open_ome_zarr_container(image)
    table = container.get_feature_table("shapes")
    labels = container.get_label(table.reference_label).get_as_numpy()
    numbers, counts = np.unique(labels[labels > 0], return_counts=True)
    assert table.dataframe.index.tolist() == numbers.tolist()
    assert table.dataframe["pixels"].tolist() == counts.tolist()
    np.testing.assert_allclose(table.dataframe["area (µm²)"], counts * 0.25)
    assert main(words) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_tiles_go_into_the_image_and_leave_nothing_else(image, capsys):
    words = ["segment", str(image), "--into-image", "tiles", "--tile", "32", *METHOD]
    assert main(words) == 0
    assert (read_image(image / "labels" / "tiles").data > 0).all()
    assert listed(image) == ["tiles"]
    assert files_in(image / "labels") <= {".zgroup", ".zattrs", "zarr.json", "tiles"}
    assert main([*words, "--resume"]) == 0
    assert "nothing is left to do" in capsys.readouterr().err


def test_a_batch_goes_into_its_images(tmp_path, capsys):
    images = [zarr_image(tmp_path / f"{name}.zarr", v) for name, v in (("a", "0.4"), ("b", "0.5"))]
    words = ["batch", *map(str, images), "-o", str(tmp_path / "out"), "--into-image", "cells"]
    assert main([*words, *METHOD]) == 0
    assert [listed(each) for each in images] == [["cells"], ["cells"]]
    assert files_in(tmp_path / "out") == {"recipe.json", "batch.csv"}
    table = (tmp_path / "out" / "batch.csv").read_text()
    assert f"{images[0]}/labels/cells,done" in table
    assert main([*words, *METHOD]) == 2
    assert "2 of these images: resume" in capsys.readouterr().err
    assert main([*words, "--resume", *METHOD]) == 0
    assert "done before" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Say where the labels go: -o LABELS.tif, or --into-image NAME"),
        (["-o", "a.tif", "--into-image", "cells"], "leave out -o or --into-image"),
        (["-o", "a.tif", "--table", "b"], "--table is for --into-image"),
        (
            ["--into-image", "a", "--save-fit", "b", "--tile", "32"],
            "--save-fit needs the whole image",
        ),
        (["-o", "a.tif", "--overwrite"], "--overwrite is for --into-image"),
        (["--into-image", "../b"], "'../b' cannot name labels"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, capsys, words, sentence):
    path = zarr_image(tmp_path / "a.zarr")
    assert main(["segment", str(path), *words, *METHOD]) == 2
    assert sentence in capsys.readouterr().err


def test_a_picture_has_no_room_for_labels(picture, capsys):
    assert main(["segment", str(picture), "--into-image", "cells", *METHOD]) == 2
    assert "picture.png is no OME-Zarr image" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [".csv", ".geojson", ".qupath.geojson", ".gpkg", ".zip"])
def test_objects_go_to_what_the_ending_says(picture, tmp_path, ending):
    pytest.importorskip("rasterio")
    for name in ("pyogrio", "shapely", "roifile"):
        pytest.importorskip(name)
    out = tmp_path / f"objects{ending}"
    words = ["segment", str(picture), "-o", str(tmp_path / "a.tif"), "--objects", str(out)]
    simplify = [] if ending in (".csv", ".zip") else ["--simplify", "1.5"]
    assert main([*words, *simplify, *METHOD]) == 0
    assert out.stat().st_size > 100


def test_only_outlines_are_simplified(picture, tmp_path, capsys):
    words = ["segment", str(picture), "-o", str(tmp_path / "a.tif"), "--simplify", "1"]
    assert main([*words, *METHOD]) == 2
    assert "--simplify is for outlines" in capsys.readouterr().err


def test_annotations_of_qupath_are_scribbles(picture, tmp_path, capsys):
    pytest.importorskip("rasterio")
    path = tmp_path / "drawn.geojson"
    strokes = [
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[x, 4], [x, 20]]},
            "properties": {"objectType": "annotation", "classification": {"name": name}},
        }
        for x, name in ((5, "left"), (26, "right"))
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": strokes}))
    out = tmp_path / "a.tif"
    words = ["segment", str(picture), "-o", str(out), "--scribbles", str(path), *METHOD]
    assert main([*words[:-2], "--device", "cpu"]) == 0
    assert "scribbles" in json.dumps(read_record(out), default=str)
