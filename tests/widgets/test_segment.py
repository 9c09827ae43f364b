"""The Segment dock in a real window."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import QEvent, QObject

from napari_selfseg import catalogue
from napari_selfseg.methods import Backprop
from napari_selfseg.protocol import FewLabels, Unwanted
from napari_selfseg.protocol._estimates import _kept_trials
from napari_selfseg.replaying import replay
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.model.state import NO_IMAGE
from napari_selfseg.widgets.segment import launcher
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.work.runner import working
from napari_selfseg.widgets.work.session import Session

pytestmark = pytest.mark.viewer

QUICK = {"iterations": 6, "channels": 8, "min_labels": 1}
ENDLESS = {**QUICK, "iterations": 100_000}
NOISE = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)


class Failing(Backprop):
    title = "Failing"

    def steps(self, network, inputs):
        for t, step in enumerate(super().steps(network, inputs)):
            if t == 2:
                raise RuntimeError("the kernel is gone")
            yield step


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot, monkeypatch):
    """Open a viewer with a dock that has loaded its methods."""

    def make(image=NOISE, show=False, **settings):
        viewer = make_napari_viewer_proxy(show=show)
        if image is not None:
            viewer.add_image(image, name="noise", **settings)
        return viewer, dock_in(viewer, qtbot)

    monkeypatch.setattr(catalogue, "METHODS", (Backprop,))
    monkeypatch.setattr(catalogue, "default_method", Backprop)
    # However few labels a run on noise has left, these go on until they are stopped.
    monkeypatch.setattr(FewLabels, "stop", lambda labels, t: None)
    return make


def dock_in(viewer, qtbot):
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    dock.view.setup.superpixels.choose(Slic)
    dock.view.setup.fill_superpixels({"n_segments": 100})
    return dock


def run(dock, values):
    dock.view.setup.fill(values)
    dock.view.controls.run.click()
    assert dock.live


def results(viewer):
    return [each for each in viewer.layers if isinstance(each, Labels)]


def until_shown(dock, qtbot):
    qtbot.waitUntil(lambda: dock.view.controls.bar.value() > 3, timeout=120_000)


class Paintings(QObject):
    def __init__(self, widget):
        super().__init__(widget)
        self.seen = []
        widget.installEventFilter(self)

    def eventFilter(self, watched, event):  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            self.seen.append(watched.isEnabled())
        return False


def test_run_shows_that_it_was_pressed_before_a_layer_is_made(opened, qtbot, monkeypatch):
    _, dock = opened(show=True)
    controls, told = dock.view.controls, []
    dock.view.setup.fill(QUICK)
    qtbot.waitUntil(lambda: not (dock._guide.waiting or dock.busy), timeout=120_000)
    paintings = Paintings(controls.run)
    # A window that is not on the screen yet paints nothing, whatever it is told.
    controls.run.update()
    qtbot.waitUntil(lambda: paintings.seen != [], timeout=120_000)

    def noted(*given):
        told.extend((controls.status.text(), controls.estimate.isVisible(), paintings.seen[-1]))
        return Session(*given)

    monkeypatch.setattr(launcher, "Session", noted)
    controls.run.click()
    assert told == ["Reading the image...", True, False]
    until_ended(dock, qtbot)
    monkeypatch.undo()


def until_ended(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)


def until_no_thread(qtbot):
    qtbot.waitUntil(lambda: not working(), timeout=120_000)


def test_the_dock_opens_before_the_methods_are_there(make_napari_viewer_proxy, qtbot, monkeypatch):
    gate = threading.Event()
    load = SegmentDock.__init__.__globals__["load"]
    monkeypatch.setattr(
        "napari_selfseg.widgets.segment.dock.load", lambda: gate.wait(10) and load()
    )
    viewer = make_napari_viewer_proxy()
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock)
    assert dock.view.controls.status.text() == "Loading methods..."
    assert not dock.view.controls.run.isEnabled()
    gate.set()
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    assert dock.view.controls.run.isEnabled()
    assert dock.view.controls.status.text() == NO_IMAGE
    dock.view.controls.run.click()
    assert dock.view.controls.error.text() == NO_IMAGE
    assert not dock.live


def test_a_dock_closed_while_it_estimates_breaks_that_off(opened, qtbot, monkeypatch):
    begun, broken = threading.Event(), threading.Event()

    def slow(question):
        begun.set()
        for _ in range(1000):
            time.sleep(0.01)
            if not question.wanted():
                broken.set()
                raise Unwanted
        return pretended(question)

    pretended = _kept_trials.made
    monkeypatch.setattr(_kept_trials, "made", slow)
    viewer, dock = opened()
    qtbot.waitUntil(begun.is_set, timeout=120_000)
    viewer.window.remove_dock_widget(dock)
    until_no_thread(qtbot)
    assert broken.is_set()
    dock.deleteLater()


def test_a_dock_closed_while_it_loads_loads_when_it_is_opened_again(
    make_napari_viewer_proxy, qtbot, monkeypatch
):
    gate = threading.Event()
    load = SegmentDock.__init__.__globals__["load"]
    monkeypatch.setattr(
        "napari_selfseg.widgets.segment.dock.load", lambda: gate.wait(10) and load()
    )
    viewer = make_napari_viewer_proxy()
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock)
    viewer.window.remove_dock_widget(dock)
    gate.set()
    until_no_thread(qtbot)
    assert not dock.loaded
    viewer.window.add_dock_widget(dock)
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)


def test_methods_that_cannot_be_loaded_are_reported(make_napari_viewer_proxy, qtbot, monkeypatch):
    def broken():
        raise ImportError("no torch here")

    monkeypatch.setattr("napari_selfseg.widgets.segment.dock.load", broken)
    dock = SegmentDock(make_napari_viewer_proxy())
    qtbot.addWidget(dock)
    qtbot.waitUntil(lambda: "no torch here" in dock.view.controls.error.text(), timeout=120_000)
    assert not dock.view.controls.run.isEnabled()


def test_a_run_evolves_in_place_over_the_image(opened, qtbot):
    viewer, dock = opened(scale=(0.5, 2.0), translate=(3, 4), units=("um", "um"))
    run(dock, {**ENDLESS, "learning_rate": 1e-3})
    (layer,) = results(viewer)
    buffer = layer.data
    until_shown(dock, qtbot)
    first = buffer.copy()
    assert first.min() >= 1
    assert dock.view.controls.status.text().startswith("Iteration ")
    assert not dock.view.controls.run.isEnabled()
    dock.start()
    assert len(results(viewer)) == 1, "a second run while one is live"
    qtbot.waitUntil(lambda: (buffer != first).any(), timeout=120_000)
    dock.view.controls.stop.click()
    assert dock.view.controls.status.text().startswith("Stopping")
    until_ended(dock, qtbot)
    assert layer.data is buffer
    np.testing.assert_array_equal(layer.scale, (0.5, 2))
    np.testing.assert_array_equal(layer.translate, (3, 4))
    assert layer.units == viewer.layers["noise"].units
    assert dock.view.controls.status.text().startswith("Stopped when asked, after ")
    assert layer.metadata[METADATA]["stop"]["kind"] == "asked"
    until_no_thread(qtbot)


def test_stop_twice_keeps_the_labels_as_they_are(opened, qtbot, monkeypatch):
    closing = threading.Event()

    def slow(self, network, inputs):
        closing.set()
        while True:
            inputs.control.check()

    monkeypatch.setattr(Backprop, "freeze", slow)
    viewer, dock = opened()
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    dock.view.controls.stop.click()
    assert closing.wait(120)
    assert dock.view.controls.stop.text() == "End now"
    dock.view.controls.stop.click()
    until_ended(dock, qtbot)
    assert dock.view.controls.status.text().startswith("Ended without a closing pass")
    assert dock.view.controls.stop.text() == "Stop"
    (layer,) = results(viewer)
    assert layer.data.min() >= 1
    until_no_thread(qtbot)


def test_a_finished_run_says_so_and_another_makes_another_layer(opened, qtbot):
    viewer, dock = opened()
    run(dock, QUICK)
    until_ended(dock, qtbot)
    assert dock.view.controls.status.text() == "All 6 iterations are done."
    assert dock.view.controls.bar.value() == 6
    (first,) = results(viewer)
    kept = first.data.copy()
    run(dock, {**QUICK, "seed": 3})
    until_ended(dock, qtbot)
    assert len(results(viewer)) == 2
    np.testing.assert_array_equal(first.data, kept)
    assert not first.visible
    assert dock._looks._legend._layer == results(viewer)[-1], "the legend is of the last"


def test_the_dock_gives_the_labels_of_a_script(opened, qtbot):
    viewer, dock = opened()
    dock.view.setup.precision.choose("float32")
    run(dock, QUICK)
    until_ended(dock, qtbot)
    (layer,) = results(viewer)
    again = replay(layer.metadata[METADATA], NOISE)
    np.testing.assert_array_equal(layer.data, again)


def test_an_error_is_a_sentence_in_the_dock_and_leaves_no_layer(opened, qtbot):
    image = NOISE.astype(float)
    image[0, 0] = np.nan
    viewer, dock = opened(image)
    run(dock, QUICK)
    until_ended(dock, qtbot)
    assert "NaN" in dock.view.controls.error.text()
    assert dock.view.controls.error.isVisibleTo(dock)
    assert results(viewer) == []
    assert dock.view.controls.run.isEnabled()


def test_a_method_that_raises_is_reported_and_its_labels_kept(opened, qtbot, monkeypatch):
    monkeypatch.setattr(catalogue, "METHODS", (Failing,))
    monkeypatch.setattr(catalogue, "default_method", Failing)
    viewer, dock = opened()
    run(dock, QUICK)
    until_ended(dock, qtbot)
    assert (
        dock.view.controls.error.text() == "The run failed after 2 iterations: the kernel is gone"
    )
    (layer,) = results(viewer)
    assert layer.data.min() >= 1
    assert layer.metadata[METADATA]["stop"]["kind"] == "failed"


def test_closing_the_dock_ends_the_run_and_keeps_the_labels(opened, qtbot):
    viewer, dock = opened()
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    viewer.window.remove_dock_widget(dock)
    assert not dock.live
    until_no_thread(qtbot)
    (layer,) = results(viewer)
    assert layer.data.min() >= 1
    assert layer.editable
    assert layer.metadata[METADATA]["shown"] > 0
    viewer.add_image(NOISE, name="late")
    assert dock.view.setup.image.count() == 1, "a closed dock follows the layers no longer"
    viewer.layers.clear()  # reaches no handler of the closed dock
    dock.deleteLater()


def test_closing_the_viewer_ends_the_run(opened, qtbot):
    viewer, dock = opened()
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    viewer.close()
    until_no_thread(qtbot)


def test_closing_the_window_ends_the_run(opened, qtbot):
    viewer, dock = opened(show=True)
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    dock.window().hide()  # all that a dock hears when the user closes the window
    assert not dock.live
    until_no_thread(qtbot)
    assert len(results(viewer)) == 1


def test_floating_the_dock_leaves_the_run_alone(opened, qtbot):
    _viewer, dock = opened(show=True)
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    frame = dock.parent()
    for floating in (True, False):
        frame.setFloating(floating)
        qtbot.wait(100)
        assert dock.live
    dock.stop()
    until_ended(dock, qtbot)


def test_removing_the_image_ends_the_run_and_keeps_the_labels(opened, qtbot):
    viewer, dock = opened()
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    viewer.layers.remove(viewer.layers["noise"])
    until_ended(dock, qtbot)
    assert dock.view.controls.status.text().startswith("Ended: the image layer was removed")
    (layer,) = results(viewer)
    assert layer.metadata[METADATA]["stop"]["kind"] == "abandoned"
    until_no_thread(qtbot)


def test_removing_another_layer_leaves_the_run_alone(opened, qtbot):
    viewer, dock = opened()
    viewer.add_image(NOISE, name="other")
    viewer.layers.selection.active = viewer.layers["noise"]
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    viewer.layers.remove("other")
    shown = dock.view.controls.bar.value()
    qtbot.waitUntil(lambda: dock.view.controls.bar.value() > shown + 3, timeout=120_000)
    dock.stop()
    until_ended(dock, qtbot)
    assert dock.view.controls.status.text().startswith("Stopped when asked, after ")


def test_removing_the_labels_ends_the_run(opened, qtbot):
    viewer, dock = opened()
    run(dock, ENDLESS)
    until_shown(dock, qtbot)
    viewer.layers.remove(results(viewer)[0])
    assert not dock.live
    assert dock.view.controls.status.text() == "Ended: the labels layer was removed."
    assert dock.view.controls.run.isEnabled()
    until_no_thread(qtbot)


def test_two_docks_run_at_once(opened, qtbot):
    viewer, dock = opened()
    other = dock_in(viewer, qtbot)
    until_no_thread(qtbot)
    run(dock, ENDLESS)
    run(other, ENDLESS)
    until_shown(dock, qtbot)
    until_shown(other, qtbot)
    dock.stop()
    until_ended(dock, qtbot)
    assert other.live
    other.stop()
    until_ended(other, qtbot)
    assert len(results(viewer)) == 2
    until_no_thread(qtbot)


def test_choosers_follow_the_layers(opened, qtbot):
    viewer, dock = opened()
    viewer.add_image(NOISE, name="second")
    image, subject = dock.view.setup.image, dock.view.controls.subject
    assert (image.currentText(), subject.text()) == ("second", "Image: second")
    viewer.layers.selection.active = viewer.layers["noise"]
    assert (image.currentText(), subject.text()) == ("noise", "Image: noise")
    viewer.layers["noise"].name = "renamed"
    assert (image.currentText(), subject.text()) == ("renamed", "Image: renamed")
    viewer.layers.selection = set(viewer.layers)
    assert image.currentText() == "renamed", "several are selected"
    viewer.add_labels(np.ones((64, 64), int), name="mine")
    dock.view.setup.superpixels.choose(viewer.layers["mine"])
    assert dock.view.setup.superpixels.currentText() == "Layer: mine"
    assert image.currentText() == "renamed", "labels are selected"
    viewer.layers.remove("renamed")
    assert (image.currentText(), subject.text()) == ("second", "Image: second")
    viewer.layers.remove("mine")
    assert dock.view.setup.superpixels.currentText() == "As the method suggests"


def test_labels_layers_of_another_shape(opened):
    viewer, dock = opened()
    mine = viewer.add_labels(np.ones((8, 9), int), name="mine")
    setup = dock.view.setup
    for what in ("superpixels", "void", "scribbles"):
        chooser = setup.region.void if what == "void" else getattr(setup, what)
        before = chooser.thing
        chooser.choose(mine)
        dock.view.controls.run.click()
        word = {"void": "mask"}.get(what, what)
        assert f"The {word} layer mine has shape (8, 9)" in dock.view.controls.error.text()
        assert not dock.live
        chooser.choose(before)
    assert results(viewer) == [mine]


def test_a_plane_of_a_volume(opened, qtbot):
    viewer, dock = opened(np.stack([NOISE] * 3), scale=(5, 1, 1))
    assert dock.view.setup.stack.part.isVisibleTo(dock)
    dock.view.setup.stack.part.choose("plane")
    run(dock, QUICK)
    until_ended(dock, qtbot)
    (layer,) = results(viewer)
    assert layer.data.shape == (1, 64, 64)
    assert layer.translate[0] == 5 * viewer.dims.current_step[0] > 0


def test_reset_brings_the_defaults_back(opened):
    _, dock = opened()
    dock.view.setup.fill(ENDLESS)
    dock.view.setup.reset.click()
    assert dock.view.setup.form(1).values == Backprop().model_dump()


def test_the_demo_is_live_by_itself(make_napari_viewer_proxy, qtbot):
    from napari_selfseg.widgets.demo import show_demo

    viewer, dock = show_demo(make_napari_viewer_proxy())
    qtbot.waitUntil(lambda: dock.live, timeout=120_000)
    title = catalogue.default_method().title
    assert [each.name for each in viewer.layers] == ["Histology", f"Histology [{title}]"]
    viewer.window.remove_dock_widget(dock)
    until_no_thread(qtbot)
    dock.deleteLater()
