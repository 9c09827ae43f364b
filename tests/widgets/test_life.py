"""When a dock is opened and closed, and what is current when layers are removed."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtGui import QOpenGLContext
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_selfseg.widgets.work.dock_lifecycle import Life
from napari_selfseg.widgets.work.removal import SafeRemoval


@pytest.fixture
def window(qtbot):
    made = QMainWindow()
    made.setCentralWidget(QWidget())
    qtbot.addWidget(made)
    return made


def docked(window, dock):
    frame = QDockWidget(window)
    frame.setWidget(dock)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, frame)
    window.show()
    return frame


def watched(dock):
    said = []
    return said, Life(dock, lambda: said.append("begin"), lambda: said.append("end"))


def delete(widget):
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_dock_that_is_deleted_is_closed(window):
    dock = QWidget()
    said, _ = watched(dock)
    docked(window, dock)
    delete(dock)
    assert said == ["begin", "end"]


def test_a_dock_whose_frame_is_deleted_is_closed(window):
    dock = QWidget()
    said, _ = watched(dock)
    delete(docked(window, dock))
    assert said == ["begin", "end"]


def test_a_dock_that_moved_to_another_frame_stays_open(window):
    dock = QWidget()
    said, life = watched(dock)
    first = docked(window, dock)
    docked(window, dock)
    assert life.open
    del said[:]
    delete(first)
    assert (said, life.open) == ([], True)


def test_the_canvas_is_current_when_a_layer_is_removed(window, qtbot):
    canvas, dock, viewer = QOpenGLWidget(), QWidget(), ViewerModel()
    window.setCentralWidget(canvas)
    guard = SafeRemoval(dock, viewer)
    docked(window, dock)
    qtbot.waitUntil(canvas.isValid, timeout=120_000)
    viewer.add_points([[0, 0]])
    canvas.doneCurrent()
    current = []
    viewer.layers.events.removed.connect(
        lambda event: current.append(QOpenGLContext.currentContext() is canvas.context())
    )
    viewer.layers.clear()
    assert guard.parent() is dock
    assert current == [True]


def test_layers_are_removed_as_ever_once_the_window_is_gone(qtbot):
    window, dock, viewer = QMainWindow(), QWidget(), ViewerModel()
    window.setCentralWidget(QOpenGLWidget())
    SafeRemoval(dock, viewer)
    docked(window, dock)
    delete(window)
    viewer.add_points([[0, 0]])
    viewer.layers.clear()
    assert not viewer.layers
