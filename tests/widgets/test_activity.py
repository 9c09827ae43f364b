"""What docks show in napari's activity dock: while they are at work, and not longer."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from napari.utils import cancelable_progress, progress
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QProgressBar, QPushButton

from napari_selfseg.methods import Backprop
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.work.dock.activity import Activity
from napari_selfseg.widgets.work.runner import working

IMAGE = np.random.default_rng(0).integers(0, 255, (32, 32)).astype(np.uint8)
LONG = {"iterations": 100_000, "channels": 8, "min_labels": 1, "learning_rate": 1e-4}


def shown():
    return list(progress._all_instances)


@pytest.fixture
def bar(qtbot):
    made = QProgressBar()
    qtbot.addWidget(made)
    made.setRange(0, 0)
    return made


def test_it_follows_the_bar_and_cancel_ends_the_work(bar, qtbot, capsys):
    pressed = []
    activity = Activity(bar, lambda: pressed.append(1))
    activity.begin("Segment nuclei")
    qtbot.waitUntil(lambda: len(shown()) == 1, timeout=30_000)
    (theirs,) = shown()
    assert theirs.desc.startswith("Segment nuclei")
    bar.setRange(0, 50)
    bar.setValue(20)
    qtbot.waitUntil(lambda: (theirs.n, theirs.total) == (20, 50), timeout=30_000)
    assert str(theirs).split("|")[-1].endswith(" left")
    theirs.cancel()
    assert pressed == [1]
    activity.end()
    assert shown() == []
    assert capsys.readouterr().err == "", "nothing is written to the terminal"


def test_what_is_over_at_once_is_not_shown(bar, qtbot):
    activity = Activity(bar, print)
    activity.begin("A moment")
    activity.end()
    qtbot.wait(150)
    assert shown() == []


def test_work_that_ends_while_it_is_shown_is_shown_no_more(bar, qtbot, monkeypatch):
    activity = Activity(bar, print)
    opened = []

    def during(self, *args, **options):
        plain(self, *args, **options)
        opened.append(self)
        activity.end()  # as anything may that Qt handles meanwhile

    plain = cancelable_progress.__init__
    monkeypatch.setattr(cancelable_progress, "__init__", during)
    activity.begin("Ends early")
    qtbot.waitUntil(lambda: bool(opened), timeout=30_000)
    qtbot.wait(150)
    assert (shown(), len(opened)) == ([], 1)


def test_an_ended_one_holds_nothing_of_a_dock(bar, qtbot):
    class Held:
        def stop(self):
            pass

    held = Held()
    activity = Activity(bar, held.stop)
    gone = weakref.ref(held)
    activity.begin("Held")
    qtbot.waitUntil(lambda: len(shown()) == 1, timeout=30_000)
    theirs = shown()[0]
    activity.end()
    del held, activity._stop
    gc.collect()
    assert gone() is None
    theirs.cancel()  # a press that comes late


@pytest.fixture
def at_work(make_napari_viewer_proxy, qtbot):
    viewer = make_napari_viewer_proxy()
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)

    def make():
        image = viewer.add_image(IMAGE, name="an image with a name that is very long indeed")
        dock.view.setup.image.choose(image)
        dock.view.setup.method.choose(Backprop)
        dock.view.setup.superpixels.choose(Slic)
        dock.view.setup.fill_superpixels({"n_segments": 60})
        dock.view.setup.fill(LONG)
        dock.start()
        qtbot.waitUntil(lambda: dock.view.controls.bar.value() > 3, timeout=120_000)
        qtbot.waitUntil(lambda: len(shown()) == 1, timeout=30_000)
        return viewer, dock, image

    yield make
    qtbot.waitUntil(lambda: not working(), timeout=120_000)


def ended(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    return shown() == []


@pytest.mark.viewer
def test_every_end_of_a_run_closes_it(at_work, qtbot, monkeypatch):
    viewer, dock, image = at_work()
    (theirs,) = shown()
    assert theirs.total == LONG["iterations"]
    button = next(
        each
        for each in QApplication.instance().allWidgets()
        if isinstance(each, QPushButton) and each.text() == "Cancel" and not each.isHidden()
        if getattr(each.parent(), "progress", None) is theirs
    )
    button.click()
    assert ended(dock, qtbot), "cancelled"
    assert "stopped" in dock.view.controls.status.text().lower()

    at_work()
    viewer.layers.remove(viewer.layers[-1])
    assert ended(dock, qtbot), "labels removed"

    _, _, image = at_work()
    viewer.layers.remove(image)
    assert ended(dock, qtbot), "image removed"

    at_work()
    dock._live.session._job.mailbox.put(object())  # nothing that can be shown
    assert ended(dock, qtbot), "failed"

    at_work()
    viewer.window.remove_dock_widget(dock)
    assert shown() == [], "dock closed"


@pytest.mark.viewer
def test_it_is_touched_on_the_main_thread_alone(at_work, qtbot, monkeypatch):
    threads = set()
    plain = progress.update

    def noted(self, n=1):
        threads.add(threading.current_thread())
        return plain(self, n)

    monkeypatch.setattr(progress, "update", noted)
    _, dock, _ = at_work()
    qtbot.waitUntil(lambda: bool(threads), timeout=30_000)
    QTimer.singleShot(0, dock.stop)
    assert ended(dock, qtbot)
    assert threads == {threading.main_thread()}
