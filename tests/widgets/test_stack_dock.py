"""Stacks in the Segment dock, in a real window."""

from __future__ import annotations

import threading

import dask.array
import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QApplication

from napari_selfseg import replay_stack
from napari_selfseg.methods import Backprop
from napari_selfseg.scale import StackRun
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.canvas import label_storage as rooms
from napari_selfseg.widgets.canvas import temporary_folder as lease
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.canvas.plane_rows import rows_of
from napari_selfseg.widgets.editing import table_actions
from napari_selfseg.widgets.editing.table_dock import NAME
from napari_selfseg.widgets.large.stack_job import StackJob
from napari_selfseg.widgets.model.words import READING, STACK_BEGINS, TRYING
from napari_selfseg.widgets.segment import keep_actions
from napari_selfseg.widgets.segment.dock import SegmentDock

pytestmark = pytest.mark.viewer

Y, X = np.mgrid[:28, :36]
FILM = np.stack([(Y - 14) ** 2 + (X - 8 - 2 * k) ** 2 < 36 for k in range(6)]) * 100.0
FILM += np.random.default_rng(0).normal(scale=3, size=FILM.shape)
QUICK = {"iterations": 15, "channels": 8, "min_labels": 2, "seed": 2}


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot):
    """Open a viewer with a film and a dock that is set up for all of it."""

    def make(image=FILM, **settings):
        viewer = make_napari_viewer_proxy()
        axes = ("t", "y", "x")
        viewer.add_image(image, **{"name": "film", "axis_labels": axes, **settings})
        dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(dock, name="Segment", area="right")
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        setup = dock.view.setup
        setup.method.choose(Backprop)
        setup.precision.choose("float32")
        setup.superpixels.choose(Slic)
        setup.fill_superpixels({"n_segments": 80})
        setup.fill(QUICK)
        setup.stack.part.choose("whole")
        return viewer, dock

    return make


@pytest.fixture
def held(monkeypatch):
    """Let the worker make so many steps, and then wait until the window lets it go on."""
    gate = threading.Semaphore(0)
    gate.asked = gate.given = 0
    plain = StackRun.__next__

    def gated(run):
        gate.asked += 1
        gate.acquire(timeout=120)
        return plain(run)

    monkeypatch.setattr(StackRun, "__next__", gated)
    yield gate
    gate.release(10_000)


def labels_of(viewer):
    return next(each for each in viewer.layers if isinstance(each, Labels))


def until_said(dock, qtbot, held, words):
    """Let the worker make steps until the window says something; it reads each of them."""
    job = dock._live.session._job

    def said():
        # One step at a time, and only once the window has read the one before.
        if job.mailbox.empty and held.asked > held.given:
            held.given += 1
            held.release()
        return words in dock.view.controls.status.text()

    qtbot.waitUntil(said, timeout=120_000)


def finished(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    return dock.view.controls.status.text()


def test_a_film_goes_plane_by_plane_and_keeps_ids_scale_and_units(opened, qtbot, stages):
    heard = stages(StackJob)
    placing = {"scale": (1, 0.5, 0.5), "translate": (0, 3, 4), "units": ("s", "um", "um")}
    viewer, dock = opened(**placing)
    assert dock.view.setup.stack.way.thing == "independent"
    viewer.dims.set_point(0, 3)
    dock.start()
    assert finished(dock, qtbot) == "All 6 planes are done."
    assert heard == [READING, TRYING, STACK_BEGINS[0]]
    layer, source = labels_of(viewer), viewer.layers["film"]
    np.testing.assert_array_equal(layer.extent.world, source.extent.world)
    assert layer.units == source.units
    assert layer.editable
    discs = [int(layer.data[k, 14, 8 + 2 * k]) for k in range(6)]
    grounds = [int(plane[1, 34]) for plane in layer.data]
    assert len(set(discs)) == len(set(grounds)) == 1
    assert discs != grounds
    record = layer.metadata[METADATA]
    assert record["stack"]["order"][0] == 3, "the plane in view comes first"
    np.testing.assert_array_equal(replay_stack(record, FILM), layer.data)


def test_the_plane_at_work_is_shown_where_it_is_in_view_and_stopped_ones_are_continued(
    opened, qtbot, held
):
    viewer, dock = opened()
    viewer.dims.set_point(0, 2)
    dock.start()
    layer = labels_of(viewer)
    assert not layer.editable
    until_said(dock, qtbot, held, "t 2: iteration 1 ")
    evolving = np.array(layer.data[2])
    assert evolving.any()
    viewer.dims.set_point(0, 1)
    until_said(dock, qtbot, held, "t 1: iteration")
    assert (layer.data[2] != evolving).any(), "test invalid: nothing evolved"
    assert layer.data[1].any()
    dock.stop()
    held.release(10_000)
    assert finished(dock, qtbot) == "Stopped when asked; 1 of 6 planes are done."
    at_work = 1  # as it then was
    assert [bool(plane.any()) for plane in layer.data] == [k in (2, at_work) for k in range(6)]
    assert layer.metadata[METADATA]["stack"]["order"] == [2, at_work]
    layer.paint((2, 3, 3), 9)
    kept = np.array(layer.data[2])
    setup, other = dock.view.setup, viewer.add_image(FILM[0], name="other")
    setup.image.choose(other)
    assert not dock.view.controls.resume.isEnabled()
    dock.resume()
    assert "Continue goes on with film: choose it" in dock.view.controls.error.text()
    assert not dock.live
    viewer.layers.remove(other)
    setup.image.choose(viewer.layers["film"])
    setup.stack.part.choose("plane")
    dock.view.controls.resume.click()
    assert dock.live
    assert finished(dock, qtbot) == "All 6 planes are done."
    assert layer.data.any(axis=(1, 2)).all()
    np.testing.assert_array_equal(layer.data[2], kept)
    assert layer.metadata[METADATA]["stack"]["resumed"] == [2]
    assert layer.metadata[METADATA]["edits"], "painted before the others were done"
    setup.stack.part.choose("whole")
    dock.resume()
    assert "No planes are left" in dock.view.controls.error.text()


def test_planes_of_an_image_that_is_gone_are_not_waited_for(opened, qtbot, held):
    viewer, dock = opened()
    dock.start()
    until_said(dock, qtbot, held, "1 of 6 planes done")
    dock.stop()
    held.release(10_000)
    finished(dock, qtbot)
    viewer.layers.remove("film")
    viewer.add_image(FILM, name="other", axis_labels=("t", "y", "x"))
    dock.view.setup.image.choose(viewer.layers["other"])
    dock.view.setup.stack.part.choose("whole")
    dock.resume()
    assert "No planes are left" in dock.view.controls.error.text()


def test_large_labels_lie_on_the_disk_and_save_keeps_them(opened, qtbot, monkeypatch, tmp_path):
    from napari_selfseg.io import open_labels

    monkeypatch.setattr(rooms, "IN_MEMORY", FILM.size)
    monkeypatch.setattr(lease.tempfile, "tempdir", str(tmp_path))
    viewer, dock = opened([dask.array.from_array(FILM), FILM[:, ::2, ::2]], multiscale=True)
    dock.view.setup.stack.way.choose("joint")
    dock.start()
    assert str(tmp_path) in finished(dock, qtbot)
    layer = labels_of(viewer)
    assert not isinstance(layer.data, np.ndarray)
    found = np.asarray(layer.data)
    assert found.all()
    target = tmp_path / "mine.ome.zarr"
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(target))
    dock.view.result.save_labels.click()
    qtbot.waitUntil(lambda: "Saved" in dock.view.controls.status.text(), timeout=120_000)
    np.testing.assert_array_equal(np.asarray(open_labels(target)), found)
    dock.view.result.measure.click()
    qtbot.waitUntil(lambda: rows_of(layer) is not None, timeout=60_000)
    assert rows_of(layer).table["pixels"].sum() == found.size
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not list(tmp_path.glob("napari-selfseg-*")), timeout=120_000)
    assert target.is_dir()


def test_a_film_is_measured_plane_by_plane_and_rows_and_canvas_follow_each_other(
    opened, qtbot, monkeypatch, tmp_path
):
    viewer, dock = opened(units=("s", "um", "um"), scale=(1, 0.5, 0.5))
    dock.start()
    finished(dock, qtbot)
    layer, result = labels_of(viewer), dock.view.result
    assert result.measure.isEnabled()
    assert not result.save_table.isEnabled()
    result.measure.click()
    said = dock.view.controls.status
    qtbot.waitUntil(lambda: "one an object and plane" in said.text(), timeout=60_000)
    table = rows_of(layer).table
    assert list(table)[:4] == ["t", "index", "pixels", "area (µm²)"]
    for t, number, n in zip(table["t"], table["index"], table["pixels"], strict=True):
        assert (layer.data[t] == number).sum() == n
    assert len(table) == sum(len(np.unique(plane[plane > 0])) for plane in layer.data)
    shown = viewer.window.dock_widgets[NAME]
    one, two = (int(each) for each in table["index"][table["t"] == 1][:2])
    row = int(np.flatnonzero((table["t"] == 4) & (table["index"] == two))[0])
    shown.clicked.emit(shown.model().index(row, 0))
    assert viewer.dims.current_step[0] == 4
    assert layer.selected_label == two
    assert "Chosen label" in viewer.layers
    assert {each.row() for each in shown.selectedIndexes()} == {row}
    viewer.dims.set_current_step(0, 1)
    (place,) = {each.row() for each in shown.selectedIndexes()}
    assert (table["t"][place], table["index"][place]) == (1, two)
    layer.selected_label = one
    (place,) = {each.row() for each in shown.selectedIndexes()}
    assert (table["t"][place], table["index"][place]) == (1, one)
    file = tmp_path / "rows.csv"
    monkeypatch.setattr(table_actions, "ask_save", lambda *_: str(file))
    result.save_table.click()
    qtbot.waitUntil(lambda: "Saved" in said.text(), timeout=60_000)
    assert file.read_text("utf-8-sig").startswith("t,label,pixels,area (µm²),")
    layer.paint((0, 3, 3), 9)
    qtbot.waitUntil(lambda: 9 in rows_of(layer).table["index"].tolist(), timeout=60_000)
    viewer.add_image(FILM[0], name="plane")
    dock.view.setup.image.choose(viewer.layers["plane"])
    assert shown.parentWidget().isHidden()
    dock.view.setup.image.choose(viewer.layers["film"])
    assert not shown.parentWidget().isHidden()


def test_closing_the_dock_ends_the_thread_and_keeps_planes(opened, qtbot, held):
    viewer, dock = opened()
    viewer.dims.set_point(0, 0)
    dock.start()
    job, layer = dock._live.session._job, labels_of(viewer)
    until_said(dock, qtbot, held, "1 of 6 planes done")
    dock.setParent(None)
    assert not dock.live
    held.release(10_000)
    qtbot.waitUntil(lambda: job._work is None, timeout=120_000)
    assert [bool(plane.any()) for plane in layer.data] == [True] + 5 * [False]
    assert layer.editable
    assert layer.metadata[METADATA]["stop"]["kind"] == "abandoned"


def test_painting_is_noted_and_a_planar_image_has_no_section(opened, qtbot):
    viewer, dock = opened()
    dock.view.setup.stack.way.choose("warm")
    dock.start()
    finished(dock, qtbot)
    layer = labels_of(viewer)
    assert "edited" not in layer.metadata[METADATA]
    layer.paint((0, 3, 3), 9)
    QApplication.processEvents()
    assert [each["kind"] for each in layer.metadata[METADATA]["edits"]] == ["paint"]
    np.testing.assert_array_equal(replay_stack(layer.metadata[METADATA], FILM), layer.data)
    QApplication.processEvents()
    viewer.add_image(FILM[0], name="plane")
    dock.view.setup.image.choose(viewer.layers["plane"])
    assert dock.view.setup.stack.isHidden()
    assert dock.view.setup.stack.stacking is None
