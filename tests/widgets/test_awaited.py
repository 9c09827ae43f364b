"""What is said of the time of a run while it has no labels, and of what comes after the last."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_selfseg.protocol import Estimate
from napari_selfseg.widgets.estimates.awaited import LONGER, Awaited
from napari_selfseg.widgets.model.words import CLOSING, LEARNING
from napari_selfseg.widgets.segment import live as lives
from napari_selfseg.widgets.segment.live import Live
from napari_selfseg.widgets.views.controls import Controls
from napari_selfseg.widgets.work.live_job import Progress


def estimated(seconds=3.0, processor=3.0):
    return Estimate(0.1, seconds, 10**6, processor=processor)


@pytest.mark.parametrize(
    ("wall", "processor", "said"),
    [
        (1.0, 0.1, ""),  # too early to tell
        (2.0, 2.0, ""),  # all as was thought
        (2.0, 0.25, "about 25 s"),  # an eighth of a processor
        (4.4, 4.4, ""),
        (4.6, 4.6, LONGER),  # it has a processor, and takes longer all the same
    ],
)
def test_a_run_that_gets_less_is_told_anew(wall, processor, said):
    found = Awaited(estimated(), 100.0, 50.0).words(100.0 + wall, 50.0 + processor)
    assert said in found
    assert bool(said) == bool(found)


def test_a_run_on_a_graphics_card_is_not_taken_for_one_that_waits():
    assert Awaited(estimated(10.0, processor=1.0), 0.0, 0.0).words(3.0, 0.4) == ""


def test_several_threads_are_not_taken_for_one():
    assert Awaited(estimated(10.0, processor=40.0), 0.0, 0.0).words(3.0, 3.0) == ""


class Session(SimpleNamespace):
    """A session that is at work on what it is told."""

    message = None

    def poll(self):
        """Return the latest message."""
        found, self.message = self.message, None
        return found


def test_the_window_tells_the_time_anew_and_what_comes_last(qtbot, monkeypatch):
    controls = Controls()
    qtbot.addWidget(controls)
    now = SimpleNamespace(wall=0.0, processor=0.0)
    monkeypatch.setattr(lives.time, "monotonic", lambda: now.wall)
    monkeypatch.setattr(lives.time, "process_time", lambda: now.processor)
    live = Live(controls, lambda _: None, lambda *_: None)
    controls.show_estimate("About 3 s and 40 MB for 9 x 9 pixels.")
    session = Session(stage=LEARNING)
    live.expect(estimated())
    live._waiting = True
    live._follow(session)
    now.wall, now.processor = 2.5, 0.1
    live._follow(session)
    assert "Other programs are at work" in controls.estimate.text()
    session.message = Progress(99, 100, "Iteration 99 of 100 - a few seconds left")
    live._follow(session)
    assert controls.estimate.text() == ""
    session.stage = CLOSING
    now.wall += 1
    live._follow(session)
    assert controls.status.text() == "Iteration 99 of 100 - a few seconds left"
    now.wall += 4
    live._follow(session)
    assert controls.status.text() == f"{CLOSING}... 5 s"
