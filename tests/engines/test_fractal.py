"""The task of Fractal: its manifest, run as Fractal runs it, and what it makes of settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_selfseg.fractal.segment_image import segment_image
from napari_selfseg.io import read_image, read_record

PACKAGE = Path(str(resources.files("napari_selfseg")))
MANIFEST = json.loads((PACKAGE / "__FRACTAL_MANIFEST__.json").read_text(encoding="utf-8"))
QUICK = "backprop:iterations=2,channels=6,min_labels=1"


@pytest.fixture
def image(tmp_path):
    """Bright discs on a dark ground beside a channel of noise, 0.5 µm a pixel."""
    rows, columns = np.indices((96, 96))
    data = np.random.default_rng(0).normal(40, 4, (96, 96))
    for y, x in ((20, 22), (24, 70), (70, 30), (66, 74)):
        data[(rows - y) ** 2 + (columns - x) ** 2 < 90] += 120
    group = zarr.open_group(tmp_path / "plate.zarr", mode="w", zarr_format=2)
    field = group.create_group("B/03/0")
    scale = [{"type": "scale", "scale": [1, 0.5, 0.5]}]
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    levels = [{"path": "0", "coordinateTransformations": scale}]
    field.attrs.update({"multiscales": [{"version": "0.4", "axes": axes, "datasets": levels}]})
    names = [("A01_C01", "DAPI"), ("A02_C03", "noise")]
    look = {"color": "FFFFFF", "window": {"min": 0, "max": 255, "start": 0, "end": 255}}
    told = [{"wavelength_id": a, "label": b, **look} for a, b in names]
    field.attrs["omero"] = {"channels": told}
    both = [data, np.random.default_rng(1).normal(100, 40, data.shape)]
    field.create_array("0", data=np.clip(both, 0, 255).astype(np.uint8))
    return tmp_path / "plate.zarr" / "B" / "03" / "0"


def driven(task, arguments, folder):
    """Run a task of the manifest in a process of its own, as Fractal does."""
    given, out = folder / "args.json", folder / "out.json"
    given.write_text(json.dumps(arguments))
    script = PACKAGE / task["executable_parallel"]
    words = [sys.executable, str(script), "--args-json", str(given), "--out-json", str(out)]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ, check=False)
    return done, json.loads(out.read_text()) if out.exists() else "nothing"


def test_the_manifest_is_what_the_tasks_say():
    made = pytest.importorskip(
        "fractal_task_tools._create_manifest", reason="the extra fractal is not installed"
    )
    fresh = made.create_manifest(
        raw_package_name="napari-selfseg", task_list_path="fractal.task_list"
    )
    assert fresh == MANIFEST, (
        "fractal-manifest create --package napari-selfseg --task-list-path fractal.task_list"
    )
    assert MANIFEST["task_list"][0]["args_schema_parallel"]["required"] == ["zarr_url"]


def test_the_manifest_leads_a_driver_to_labels_and_a_table(image, tmp_path):
    pytest.importorskip("fractal_task_tools", reason="the extra fractal is not installed")
    ngio = pytest.importorskip("ngio", reason="the extra fractal is not installed")
    (task,) = MANIFEST["task_list"]
    arguments = {
        "zarr_url": str(image),
        "channels": ["A01_C01"],
        "label_name": "nuclei",
        "smallest": "5um2",
        "table_name": "shapes",
        "device": "cpu",
    }
    assert set(arguments) <= set(task["args_schema_parallel"]["properties"])
    done, told = driven(task, arguments, tmp_path)
    assert done.returncode == 0, done.stderr
    assert told is None
    assert f"{image}/labels/nuclei: 4 labels" in done.stderr
    container = ngio.open_ome_zarr_container(image)
    labels = container.get_label("nuclei")
    assert np.unique(labels.get_as_numpy()).tolist() == [0, 1, 2, 3, 4]
    assert (labels.pixel_size.y, labels.pixel_size.x) == (0.5, 0.5)
    table = container.get_feature_table("shapes")
    assert table.reference_label == "nuclei"
    assert table.dataframe.index.tolist() == [1, 2, 3, 4]


def test_a_task_that_cannot_says_why_and_ends_with_an_error(image, tmp_path):
    pytest.importorskip("fractal_task_tools", reason="the extra fractal is not installed")
    (task,) = MANIFEST["task_list"]
    done, told = driven(task, {"zarr_url": str(image.parent / "7")}, tmp_path)
    assert done.returncode != 0
    assert told == "nothing"
    assert "7 is no OME-Zarr image" in done.stderr.splitlines()[-1]


def test_it_can_be_started_again(image):
    how = {"zarr_url": str(image), "label_name": "a", "device": "cpu"}
    segment_image(**how, method=QUICK)
    folder = image / "labels" / "a"
    first = folder.stat().st_mtime_ns
    segment_image(**how, method=QUICK)
    assert folder.stat().st_mtime_ns == first
    with pytest.raises(ValueError, match="made by another recipe"):
        segment_image(**how, method=f"{QUICK},seed=3")
    segment_image(**how, method=f"{QUICK},seed=3", overwrite=True)
    assert read_record(folder)["method"]["seed"] == 3


def test_a_table_that_was_not_asked_for_before_is_made(image):
    pytest.importorskip("ngio", reason="the extra fractal is not installed")
    how = {"zarr_url": str(image), "label_name": "a", "method": QUICK, "device": "cpu"}
    segment_image(**how)
    segment_image(**how, table_name="b")
    assert (image / "tables" / "b").is_dir()


def test_segments_become_objects(image):
    how = {"zarr_url": str(image), "label_name": "a", "method": "consensus", "device": "cpu"}
    segment_image(**how, segments=6, as_objects=True, largest="200um2")
    record = read_record(image / "labels" / "a")
    assert record["recipe"]["segments"] == 6
    assert record["recipe"]["finish"]["largest"] == "200 um²"
    assert (read_image(image / "labels" / "a").data == 0).any()


def test_labels_that_were_made_are_a_recipe(image):
    how, made = {"zarr_url": str(image), "device": "cpu"}, str(image / "labels" / "a")
    segment_image(**how, label_name="a", method=QUICK, channels=["DAPI"])
    segment_image(**how, label_name="b", recipe=made)
    first, second = (read_image(image / "labels" / name).data for name in "ab")
    np.testing.assert_array_equal(first, second)
    with pytest.raises(ValueError, match="recipe is for the channels DAPI"):
        segment_image(**how, label_name="c", recipe=made, channels=["noise"])
    with pytest.raises(ValueError, match="made by another recipe"):
        segment_image(**how, label_name="a", method=QUICK, channels=["noise"])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"method": "consensos"}, "There is no method 'consensos'"),
        ({"method": "consensus", "smallest": "20um2"}, "sizes are of objects"),
        ({"recipe": "a.json", "segments": 3}, "says it all: leave segments as it is"),
        ({"label_name": "../a"}, "cannot name labels"),
        (
            {"channels": ["GFP"]},
            r"'GFP': those of 0 are 1 \(DAPI, A01_C01\), 2 \(noise, ",
        ),
        ({"memory_gb": 0.001}, "The program itself takes"),
    ],
)
def test_what_cannot_be_is_a_sentence(image, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        segment_image(zarr_url=str(image), **settings)
    assert not (image / "labels" / "objects").exists()
