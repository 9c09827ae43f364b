"""Docks without a mouse: keys for what is pressed most, and Tab for all of it."""

from __future__ import annotations

import pytest
from napari._app_model import get_app_model
from napari.settings import get_settings
from qtpy.QtGui import QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_selfseg.widgets.batch import BatchDock
from napari_selfseg.widgets.compare import CompareDock
from napari_selfseg.widgets.evaluate import EvaluateDock
from napari_selfseg.widgets.parts.access.keys import (
    EARLIER,
    KEYS,
    LATER,
    OUTLINED,
    RUN,
    STOP,
    keyed,
)
from napari_selfseg.widgets.parts.style import allow
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.superpixels import SuperpixelsDock
from napari_selfseg.widgets.train import TrainDock
from napari_selfseg.widgets.work.dock.work_dock import DockBase

DOCKS = [SegmentDock, SuperpixelsDock, TrainDock, BatchDock, CompareDock, EvaluateDock]


def focused(widget, qtbot):
    """Give a widget the focus; keys are heard in an active window alone."""
    window = widget.window()
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=30_000)
    widget.setFocus()


def press(widget, key):
    sequence = QKeySequence(key)[0]
    QTest.keyClick(widget, sequence.key(), sequence.keyboardModifiers())


def test_tab_goes_on_as_the_dock_is_read(qtbot):
    view = QWidget()
    # Made in another order than they are read.
    third, second, first = (QPushButton(each, view) for each in ("third", "second", "first"))
    layout = QVBoxLayout(view)
    for each in (first, second, third):
        layout.addWidget(each)
    dock = DockBase(None, view, print)
    qtbot.addWidget(dock)
    focused(first, qtbot)
    reached = [dock.focusWidget()]
    for _ in range(2):
        reached[-1].focusNextPrevChild(True)
        reached.append(dock.focusWidget())
    assert [each.text() for each in reached] == ["first", "second", "third"]
    later = QPushButton("later")
    layout.insertWidget(1, later)
    qtbot.waitUntil(later.isVisible, timeout=30_000)
    first.setFocus()
    first.focusNextPrevChild(True)
    assert dock.focusWidget() is later


@pytest.mark.viewer
def test_no_key_is_one_of_napari(make_napari_viewer_proxy):
    make_napari_viewer_proxy()
    app = get_app_model()
    theirs = {QKeySequence(str(each.keybinding)).toString() for each in app.keybindings}
    for bindings in get_settings().shortcuts.shortcuts.values():
        theirs |= {QKeySequence(str(each)).toString() for each in bindings}
    assert QKeySequence("Ctrl+R").toString() in theirs, "test invalid"
    assert not theirs & {QKeySequence(each).toString() for each in KEYS}


@pytest.mark.viewer
def test_keys_press_what_their_tooltips_say(make_napari_viewer_proxy, qtbot):
    viewer, found = make_napari_viewer_proxy(), []
    for kind in DOCKS:
        dock = kind(viewer)
        qtbot.addWidget(dock)
        focused(dock, qtbot)
        for key, action in dock._presses().items():
            button = getattr(action, "__self__", None)
            if isinstance(button, QPushButton):
                assert keyed("", key).strip() in button.toolTip()
                found.append((kind, key, pressed(dock, button, key)))
    wanted = [(kind, key, [1]) for kind in DOCKS for key in (RUN, STOP)]
    assert found == wanted[:-1], "nothing stops an evaluation"


def pressed(dock, button, key):
    """Press a key while its button cannot be used, and while it can."""
    heard = []
    button.clicked.disconnect()
    button.clicked.connect(lambda _: heard.append(1))
    for reason in ("not now", ""):
        allow(button, reason)
        press(dock, key)
    return heard


@pytest.mark.viewer
def test_keys_move_the_slider_of_iterations(make_napari_viewer_proxy, qtbot):
    dock = SegmentDock(make_napari_viewer_proxy())
    qtbot.addWidget(dock)
    focused(dock, qtbot)
    controls, moved = dock.view.controls, []
    controls.show_run(True)
    controls.shown.offer(True)
    controls.timeline.offer(range(5))
    controls.timeline.moved.connect(moved.append)
    for key in (EARLIER, EARLIER, LATER):
        press(dock, key)
    assert moved == [3, 2, 3]
    press(dock, OUTLINED)
    assert controls.outlined.isChecked()


@pytest.mark.viewer
def test_the_slider_of_segments_has_the_keys_while_it_is_shown(make_napari_viewer_proxy, qtbot):
    dock = SegmentDock(make_napari_viewer_proxy())
    qtbot.addWidget(dock)
    focused(dock, qtbot)
    shown = dock.view.controls.shown
    dock.view.controls.show_run(True)
    shown.offer(True)
    shown.timeline.offer(range(5))
    shown.granularity.offer(1, 50, 10)
    shown.granularity.show_number(10, True, "")
    shown.segments.setChecked(True)
    press(dock, LATER)
    assert shown.granularity.number.value() == 11
    assert shown.timeline.iteration == 4
