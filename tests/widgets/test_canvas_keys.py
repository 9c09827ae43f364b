"""Keys while the canvas has the focus: of the dock used last, and nothing stays of a window."""

from __future__ import annotations

import gc
import weakref

import pytest
from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDockWidget, QLineEdit, QMainWindow, QPushButton, QVBoxLayout, QWidget

from napari_selfseg.widgets.parts.access.canvas_keys import CanvasKeys, Claim
from napari_selfseg.widgets.parts.access.keys import RUN
from napari_selfseg.widgets.segment.dock import SegmentDock


class Dock(QWidget):
    def __init__(self, heard):
        super().__init__()
        self.button = QPushButton("Run")
        QVBoxLayout(self).addWidget(self.button)
        self.claim = Claim(self, {RUN: lambda: heard.append(self)})


@pytest.fixture
def window(qtbot):
    made = QMainWindow()
    qtbot.addWidget(made)
    made.setCentralWidget(QLineEdit())
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=30_000)
    return made


def docked(window, heard):
    dock, frame = Dock(heard), QDockWidget()
    frame.setWidget(dock)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, frame)
    frame.show()
    return dock


def press(widget, key=RUN):
    widget.setFocus()
    sequence = QKeySequence(key)[0]
    QTest.keyClick(widget, sequence.key(), sequence.keyboardModifiers())


def test_keys_on_the_canvas_are_those_of_the_dock_used_last(window, qtbot):
    heard, middle = [], window.centralWidget()
    press(middle)
    assert heard == []
    first, second = docked(window, heard), docked(window, heard)
    qtbot.waitUntil(second.isVisible, timeout=30_000)
    press(middle)
    assert heard == [second], "shown last"
    assert len(middle.findChildren(CanvasKeys)) == 1, "one for all docks of a window"
    first.button.setFocus()
    press(middle)
    assert heard == [second, first]
    first.claim.give_up()
    press(middle)
    assert heard == [second, first, second]
    second.claim.give_up()
    press(middle)
    assert len(heard) == 3
    assert middle.findChildren(CanvasKeys) == []


def test_a_dock_that_is_no_part_of_a_window_has_none(qtbot):
    dock = Dock([])
    qtbot.addWidget(dock)
    dock.show()
    dock.claim.give_up()
    assert dock.findChild(CanvasKeys) is None


@pytest.mark.viewer
def test_run_is_heard_on_the_canvas_and_a_closed_viewer_is_freed(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    heard = []
    dock = SegmentDock(viewer)
    dock.view.controls.run.clicked.disconnect()
    dock.view.controls.run.clicked.connect(lambda _: heard.append(1))
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda setup=dock.view.setup: setup.loaded, timeout=120_000)
    window = viewer.window._qt_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=30_000)
    press(viewer.window._qt_viewer.canvas.native)
    assert heard == [1]
    left = [weakref.ref(each) for each in (dock, viewer, window.centralWidget())]
    viewer.close()
    del dock, viewer, window
    heard.clear()

    def freed():
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        assert [each() for each in left] == [None] * 3

    qtbot.waitUntil(freed, timeout=30_000)
