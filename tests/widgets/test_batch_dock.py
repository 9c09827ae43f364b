"""The Batch dock; the tests do without a window, because one takes seconds to open."""

from __future__ import annotations

import csv
import json
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from napari.layers import Labels

from napari_selfseg import Recipe, over_stack, read_record, write_labels
from napari_selfseg.methods import Backprop
from napari_selfseg.scale import Entry
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.batch import BatchDock, _job
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.canvas.settings import Settings

FAST = {"iterations": 2, "channels": 6, "variant": "continuity", "min_labels": 1}
LONG = {"iterations": 100_000, "learning_rate": 1e-4}


def picture(seed=0, shape=(20, 24)):
    found = np.random.default_rng(seed).integers(0, 40, shape)
    found[:, shape[1] // 2 :] += 150
    return found.astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Two pictures with a broken one between them."""
    where = tmp_path / "in"
    where.mkdir()
    for k, name in enumerate("ac"):
        iio.imwrite(where / f"{name}.png", picture(k))
    (where / "b.png").write_text("no picture")
    return where


@pytest.fixture
def opened(qtbot, tmp_path, folder):
    """Open a dock in a viewer, the pictures and a quick method filled in."""

    def make(**values):
        viewer = ViewerModel()
        dock = BatchDock(viewer)
        qtbot.addWidget(dock)
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        dock.add_folder(str(folder))
        dock.view.recipe.method.choose(Backprop)
        dock.view.recipe.fill({**FAST, **values})
        dock.view.folder.setText(str(tmp_path / "out"))
        return viewer, dock

    return make


def done(dock, qtbot):
    dock.view.run.click()
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)


def states(dock):
    table = dock.view.table
    return [table.topLevelItem(k).text(1) for k in range(table.topLevelItemCount())]


def recipe(dock, qtbot, path):
    dock.recipe.load(str(path))
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)


def test_a_batch_from_the_list_to_the_table(opened, qtbot, tmp_path):
    _, dock = opened()
    done(dock, qtbot)
    labels = [len(np.unique(tifffile.imread(tmp_path / "out" / f"{n}.tif"))) for n in "ac"]
    words = [f"{n} label{'' if n == 1 else 's'}" for n in labels]
    assert states(dock) == [words[0], "failed", words[1]]
    assert dock.view.status.text().startswith("2 of 3 done, 1 failed, see ")
    assert "cannot be read as an image" in dock.view.detail.text()
    assert not dock.view.open.isEnabled(), "the one that failed is selected"
    assert dock.view.pages.currentIndex() == 1
    with (tmp_path / "out" / "batch.csv").open(newline="") as lines:
        assert [each["state"] for each in csv.DictReader(lines)] == ["done", "failed", "done"]
    assert Recipe.load(tmp_path / "out" / "a.tif") == Recipe(Backprop(**FAST))


def test_running_again_does_what_is_left(opened, qtbot, folder):
    _, dock = opened()
    done(dock, qtbot)
    iio.imwrite(folder / "b.png", picture(5))
    done(dock, qtbot)
    assert "failed" not in states(dock)
    assert dock.view.status.text().endswith("2 of them had been done before.")


def test_another_recipe_does_not_overwrite_results(opened, qtbot):
    _, dock = opened()
    done(dock, qtbot)
    dock.view.recipe.fill({"seed": 4})
    done(dock, qtbot)
    assert "was made by another recipe" in dock.view.error.text()
    assert dock.view.run.isEnabled()


def test_what_is_filled_in_is_the_recipe(opened, qtbot, tmp_path):
    _, dock = opened(variant="superpixels")
    view = dock.view.recipe
    view.superpixels.choose(Slic)
    view._algorithms.current.fill({"n_segments": 30})
    view.kind.choose("number")
    view.segments.setValue(3)
    view.smallest.setValue(2)
    done(dock, qtbot)
    expected = Recipe(
        Backprop(**{**FAST, "variant": "superpixels"}),
        Slic(n_segments=30),
        segments=3,
        minimum_size=2,
    )
    assert Recipe.load(tmp_path / "out" / "recipe.json") == expected


def test_recipes_are_saved_and_loaded(opened, qtbot, tmp_path, monkeypatch):
    _, dock = opened()
    path = tmp_path / "mine.json"
    monkeypatch.setattr(
        "napari_selfseg.widgets.batch._recipe_actions.ask_save", lambda *_: str(path)
    )
    dock.view.recipe.kind.choose("objects")
    dock.view.recipe.save.click()
    assert Recipe.load(path) == Recipe(Backprop(**FAST), connected=True)
    dock.view.recipe.fill({"seed": 9})
    recipe(dock, qtbot, path)
    assert "Backprop (iterations 2" in dock.view.recipe.about.text()
    assert "connected objects" in dock.view.recipe.about.text()
    done(dock, qtbot)
    assert Recipe.load(tmp_path / "out" / "recipe.json") == Recipe.load(path)


def stack(path):
    planes = np.stack([picture(k) for k in range(3)])
    tifffile.imwrite(path, planes, metadata={"axes": "ZYX"})
    return planes


def test_labels_of_a_stack_from_a_dock_are_a_recipe_for_stacks(opened, qtbot, tmp_path):
    _, dock = opened()
    planes = stack(tmp_path / "in" / "s.ome.tif")
    method = Backprop(**FAST)
    run = over_stack(planes, method, carry="warm", axis=(0,), iterations=1, device="cpu").finish()
    path = tmp_path / "one.tif"
    source = {"layers": ["s"], "path": "", "multiscale": False, "rgb": False, "region": None}
    write_labels(path, run.out, record={**run.record(), "source": source})
    recipe(dock, qtbot, path)
    words = "stacks plane by plane: learning goes on, along axis 0, 1 iterations on later planes"
    assert words in dock.view.recipe.about.text()
    dock.view.images.remove_selected()
    dock.view.images.add_files([str(tmp_path / "in" / each) for each in ("s.ome.tif", "a.png")])
    done(dock, qtbot)
    assert read_record(tmp_path / "out" / "s.ome.tif")["stack"]["carry"] == "warm"
    assert "stack" not in read_record(tmp_path / "out" / "a.tif")


def test_a_way_along_stacks_is_filled_in(opened, qtbot, tmp_path):
    _, dock = opened()
    planes = stack(tmp_path / "in" / "s.ome.tif")
    planes[1] = 7
    tifffile.imwrite(tmp_path / "in" / "s.ome.tif", planes, metadata={"axes": "ZYX"})
    assert dock.recipe.recipe.carry is None
    dock.view.recipe.carry.choose("independent")
    assert dock.recipe.recipe == Recipe(Backprop(**FAST), carry="independent")
    dock.view.images.remove_selected()
    dock.view.images.add_files([str(tmp_path / "in" / "s.ome.tif")])
    done(dock, qtbot)
    table = dock.view.table
    table.setCurrentItem(table.topLevelItem(0))
    assert "1 of 3 planes failed, plane 1 with: The image is constant" in dock.view.detail.text()


def test_the_memory_limit_of_the_settings_counts(opened, qtbot, tmp_path, monkeypatch):
    limit = Settings(memory_limit=90 * 10**9)
    monkeypatch.setattr("napari_selfseg.widgets.canvas.settings.read", lambda: limit)
    fits = "napari_selfseg.scale._label._label.fits_with_method"
    monkeypatch.setattr(fits, lambda image, method, memory, **how: memory != limit.memory_limit)
    _, dock = opened()
    done(dock, qtbot)
    assert "tile" in read_record(tmp_path / "out" / "a.tif")
    assert "failed" in states(dock)


def test_a_file_without_recipe_is_said(opened, qtbot, tmp_path):
    _, dock = opened()
    path = tmp_path / "r.json"
    Recipe(Backprop(**FAST)).save(path)
    recipe(dock, qtbot, path)
    path.write_text(json.dumps({"a": 1}))
    recipe(dock, qtbot, path)
    assert "is no recipe" in dock.view.error.text()
    assert not dock.view.recipe.about.isVisibleTo(dock)
    dock.view.run.click()
    assert not dock.live
    assert "Choose the file with the recipe" in dock.view.error.text()


def test_the_line_below_says_what_is_still_to_be_filled_in(opened):
    _, dock = opened()
    view = dock.view
    assert view.status.text() == "Ready: Run does 3 images, or what is left of them."
    view.folder.setText("")
    assert view.status.text() == "Choose a folder for the results, and press Run."
    view.images.remove_selected()
    assert view.status.text().startswith("Add images")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda view: view.images.remove_selected(), "Add the images first"),
        (lambda view: view.folder.setText(""), "Choose the folder for the results"),
        (lambda view: view.add_layers.click(), "No image layer is open"),
    ],
)
def test_what_is_missing_is_said(opened, change, words):
    _, dock = opened()
    change(dock.view)
    if words != "No image layer is open":
        dock.view.run.click()
    assert not dock.live
    assert words in dock.view.error.text()


def test_layers_get_labels_beside_them_and_files(opened, qtbot, tmp_path):
    viewer, dock = opened()
    dock.view.images.remove_selected()
    viewer.add_image(picture(3), name="cells", scale=(3, 0.5), translate=(7, 1))
    viewer.add_image(np.stack([picture(3)] * 3, -1), name="colours", rgb=True)
    dock.view.add_layers.click()
    done(dock, qtbot)
    found = {each.name: each for each in viewer.layers if isinstance(each, Labels)}
    assert found.keys() == {"cells [backprop, batch]", "colours [backprop, batch]"}
    layer = found["cells [backprop, batch]"]
    np.testing.assert_array_equal(layer.data, tifffile.imread(tmp_path / "out" / "cells.tif"))
    np.testing.assert_allclose(layer.extent.world, viewer.layers["cells"].extent.world)
    assert layer.metadata[METADATA]["recipe"]["method"]["channels"] == 6


def test_a_removed_layer_leaves_the_list(opened):
    viewer, dock = opened()
    viewer.add_image(picture(), name="cells")
    dock.view.add_layers.click()
    dock.view.add_layers.click()
    assert len(dock.view.images.things) == dock.view.images.count() == 4, "each once"
    viewer.layers.clear()
    assert len(dock.view.images.things) == dock.view.images.count() == 3


def test_a_result_is_opened_over_its_image_once(opened, qtbot, tmp_path):
    viewer, dock = opened()
    done(dock, qtbot)
    table = dock.view.table
    for row in (0, 2, 0):
        table.setCurrentItem(table.topLevelItem(row))
        assert dock.view.open.isEnabled()
        table.opened.emit(row)
        qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
    assert [each.name for each in viewer.layers] == [
        "a.png",
        "a.png [backprop, batch]",
        "c.png",
        "c.png [backprop, batch]",
    ]
    assert [each.visible for each in viewer.layers] == [True, True, False, False]
    np.testing.assert_array_equal(viewer.layers[1].data, tifffile.imread(tmp_path / "out/a.tif"))


def running(dock, qtbot):
    dock.view.run.click()
    qtbot.waitUntil(lambda: any(" of 100000" in each for each in states(dock)), timeout=120_000)


def test_a_stopped_batch_keeps_no_half_image(opened, qtbot, tmp_path):
    _, dock = opened(**LONG)
    running(dock, qtbot)
    assert "iteration" in dock.view.status.text()
    dock.view.stop.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert states(dock) == ["left"] * 3
    assert dock.view.status.text().startswith("0 of 3 done, 3 left")
    assert not list((tmp_path / "out").glob("*.tif"))


def test_images_that_were_done_before_or_failed_are_no_measure_of_the_others(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_job, "time", SimpleNamespace(monotonic=lambda: now[0]))
    clock, left = _job._Clock(), Entry("a.png", Path("a.tif"))
    done, failed = replace(left, state="done"), replace(left, state="failed")
    before = replace(done, before=True)
    for seconds, entry in [(50, before), (10, done), (40, before), (30, failed), (12, done)]:
        now[0] += seconds
        clock.count(entry)
    assert clock.left((before, done, before, failed, done, left, left), 0) == pytest.approx(22)
    now[0] += 5.5
    assert clock.left((before, done, left, left), 0.5) == pytest.approx(27.5 * 1.5 / 2.5)


def test_closing_the_dock_ends_the_batch(opened, qtbot, monkeypatch):
    over = threading.Event()
    call = _job.BatchJob.__call__
    monkeypatch.setattr(_job.BatchJob, "__call__", lambda job: (call(job), over.set()))
    _, dock = opened(**LONG)
    running(dock, qtbot)
    dock._life._turn(False)
    assert not dock.live
    assert over.wait(120)
