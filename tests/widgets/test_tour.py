"""The tour of the Segment dock: offered once, left at any step, found by the palette."""

from __future__ import annotations

import numpy as np
import pytest
from napari._app_model import get_app_model
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QMainWindow

from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.segment.count import CountDock
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.segment.tour import tour
from napari_selfseg.widgets.segment.tour.steps import steps
from napari_selfseg.widgets.views.goal_view import FOUND
from napari_selfseg.widgets.views.view import RESULT, SETUP, SegmentView

pytestmark = pytest.mark.skipif(tour.callouts() is None, reason="napari 0.9 brought tours")


def opened(qtbot, kind=SegmentDock, viewer=None):
    dock = kind(viewer or ViewerModel())
    window = QMainWindow()
    window.setCentralWidget(dock)
    qtbot.addWidget(window)
    dock.window_kept = window
    window.show()
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    return dock


def test_it_is_offered_once(qtbot):
    dock = opened(qtbot)
    assert dock.view.setup.tour.isVisible()
    dock.view.setup.tour.leave.click()
    assert not dock.view.setup.tour.isVisible()
    assert not opened(qtbot).view.setup.tour.isVisible()
    assert dock.view.setup.take_tour.isEnabled()


def test_it_is_offered_also_to_who_counts_objects_first(qtbot):
    assert opened(qtbot, CountDock).view.setup.tour.isVisible()
    assert not opened(qtbot).view.setup.tour.isVisible(), "it is offered once"


def test_who_counts_objects_reads_of_objects_while_the_methods_are_loaded(qtbot):
    dock = CountDock(ViewerModel())
    qtbot.addWidget(dock)
    goal = dock.view.setup.goal
    assert not dock.loaded, "test invalid"
    before = goal.note.text()
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    assert goal.note.text() == before == FOUND


def test_every_step_is_about_something_in_view(qtbot, tmp_path):
    view, ran = SegmentView(Presets(tmp_path / "presets.json")), []
    qtbot.addWidget(view)
    view.show()
    found = steps(view, lambda: ran.append(1))
    pages = []
    for each in found:
        each.before()
        pages.append(view.pages.currentIndex())
        assert each.target() is not None
        assert each.target().isVisible(), each.title
        assert each.title
        assert each.body.endswith(".")
    assert ran == [1]
    assert pages == [SETUP] * 5 + [RESULT, SETUP]
    view.controls.show_run(True)
    assert [each.title for each in found if each.target() is None] == ["Few or many"]


def test_the_words_of_the_tour_are_those_of_the_dock(qtbot, tmp_path):
    view = SegmentView(Presets(tmp_path / "presets.json"))
    qtbot.addWidget(view)
    told = " ".join(each.body for each in steps(view, print))
    result, controls = view.result, view.controls
    named = (controls.run, controls.stop, result.measure, result.save_table, result.save_labels)
    for each in (*named, view.setup.goal.for_segments, view.setup.goal.for_objects):
        assert each.text() in told


@pytest.mark.viewer
def test_it_opens_a_sample_runs_it_and_ends_by_escape(make_napari_viewer_proxy, qtbot, monkeypatch):
    small = np.kron(np.eye(4), np.full((12, 12), 200)).astype(np.uint8)
    monkeypatch.setattr(tour, "histology", lambda: [(small, {"name": "small"}, "image")])
    viewer = make_napari_viewer_proxy(show=True)
    dock = SegmentDock(viewer)
    frame = viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    dock.view.setup.tour.take.click()
    assert [each.name for each in viewer.layers] == ["small"]
    shown = dock._tour._shown
    assert not dock.view.setup.tour.isVisible()
    titles = [""]
    for number in range(7):
        qtbot.waitUntil(lambda: shown._tooltip._title.text() not in titles, timeout=30_000)
        titles.append(shown._tooltip._title.text())
        if number < 6:
            shown._on_next()
    assert titles[1:] == [each.title for each in steps(dock.view, print)]
    qtbot.waitUntil(lambda: len(viewer.layers) == 2 and not dock.busy, timeout=120_000)
    QTest.keyClick(dock.view.setup, Qt.Key.Key_Escape)
    assert dock._tour._shown is None
    dock.view.setup.take_tour.click()
    assert dock._tour._shown is not None
    assert len(viewer.layers) == 2, "there is an image"
    viewer.window.remove_dock_widget(frame)
    assert dock._tour._shown is None, "it ends with its dock"


@pytest.mark.viewer
def test_the_palette_finds_what_somebody_wants(make_napari_viewer_proxy):
    make_napari_viewer_proxy()
    app = get_app_model()
    ours = [
        command.title.lower() for name, command in app.commands if name.startswith("napari-selfseg")
    ]
    for word in ("segment", "nuclei", "count", "objects", "labels", "tour"):
        assert [title for title in ours if word in title], word


@pytest.mark.viewer
def test_a_command_of_the_palette_opens_its_dock(make_napari_viewer_proxy):
    viewer = make_napari_viewer_proxy()
    get_app_model().commands.execute_command("napari-selfseg.make_labels").result()
    (dock,) = viewer.window.dock_widgets.values()
    assert isinstance(dock, SegmentDock)
