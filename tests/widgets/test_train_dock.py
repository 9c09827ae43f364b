"""The Train dock; most tests do without a window, because one takes seconds to open."""

from __future__ import annotations

import threading

import imageio.v3 as iio
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_selfseg.io import load_fit, read_progress
from napari_selfseg.methods import Backprop
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.train import TrainDock, _job
from napari_selfseg.widgets.train._view import FOLDER

FAST = {"iterations": 6, "channels": 6, "variant": "continuity", "min_labels": 1}
SCALE = (3, 0.5, 0.5)


def stack(shape=(3, 20, 26)):
    rng = np.random.default_rng(0)
    found = rng.normal(scale=0.05, size=shape)
    found[..., shape[-1] // 2 :] += 1
    return found.astype(np.float32)


@pytest.fixture
def opened(qtbot, tmp_path):
    """Open a dock in a viewer, a quick method and a model file filled in."""

    def make(image=None, **values):
        viewer = ViewerModel()
        if image is not None:
            viewer.add_image(image, name="stack", scale=SCALE[-image.ndim :])
        dock = TrainDock(viewer)
        qtbot.addWidget(dock)
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        dock.view.method.choose(Backprop)
        dock.view._methods.current.fill({**FAST, **values})
        dock.view.every.setValue(2)
        dock.view.model.setText(str(tmp_path / "model.safetensors"))
        return viewer, dock

    return make


def test_it_opens_with_what_is_recommended(qtbot):
    dock = TrainDock(ViewerModel())
    qtbot.addWidget(dock)
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    assert dock.view.method.thing is Backprop


def trained(dock, qtbot):
    dock.view.run.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)


def test_a_stack_is_trained_plane_by_plane(opened, qtbot, tmp_path):
    viewer, dock = opened(stack())
    viewer.dims.set_point(0, 3)  # the second plane, by its size
    trained(dock, qtbot)
    path = tmp_path / "model.safetensors"
    assert str(path) in dock.view.status.text()
    assert read_progress(path) == 6
    fit = load_fit(path)
    assert fit.method == Backprop(**FAST)
    (layer,) = [each for each in viewer.layers if "training" in each.name]
    assert layer.data.shape == (1, 20, 26)
    assert layer.translate[0] == 3
    assert layer.editable
    np.testing.assert_array_equal(layer.data[0], fit.predict(stack()[1], device="cpu"))


def test_tiles_are_put_together_again(opened, qtbot, tmp_path):
    viewer, dock = opened(stack((20, 26)))
    dock.view.tile.setValue(11)
    trained(dock, qtbot)
    fit = load_fit(tmp_path / "model.safetensors")
    (layer,) = [each for each in viewer.layers if "training" in each.name]
    for part in np.s_[:10, :9], np.s_[10:, 18:]:
        expected = fit.predict(stack((20, 26))[part], device="cpu")
        np.testing.assert_array_equal(layer.data[part], expected)


def test_a_folder_shows_its_first_image(opened, qtbot, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number, each in enumerate(stack()):
        grey = (255 * (each - each.min()) / np.ptp(each)).astype(np.uint8)
        iio.imwrite(folder / f"{number}.png", grey)
    viewer, dock = opened()
    dock.view.source.choose(FOLDER)
    dock.view.folder.setText(str(folder))
    trained(dock, qtbot)
    assert [each.name for each in viewer.layers] == [
        "first image",
        "first image [Backprop, training]",
    ]
    fit = load_fit(tmp_path / "model.safetensors")
    expected = fit.predict(viewer.layers[0].data, device="cpu")
    np.testing.assert_array_equal(viewer.layers[1].data, expected)


def test_the_first_image_layer_is_chosen_until_somebody_chooses(opened):
    viewer, dock = opened()
    assert dock.view.source.thing == FOLDER
    viewer.add_image(stack(), name="later")
    assert dock.view.source.thing == viewer.layers["later"]
    dock.view.source.choose(FOLDER)
    viewer.add_image(stack(), name="latest")
    assert dock.view.source.thing == FOLDER


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda dock: dock.view.model.setText(""), "Say where to save the model"),
        (lambda dock: dock.view.model.setText("/nowhere/m.safetensors"), "There is no folder"),
        (lambda dock: dock.view.model.setText("model.pt"), "must end in .safetensors"),
        (lambda dock: dock.view.source.choose(FOLDER), "Choose the folder"),
    ],
)
def test_what_is_missing_is_said(opened, change, words):
    _, dock = opened(stack())
    change(dock)
    dock.view.run.click()
    assert not dock.live
    assert words in dock.view.error.text()


def test_an_empty_folder_is_said(opened, qtbot, tmp_path):
    _, dock = opened()
    dock.view.source.choose(FOLDER)
    dock.view.folder.setText(str(tmp_path))
    trained(dock, qtbot)
    assert "holds no TIFF, OME-Zarr, PNG or JPEG files" in dock.view.error.text()
    assert dock.view.run.isEnabled()


def test_stopped_training_writes_its_model(opened, qtbot, tmp_path):
    _, dock = opened(stack(), iterations=100_000)
    dock.view.run.click()
    qtbot.waitUntil(lambda: dock.view.bar.value() >= 2, timeout=120_000)
    dock.view.stop.click()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    done = read_progress(tmp_path / "model.safetensors")
    assert 2 <= done < 100_000
    dock.view.resume.setChecked(True)
    dock.view._methods.current.fill({"iterations": done + 2})
    trained(dock, qtbot)
    assert read_progress(tmp_path / "model.safetensors") == done + 2


def test_closing_the_dock_ends_the_training(opened, qtbot, monkeypatch):
    over = threading.Event()
    call = _job.TrainingJob.__call__
    monkeypatch.setattr(_job.TrainingJob, "__call__", lambda job: (call(job), over.set()))
    _, dock = opened(stack(), iterations=100_000)
    dock.view.run.click()
    qtbot.waitUntil(lambda: dock.view.bar.value() >= 1, timeout=120_000)
    dock._life._turn(False)
    assert not dock.live
    assert over.wait(120)


def test_removed_layers_do_not_end_a_training(opened, qtbot, tmp_path):
    viewer, dock = opened(stack(), iterations=60)
    dock.view.run.click()
    qtbot.waitUntil(lambda: len(viewer.layers) == 2, timeout=120_000)
    viewer.layers.clear()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert read_progress(tmp_path / "model.safetensors") == 60
    assert not viewer.layers


def test_a_model_labels_a_whole_stack(opened, qtbot, tmp_path):
    viewer, dock = opened(stack())
    trained(dock, qtbot)
    dock.view.apply.click()
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
    fit = load_fit(tmp_path / "model.safetensors")
    layer = viewer.layers[-1]
    each = [fit.predict(plane, device="cpu") for plane in stack()]
    np.testing.assert_array_equal(layer.data, np.stack(each))
    assert tuple(layer.scale) == SCALE
    assert layer.metadata[METADATA]["fitted"] == Backprop(**FAST).as_dict()


def test_a_missing_model_is_said(opened, qtbot):
    _, dock = opened(stack())
    dock.view.apply.click()
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
    assert "There is no file" in dock.view.error.text()
    dock.view.model.setText("")
    dock.view.apply.click()
    assert "Train a model first" in dock.view.error.text()
    assert dock.view.apply.isEnabled()
