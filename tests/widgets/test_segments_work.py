"""Segments in the Segment dock, during a run and after it, in a real window."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QApplication

from napari_selfseg import catalogue, read_record
from napari_selfseg.methods import Backprop
from napari_selfseg.protocol import Run
from napari_selfseg.replaying import replay
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.segment import keep_actions
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.work.agreement import Agreements

pytestmark = pytest.mark.viewer

QUICK = {"iterations": 6, "channels": 8, "min_labels": 1}
ENDLESS = {**QUICK, "iterations": 100_000, "learning_rate": 1e-3}
NOISE = np.random.default_rng(0).integers(0, 255, (48, 64)).astype(np.uint8)


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot, monkeypatch):
    """Open a viewer with a dock that has loaded its methods."""
    monkeypatch.setattr(catalogue, "METHODS", (Backprop,))
    monkeypatch.setattr(catalogue, "default_method", Backprop)

    def make(image=NOISE, **settings):
        viewer = make_napari_viewer_proxy()
        viewer.add_image(image, name="noise", **settings)
        dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(dock, name="Segment", area="right")
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        dock.view.setup.precision.choose("float32")
        dock.view.setup.superpixels.choose(Slic)
        dock.view.setup.fill_superpixels({"n_segments": 100})
        dock.view.setup.fill(QUICK)
        return viewer, dock

    return make


def begin(dock, **values):
    dock.view.setup.fill(values)
    dock.start()
    assert dock.live, dock.view.controls.error.text()


def ran(dock, qtbot, **values):
    begin(dock, **values)
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)


def labels_of(viewer):
    (layer,) = (each for each in viewer.layers if isinstance(each, Labels) and each.visible)
    return layer


def until_cut(viewer, qtbot, n_segments):
    """Wait until a cut is shown and settled."""

    def shown():
        record = labels_of(viewer).metadata.get(METADATA, {})
        assert record.get("cut", {}).get("n_segments") == n_segments, record.get("cut")

    qtbot.waitUntil(shown, timeout=120_000)


def until_segments(dock, qtbot):
    granularity = dock.view.controls.shown.granularity
    qtbot.waitUntil(granularity.borders.isEnabled, timeout=120_000)
    return granularity


def until_said(dock, qtbot, words):
    def said():
        texts = (dock.view.controls.status.text(), dock.view.controls.error.text())
        assert any(words in each for each in texts), texts

    qtbot.waitUntil(said, timeout=120_000)


def test_segments_after_a_run_are_cut_as_the_slider_moves(opened, qtbot, monkeypatch, tmp_path):
    viewer, dock = opened()
    shown = dock.view.controls.shown
    assert not shown.segments.isVisibleTo(dock)
    ran(dock, qtbot)
    layer = labels_of(viewer)
    classes = layer.data.copy()
    assert shown.segments.isVisibleTo(dock)
    shown.segments.click()
    granularity = until_segments(dock, qtbot)
    run = dock._results.outcome.run
    automatic = run.hierarchy().automatic
    until_cut(viewer, qtbot, automatic)
    assert granularity.automatic.text() == f"Automatic: {automatic}"
    assert granularity.automatic.isChecked()
    assert not shown.timeline.isVisibleTo(dock)
    assert dock.view.result.kind.currentText() == "Segments"

    granularity.slider.setValue(11)
    assert granularity.number.value() == 12
    until_cut(viewer, qtbot, 12)
    assert not granularity.automatic.isChecked()
    np.testing.assert_array_equal(layer.data, run.cut(12))
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], NOISE), layer.data)
    QApplication.clipboard().clear()
    dock.view.result.copy.click()
    until_said(dock, qtbot, "clipboard")
    assert "labels = run.cut(12)" in QApplication.clipboard().text()

    dock.view.result.measure.click()
    until_said(dock, qtbot, "12 rows, in the table below")
    table = layer.features
    most = [np.bincount(classes[layer.data == each]).argmax() for each in table["index"]]
    assert table["class"].tolist() == most
    assert most != table["index"].tolist(), "test invalid"

    file = tmp_path / "labels.tif"
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(file))
    dock.view.result.save_labels.click()
    until_said(dock, qtbot, f"Saved: {file}")
    np.testing.assert_array_equal(replay(read_record(file), NOISE), layer.data)

    dock.view.result.smallest.setValue(60)
    wanted = {"connected": False, "minimum_size": 60}
    qtbot.waitUntil(lambda: layer.metadata[METADATA].get("objects") == wanted, timeout=120_000)
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], NOISE), layer.data)
    dock.view.result.smallest.setValue(0)

    granularity.automatic.click()
    until_cut(viewer, qtbot, automatic)
    shown.classes.click()
    np.testing.assert_array_equal(layer.data, classes)
    assert "cut" not in layer.metadata[METADATA]
    assert dock.view.result.kind.currentText() == "Classes"


def test_segments_follow_a_live_run_and_classes_come_back(opened, qtbot):
    viewer, dock = opened()
    begin(dock, **ENDLESS)
    shown = dock.view.controls.shown
    shown.segments.click()
    granularity = until_segments(dock, qtbot)
    first = granularity.note.text()
    granularity.number.setValue(9)
    layer = labels_of(viewer)
    qtbot.waitUntil(lambda: layer.data.max() == 9, timeout=120_000)
    qtbot.waitUntil(lambda: granularity.note.text() != first, timeout=120_000)
    assert layer.data.max() == 9
    shown.classes.click()
    record = dock._live.session._record
    assert "cut" not in record
    shown.segments.click()
    assert layer.data.max() == 9
    # Closed as it is, the layer keeps what it shows, and the record says how to make it again.
    viewer.window.remove_dock_widget(dock)
    record = layer.metadata[METADATA]
    assert record["cut"] == {"n_segments": 9}
    assert record["stop"] is None
    np.testing.assert_array_equal(replay(record, NOISE), layer.data)
    dock.deleteLater()


def test_segments_shown_during_a_run_are_those_of_all_iterations_at_its_end(opened, qtbot):
    viewer, dock = opened()
    begin(dock, **ENDLESS)
    dock.view.controls.shown.segments.click()
    granularity = until_segments(dock, qtbot)
    granularity.number.setValue(9)
    dock.stop()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
    until_cut(viewer, qtbot, 9)
    layer, run = labels_of(viewer), dock._results.outcome.run
    assert layer.metadata[METADATA]["stop"]["kind"] == "asked"
    np.testing.assert_array_equal(layer.data, run.cut(9))
    assert dock.view.controls.status.text().startswith("Stopped when asked, after ")


def test_nothing_is_made_while_classes_are_shown(opened, qtbot, monkeypatch):
    made = []
    make = Agreements.__call__
    monkeypatch.setattr(Agreements, "__call__", lambda *args: made.append(1) or make(*args))
    _, dock = opened()
    ran(dock, qtbot)
    qtbot.wait(300)
    assert not made
    dock.view.controls.shown.segments.click()
    until_segments(dock, qtbot)
    dock.view.controls.shown.classes.click()
    dock.view.controls.shown.segments.click()
    qtbot.wait(300)
    assert len(made) == 1, "what is known is not made again"


def test_a_plane_of_a_stack_without_superpixels(opened, qtbot):
    stack = np.stack([NOISE] * 3)
    viewer, dock = opened(stack, scale=(5, 2, 2), translate=(0, 1, 3), units=("um",) * 3)
    dock.view.setup.superpixels.setCurrentIndex(0)
    dock.view.setup.stack.part.choose("plane")
    dock.view.setup.region.area.choose("view")
    viewer.layers["noise"].corner_pixels = np.array([[1, 0, 8], [1, 39, 63]])
    ran(dock, qtbot, variant="continuity")
    layer = labels_of(viewer)
    assert layer.data.shape == (1, 40, 56)
    dock.view.controls.shown.segments.click()
    granularity = until_segments(dock, qtbot)
    granularity.number.setValue(300)
    until_cut(viewer, qtbot, 300)
    assert layer.data.dtype == np.uint16
    record = layer.metadata[METADATA]
    assert record["cut"]["superpixels"] == catalogue.PIECES.as_dict()
    again = replay(record, stack[1, :40, 8:])
    np.testing.assert_array_equal(again, layer.data[0])
    granularity.number.setValue(20)
    until_cut(viewer, qtbot, 20)
    assert layer.data.dtype == np.uint8

    for _ in range(2):
        granularity.borders.click()
        qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
    borders = viewer.layers["noise [border confidence]"]
    assert len(viewer.layers) == 3, "one layer, however often it is asked for"
    np.testing.assert_array_equal(borders.extent.world, layer.extent.world)
    assert borders.units == layer.units
    assert tuple(borders.contrast_limits) == (0, 1)
    expected = dock._segments.cut.agreement.hierarchy.borders()
    np.testing.assert_array_equal(borders.data[0], expected)


def test_labels_painted_by_hand_outlive_the_slider(opened, qtbot):
    viewer, dock = opened()
    ran(dock, qtbot)
    dock.view.controls.shown.segments.click()
    granularity = until_segments(dock, qtbot)
    granularity.number.setValue(12)
    until_cut(viewer, qtbot, 12)
    layer = labels_of(viewer)
    layer.paint((10, 10), 3)
    painted = layer.data.copy()
    granularity.number.setValue(5)
    until_cut(viewer, qtbot, 5)
    np.testing.assert_array_equal(layer.data, painted)
    assert layer.metadata[METADATA]["edits"]
    assert "The labels you edited are in" in dock.view.controls.status.text()
    assert labels_of(viewer) != layer


def test_segments_that_cannot_be_made_are_one_sentence(opened, qtbot, monkeypatch):
    def broken(self, moment):
        raise ValueError("The labels of this run were lost.")

    monkeypatch.setattr(Agreements, "__call__", broken)
    viewer, dock = opened()
    ran(dock, qtbot)
    classes = labels_of(viewer).data.copy()
    shown = dock.view.controls.shown
    shown.segments.click()
    until_said(dock, qtbot, "were lost")
    assert dock.view.controls.error.isVisibleTo(dock)
    assert shown.classes.isChecked()
    np.testing.assert_array_equal(labels_of(viewer).data, classes)


def test_an_answer_that_comes_for_a_run_before_is_dropped(opened, qtbot, monkeypatch):
    gates, begun, make = [threading.Event(), threading.Event()], [], Agreements.__call__

    def gated(self, moment):
        begun.append(self)
        gates[len(begun) - 1].wait(20)
        return make(self, moment)

    monkeypatch.setattr(Agreements, "__call__", gated)
    viewer, dock = opened()
    ran(dock, qtbot)
    dock.view.controls.shown.segments.click()
    first = labels_of(viewer)
    kept = first.data.copy()
    ran(dock, qtbot, seed=4)
    layer = labels_of(viewer)
    assert "cut" not in layer.metadata[METADATA]
    gates[0].set()
    qtbot.waitUntil(lambda: len(begun) == 2, timeout=120_000)
    assert dock._segments.cut is None
    gates[1].set()
    until_segments(dock, qtbot)
    np.testing.assert_array_equal(first.data, kept)
    assert layer.metadata[METADATA]["method"]["seed"] == 4
    np.testing.assert_array_equal(layer.data, dock._results.outcome.run.cut())


def test_a_removed_layer_takes_the_switch_along(opened, qtbot):
    viewer, dock = opened()
    ran(dock, qtbot)
    shown = dock.view.controls.shown
    shown.segments.click()
    until_segments(dock, qtbot)
    viewer.layers.remove(labels_of(viewer))
    assert not shown.segments.isVisibleTo(dock)
    assert not shown.granularity.isVisibleTo(dock)
    assert dock._segments.cut is None


def settled(layer, qtbot, outlines, **cut):
    """Wait until labels with some outlines are shown."""

    def shown():
        made = layer.metadata[METADATA]
        assert made["method"]["outlines"] == outlines
        assert cut.items() <= (made.get("cut") or {}).items()

    qtbot.waitUntil(shown, timeout=120_000)


def test_outlines_follow_once_the_slider_rests(opened, qtbot, monkeypatch):
    viewer, dock = opened()
    finished = threading.Event()
    original = Run.outlined

    def slow(run, labels, *, outlines=None, **more):
        if outlines == "image":
            assert threading.current_thread() is not threading.main_thread()
            assert finished.wait(60)
        return original(run, labels, outlines=outlines, **more)

    begin(dock, outlines="image")
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    layer, run = labels_of(viewer), dock._results.outcome.run
    result, shown = dock.view.result, dock.view.controls.shown
    assert result.outlines.thing == "image"
    np.testing.assert_array_equal(layer.data, run.labels())
    assert (run.labels() != run.labels(outlines="superpixels")).any(), "test invalid"
    settled(layer, qtbot, "image")

    monkeypatch.setattr(Run, "outlined", slow)
    shown.segments.click()
    granularity = until_segments(dock, qtbot)
    for place in (5, 9, 11):
        # What is dragged shows at once, however long outlines take, and its record is true.
        granularity.slider.setValue(place)
        settled(layer, qtbot, "superpixels", n_segments=place + 1)
        plain = run.cut(place + 1, outlines="superpixels")
        np.testing.assert_array_equal(layer.data, plain)
    finished.set()
    settled(layer, qtbot, "image", n_segments=12)
    np.testing.assert_array_equal(layer.data, original(run, plain, outlines="image"))
    assert (layer.data != plain).any(), "test invalid"
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], NOISE), layer.data)

    result.outlines.choose("superpixels")
    settled(layer, qtbot, "superpixels", n_segments=12)
    np.testing.assert_array_equal(layer.data, plain)
    assert dock.view.setup.form(1).values["outlines"] == "superpixels"
    shown.classes.click()
    assert "cut" not in layer.metadata[METADATA]


def test_a_live_run_shows_superpixels_and_its_record_says_so(opened, qtbot):
    _, dock = opened()
    begin(dock, **ENDLESS, outlines="image")
    layer = dock._live.session.layer
    qtbot.waitUntil(lambda: dock._live.session.begun, timeout=120_000)
    assert dock._live.session._record["method"]["outlines"] == "superpixels"
    dock.stop()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    settled(layer, qtbot, "image")
    np.testing.assert_array_equal(layer.data, dock._results.outcome.run.labels())


def test_outlines_that_cannot_be_made_are_said_and_others_still_are(opened, qtbot, monkeypatch):
    viewer, dock = opened()
    ran(dock, qtbot)
    layer = labels_of(viewer)
    before = layer.data.copy()
    with monkeypatch.context() as patch:
        patch.setattr(Run, "outlined", refuse)
        dock.view.result.outlines.choose("image")
        until_said(dock, qtbot, "no outlines today")
    np.testing.assert_array_equal(layer.data, before)
    settled(layer, qtbot, "superpixels")
    dock.view.result.outlines.choose("superpixels")
    dock.view.result.outlines.choose("image")
    settled(layer, qtbot, "image")


def refuse(run, labels, *, outlines=None, **more):
    if outlines == "image":
        raise ValueError("There are no outlines today.")
    return labels
