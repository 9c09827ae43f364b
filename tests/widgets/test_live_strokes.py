"""Strokes act on the segments of a run while they are drawn, in a real window."""

from __future__ import annotations

import ast
import threading
import time

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QApplication

from napari_selfseg import catalogue, record
from napari_selfseg.consensus import Consensus
from napari_selfseg.hierarchy import Hierarchy
from napari_selfseg.methods import Backprop
from napari_selfseg.replaying import replay
from napari_selfseg.widgets.canvas.drawing_layers import NAMES
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.work import binder

pytestmark = pytest.mark.viewer

SHAPE = (48, 64)


def picture():
    """Two halves, one with a patch."""
    image = 0.1 * np.random.default_rng(0).random(SHAPE)
    image[:, 32:] += 0.5
    image[10:30, 8:20] += 0.3
    return image


@pytest.fixture
def ran(make_napari_viewer_proxy, qtbot, monkeypatch):
    """A window with the labels of a run, and an empty scribbles layer."""

    def make(method=Consensus, **values):
        monkeypatch.setattr(catalogue, "METHODS", (method,))
        monkeypatch.setattr(catalogue, "default_method", method)
        viewer = make_napari_viewer_proxy()
        viewer.add_image(picture(), name="picture")
        dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(dock, name="Segment", area="right")
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        dock.view.setup.precision.choose("float32")
        dock.view.setup.fill(values)
        run(dock, qtbot)
        dock.view.setup.new_scribbles.click()
        return viewer, dock, viewer.layers["picture scribbles"]

    return make


def run(dock, qtbot):
    dock.start()
    assert dock.live, dock.view.controls.error.text()
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)  # a consensus shows segments


def result(dock):
    return dock._results.outcome.layer


def strokes_of(dock):
    return (result(dock).metadata[METADATA].get("cut") or {}).get("scribbles")


def until_bound(dock, qtbot, drawn):
    """Wait until the record says what is drawn."""

    def bound():
        found = strokes_of(dock)
        assert found is not None
        assert np.array_equal(found, drawn)

    qtbot.waitUntil(bound, timeout=60_000)


def assert_as_drawn(labels, drawn):
    np.testing.assert_array_equal(labels[drawn > 0], drawn[drawn > 0])


def assert_replayed(layer):
    made = record.loads(record.dumps(layer.metadata[METADATA]))
    np.testing.assert_array_equal(replay(made, picture()), layer.data)


def test_a_stroke_shows_at_once_and_undone_it_is_gone(ran, qtbot):
    _viewer, dock, scribbles = ran()
    layer = result(dock)
    assert layer.visible, "one has to see what follows"
    shown, before = dock.view.controls.shown, layer.data.copy()
    count = len(np.unique(before))
    scribbles.paint((20, 12), 7)
    until_bound(dock, qtbot, scribbles.data)
    assert shown.segments.isChecked()
    assert dock._results.outcome.layer is layer
    assert_as_drawn(layer.data, scribbles.data)
    assert layer.data[20, 12] == 7
    assert "Your strokes" in shown.granularity.note.text()
    assert shown.granularity.automatic.isChecked() or shown.granularity.number.value() == count
    np.testing.assert_allclose(layer.get_color(7), scribbles.get_color(7))
    assert_replayed(layer)

    # The same again with another class in the same superpixel, and at every place of the slider.
    scribbles.paint((20, 17), 3)
    until_bound(dock, qtbot, scribbles.data)
    for place in range(shown.granularity.slider.maximum() + 1):
        shown.granularity.slider.setValue(place)
        wanted = shown.granularity.number.value()

        def cut(wanted=wanted):
            assert layer.metadata[METADATA]["cut"]["n_segments"] == wanted

        qtbot.waitUntil(cut, timeout=60_000)
        assert_as_drawn(layer.data, scribbles.data)
    assert place > 1, "test invalid"
    assert_replayed(layer)
    script = copied(dock, qtbot)
    ast.parse(script)
    assert ".bound(drawn_later).cut(" in script

    number = shown.granularity.number.value()
    scribbles.undo()
    until_bound(dock, qtbot, scribbles.data)
    assert shown.granularity.number.value() == min(number, shown.granularity.number.maximum())
    scribbles.undo()
    assert not scribbles.data.any()
    qtbot.waitUntil(lambda: strokes_of(dock) is None, timeout=60_000)
    shown.granularity.automatic.click()
    plain = dock._results.outcome.run.cut()
    qtbot.waitUntil(lambda: np.array_equal(layer.data, plain), timeout=60_000)
    np.testing.assert_array_equal(layer.data, before)


def test_outlines_that_follow_the_image_keep_what_is_drawn(ran, qtbot):
    _, dock, scribbles = ran(outlines="image")
    layer = result(dock)

    def settled():
        assert layer.metadata[METADATA]["method"]["outlines"] == "image"

    qtbot.waitUntil(settled, timeout=60_000)
    for at, number in (((20, 12), 7), ((20, 19), 3), ((29, 20), 3)):
        scribbles.paint(at, number)
        until_bound(dock, qtbot, scribbles.data)
        assert_as_drawn(layer.data, scribbles.data)
        qtbot.waitUntil(settled, timeout=60_000)
        until_bound(dock, qtbot, scribbles.data)
        assert_as_drawn(layer.data, scribbles.data)
        assert_replayed(layer)


def copied(dock, qtbot):
    QApplication.clipboard().clear()
    dock.view.result.copy.click()
    qtbot.waitUntil(lambda: bool(QApplication.clipboard().text()), timeout=60_000)
    return QApplication.clipboard().text()


def test_a_layer_chosen_later_acts_and_one_taken_away_does_no_more(ran, qtbot):
    viewer, dock, _scribbles = ran()
    dock.view.setup.scribbles.choose(None)
    other = np.zeros(SHAPE, np.uint8)
    other[5, 3:20], other[40, 40:60] = 4, 2
    layer = viewer.add_labels(other, name="drawn elsewhere")
    layer.metadata[NAMES] = {4: "LEFT", 2: "RIGHT"}
    qtbot.wait(200)
    assert strokes_of(dock) is None
    dock.view.setup.scribbles.choose(layer)
    until_bound(dock, qtbot, other)
    assert_as_drawn(result(dock).data, other)
    dock.view.result.measure.click()
    qtbot.waitUntil(lambda: "name" in result(dock).features, timeout=60_000)
    table = result(dock).features
    assert set(table["name"]) >= {"LEFT", "RIGHT"}
    layer.data = np.roll(other, 1, axis=0)
    until_bound(dock, qtbot, layer.data)
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: strokes_of(dock) is None, timeout=60_000)


def test_labels_are_no_strokes_on_themselves_nor_is_what_does_not_fit(ran, qtbot):
    viewer, dock, _scribbles = ran()
    small = viewer.add_labels(np.ones((5, 5), np.uint8), name="small")
    for each in (result(dock), small):
        dock.view.setup.scribbles.choose(each)
        each.data = each.data.copy()
        qtbot.wait(200)
        assert strokes_of(dock) is None
        assert not dock.view.controls.error.isVisible()


def test_strokes_of_the_run_itself_change_nothing_and_more_go_with_them(ran, qtbot):
    _viewer, dock, scribbles = ran()
    scribbles.paint((5, 5), 1)
    scribbles.paint((5, 50), 2)
    run(dock, qtbot)
    qtbot.wait(200)
    assert strokes_of(dock) is None
    assert_as_drawn(result(dock).data, scribbles.data)
    scribbles.paint((40, 5), 5)
    until_bound(dock, qtbot, scribbles.data)
    assert_as_drawn(result(dock).data, scribbles.data)
    assert_replayed(result(dock))
    scribbles.data = np.zeros(SHAPE, np.uint8)  # all erased
    until_bound(dock, qtbot, scribbles.data)
    assert_replayed(result(dock))
    assert dock._results.outcome.drawn == frozenset()


def test_classes_of_a_network_stay_until_segments_are_shown(ran, qtbot):
    _viewer, dock, scribbles = ran(Backprop, iterations=4, channels=8)
    before = result(dock).data.copy()
    assert not result(dock).visible
    scribbles.paint((5, 5), 3)
    qtbot.wait(200)
    np.testing.assert_array_equal(result(dock).data, before)
    dock.view.controls.shown.segments.click()
    until_bound(dock, qtbot, scribbles.data)
    assert_as_drawn(result(dock).data, scribbles.data)
    scribbles.paint((40, 50), 6)
    until_bound(dock, qtbot, scribbles.data)
    assert_replayed(result(dock))
    dock.view.controls.shown.classes.click()
    np.testing.assert_array_equal(result(dock).data, before)


def test_what_takes_long_is_bound_aside_and_only_the_newest_strokes_follow(ran, qtbot, monkeypatch):
    _viewer, dock, scribbles = ran()
    bind, where = Hierarchy.bound, []

    def slowly(self, drawn):
        where.append((threading.current_thread() is threading.main_thread(), int(drawn.max())))
        busy_until = time.thread_time() + 0.3
        while time.thread_time() < busy_until:
            time.sleep(0)
        return bind(self, drawn)

    monkeypatch.setattr(binder, "QUICK", 0.2)
    monkeypatch.setattr(Hierarchy, "bound", slowly)
    scribbles.paint((5, 5), 1)
    until_bound(dock, qtbot, scribbles.data)
    for number in range(2, 9):  # while the first of them is bound
        dock._segments._free = 0.0  # no rest between them
        scribbles.paint((5 + 4 * number, 40), number)
        qtbot.wait(10)
    until_bound(dock, qtbot, scribbles.data)
    assert where[0] == (True, 1)
    assert not any(main for main, _ in where[1:])
    assert [number for _, number in where][-1] == 8
    assert 2 <= len(where) < 7


def test_a_drag_is_bound_some_times_and_at_its_end(ran, qtbot, monkeypatch):
    _viewer, dock, scribbles = ran()
    bind, bound = Hierarchy.bound, []
    monkeypatch.setattr(Hierarchy, "bound", lambda *each: (bound.append(1), bind(*each))[1])
    for x in range(2, 60):
        scribbles.paint((40, x), 1)
        if x % 5 == 0:
            QApplication.processEvents()
    until_bound(dock, qtbot, scribbles.data)
    assert 1 <= len(bound) < 20
    assert isinstance(scribbles, Labels)


def test_a_failure_is_said_and_the_next_stroke_counts(ran, qtbot, monkeypatch):
    _viewer, dock, scribbles = ran()
    monkeypatch.setattr(binder, "QUICK_PIXELS", 0)
    bind = Hierarchy.bound

    def fails(self, drawn):
        monkeypatch.setattr(Hierarchy, "bound", bind)
        raise MemoryError

    monkeypatch.setattr(Hierarchy, "bound", fails)
    scribbles.paint((5, 5), 1)
    error = dock.view.controls.error
    qtbot.waitUntil(lambda: "not enough memory" in error.text(), timeout=60_000)
    scribbles.paint((5, 50), 2)
    until_bound(dock, qtbot, scribbles.data)


def test_what_was_drawn_during_the_run_counts_at_its_end(ran, qtbot):
    _viewer, dock, scribbles = ran()
    finished = dock._live._finished

    def drawing(*told):
        scribbles.paint((5, 5), 3)
        QApplication.processEvents()
        finished(*told)

    dock._live._finished = drawing
    run(dock, qtbot)
    until_bound(dock, qtbot, scribbles.data)
    assert_as_drawn(result(dock).data, scribbles.data)
    assert_replayed(result(dock))
