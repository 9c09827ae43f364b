"""What goes wrong is one sentence in the dock; the viewer goes on and nothing found is lost."""

from __future__ import annotations

import errno
import threading

import numpy as np
import pytest
import torch
from napari.layers import Labels

from napari_selfseg import catalogue
from napari_selfseg.methods import Backprop
from napari_selfseg.superpixels import Quickshift, Slic
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.model.stacking import VOLUME
from napari_selfseg.widgets.segment import dock as segment
from napari_selfseg.widgets.segment import keep_actions
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.work.runner import working

pytestmark = pytest.mark.viewer

QUICK = {"iterations": 6, "channels": 8, "min_labels": 1}
NOISE = np.random.default_rng(0).integers(0, 255, (32, 32)).astype(np.uint8)
HOLE = NOISE < 9


class Breaking(Backprop):
    """Raises what a test wants after three updates."""

    title = "Breaking"

    def steps(self, network, inputs):
        for t, step in enumerate(super().steps(network, inputs)):
            if t == 3:
                raise type(self).error
            yield step


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot):
    def make(image=NOISE, **settings):
        viewer = make_napari_viewer_proxy()
        viewer.add_image(image, name="noise", **settings)
        dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(dock, name="Segment", area="right")
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        dock.view.setup.superpixels.choose(Slic)
        dock.view.setup.fill_superpixels({"n_segments": 60})
        dock.view.setup.fill(QUICK)
        return viewer, dock

    return make


def ended(dock, qtbot):
    """Run, and return the sentence of the error; the dock is ready for another run."""
    dock.start()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert dock.view.controls.run.isEnabled()
    qtbot.waitUntil(lambda: not working(), timeout=120_000)
    return dock.view.controls.error.text()


def made(viewer):
    return [each for each in viewer.layers if isinstance(each, Labels)]


def works_again(viewer, dock, qtbot):
    """The same dock segments a good image afterwards."""
    viewer.add_image(NOISE, name="good")
    dock.view.setup.image.choose(viewer.layers["good"])
    dock.view.setup.method.choose(Backprop)
    dock.view.setup.device.choose("cpu")
    dock.view.setup.fill(QUICK)
    before = len(made(viewer))
    ended(dock, qtbot)
    assert not dock.view.controls.error.isVisibleTo(dock)
    assert len(made(viewer)) == before + 1


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.where(HOLE, np.nan, NOISE), "NaN or infinite"),
        (np.where(HOLE, np.inf, NOISE), "NaN or infinite"),
        (np.full((32, 32), 7, np.uint8), "constant"),
        (np.ones((1, 1), np.uint8), "pixel"),
    ],
    ids=["nan", "infinite", "constant", "one pixel"],
)
def test_an_image_that_cannot_be_segmented(opened, qtbot, image, words):
    viewer, dock = opened(image)
    assert words in ended(dock, qtbot)
    assert made(viewer) == []
    works_again(viewer, dock, qtbot)


def test_more_superpixels_than_pixels_are_as_many_as_there_can_be(opened, qtbot):
    viewer, dock = opened()
    dock.view.setup.fill_superpixels({"n_segments": 100_000})
    assert ended(dock, qtbot) == ""
    assert made(viewer)[0].data.min() >= 1


def test_wrong_axes_are_said_before_a_run(opened, qtbot):
    viewer, dock = opened(np.stack([NOISE, NOISE]))
    dock.view.setup.stack.part.choose("whole")
    dock.view.setup.stack.way.choose(VOLUME)
    dock.view.setup.superpixels.choose(Quickshift)
    assert "choose the plane in view" in ended(dock, qtbot)
    works_again(viewer, dock, qtbot)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "fewer channels"),
        (MemoryError(), "fewer channels"),
        (torch.AcceleratorError("CUDA error: unspecified launch failure"), "CPU"),
        (RuntimeError("boom"), "boom"),
    ],
    ids=["device memory", "memory", "lost device", "any error"],
)
def test_a_run_that_breaks_keeps_what_was_found(opened, qtbot, monkeypatch, error, words):
    monkeypatch.setattr(catalogue, "METHODS", (Breaking, Backprop))
    monkeypatch.setattr(catalogue, "default_method", Breaking)
    monkeypatch.setattr(Breaking, "error", error, raising=False)
    viewer, dock = opened()
    assert words in ended(dock, qtbot)
    (layer,) = made(viewer)
    assert layer.data.min() >= 1
    assert layer.metadata[METADATA]["stop"]["kind"] == "failed"
    dock.view.controls.timeline.go_to(0)
    assert layer.metadata[METADATA]["shown"] == 0
    works_again(viewer, dock, qtbot)


def test_no_memory_for_the_superpixels(opened, qtbot, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    viewer, dock = opened()
    with monkeypatch.context() as patch:
        patch.setattr(Slic, "over_segment", full)
        assert "Not enough memory" in ended(dock, qtbot)
    assert made(viewer) == []
    works_again(viewer, dock, qtbot)


def test_an_unknown_device(opened, qtbot, monkeypatch):
    viewer, dock = opened()
    dock.view.setup.device.offer([("cuda:7", "cuda:7"), ("cpu", "cpu")])
    assert "'cuda:7' is not available here: use auto or cpu" in ended(dock, qtbot)
    works_again(viewer, dock, qtbot)


def test_a_device_of_the_settings_that_is_not_there_is_left_alone(
    make_napari_viewer_proxy, qtbot, monkeypatch
):
    wanted = segment.settings.Settings(device="cuda:7", threads=1)
    monkeypatch.setattr(segment.settings, "read", lambda: wanted)
    dock = SegmentDock(make_napari_viewer_proxy())
    qtbot.addWidget(dock)
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    assert dock.view.setup.device.thing == "auto"
    assert dock.view.setup.form(dock._threads).threads == 1


def test_a_full_disk_leaves_no_half_file(opened, qtbot, monkeypatch, tmp_path):
    viewer, dock = opened()
    ended(dock, qtbot)
    file = tmp_path / "kept" / "labels.tif"
    file.parent.mkdir()
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(file))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tifffile.TiffWriter.write", full)
    dock.view.result.save_labels.click()
    qtbot.waitUntil(lambda: "No space left" in dock.view.controls.error.text(), timeout=120_000)
    assert list(file.parent.iterdir()) == [], "also no hidden one under another name"
    assert made(viewer)[0].data.min() >= 1


def test_cancelled_while_superpixels_are_made(opened, qtbot, monkeypatch):
    gate, began, call = threading.Event(), threading.Event(), Slic.over_segment

    def slow(self, *args, **options):
        began.set()
        gate.wait(20)
        return call(self, *args, **options)

    viewer, dock = opened()
    monkeypatch.setattr(Slic, "over_segment", slow)
    dock.start()
    assert began.wait(120)
    dock.view.controls.stop.click()
    dock.view.controls.stop.click()
    assert not dock.live
    assert dock.view.controls.status.text() == "Ended before there were labels."
    assert made(viewer) == []
    gate.set()
    qtbot.waitUntil(lambda: not working(), timeout=120_000)
    monkeypatch.setattr(Slic, "over_segment", call)
    works_again(viewer, dock, qtbot)


def test_the_image_is_replaced_while_a_run_is_live(opened, qtbot):
    viewer, dock = opened()
    dock.view.setup.method.choose(Backprop)
    dock.view.setup.fill({"iterations": 100_000, "learning_rate": 1e-4})
    dock.start()
    qtbot.waitUntil(lambda: dock.view.controls.bar.value() > 3, timeout=120_000)
    viewer.layers["noise"].data = np.zeros((5, 5))
    shown = dock.view.controls.bar.value()
    qtbot.waitUntil(lambda: dock.view.controls.bar.value() > shown, timeout=120_000)
    dock.stop()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    assert made(viewer)[0].data.shape == (32, 32)
