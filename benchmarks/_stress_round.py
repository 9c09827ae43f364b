"""Rounds of the stress trial, in the process that may crash."""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from _stress_acts import ACTS, close_viewer, draw
from _stress_docks import STATES, Trial

FEWEST, MOST = 2, 12  # acts a round
# For a state to come, or work to end: of this process, because the machine may be busy.
SECONDS = 20.0
# What a machine without a screen says by itself, and napari of a cache that processes share.
HARMLESS = (
    "propagateSizeHints",
    "XDG_RUNTIME_DIR",
    "This plugin does not support",
    "_themes",
)

# In place of a window that takes no layers any more, since napari itself failed in a round before.
BROKEN = object()


def do_rounds(args: argparse.Namespace) -> None:
    """Do rounds, each with a dock of its own; the last one leaves its work and its window."""
    heard = Heard()
    viewer = None
    for number in range(args.first, args.first + args.rounds):
        rng = np.random.default_rng([args.seed, number])
        dock = str(rng.choice(args.docks))
        states = [each for each in STATES[dock] if each in (args.states or STATES[dock])]
        plan = {
            "dock": dock,
            "state": str(rng.choice(states or STATES[dock])),
            "acts": args.acts or [draw(rng) for _ in range(rng.integers(FEWEST, MOST + 1))],
            "close": bool(rng.random() < 0.2),
            "last": number == args.first + args.rounds - 1,
        }
        write(args, {"what": "begin", "round": number, **plan})
        viewer = viewer or opened()
        heard.listen()
        began = time.perf_counter()
        viewer, closing, left = do_round(viewer, plan, rng, heard)
        row = {"what": "round", "round": number, **plan, "closing": closing, "left": left}
        seconds = round(time.perf_counter() - began, 2)
        write(args, {**row, "errors": heard.take(), "seconds": seconds})
        if viewer is BROKEN:
            # With such a window PyQt6 sometimes crashes when it clears up at the end of Python.
            os._exit(0)


def write(args: argparse.Namespace, row: dict[str, Any]) -> None:
    """Add a line, at once."""
    with args.out.open("a") as lines:
        print(json.dumps(row), file=lines, flush=True)


def opened() -> Any:
    """Open a window."""
    import napari

    viewer = napari.Viewer()
    viewer.window.resize(760, 560)
    spin(0.1)
    return viewer


def do_round(
    viewer: Any, plan: dict[str, Any], rng: np.random.Generator, heard: Heard
) -> tuple[Any, float | None, list[str]]:
    """Do a round; return the viewer that is left, how long it took to close, and what was left."""
    trials: list[Trial] = []
    heard.does("begin", lambda: trials.append(Trial(viewer, plan["dock"], rng, spin, until)))
    if not trials:
        return BROKEN, None, leftovers()
    closing = go_through(trials[0], plan, rng, heard)
    left = [] if plan["last"] else leftovers()
    if any(each.startswith("thread") for each in left):
        plan["stacks"] = stacks()
    return None if plan["close"] else viewer, closing, left


def go_through(
    trial: Trial, plan: dict[str, Any], rng: np.random.Generator, heard: Heard
) -> float | None:
    """Act, close; return how long it took to close the window."""
    heard.does("reach", lambda: trial.reach(plan["state"]))
    plan["reached"] = trial.words
    for name in plan["acts"]:
        heard.does(name, lambda name=name: ACTS[name](trial))
        spin(rng.uniform(0, 0.25) if rng.random() < 0.7 else 0)
    closing = None
    if plan["close"]:
        began = time.perf_counter()
        heard.does("close", lambda: close_viewer(trial))
        closing = round(time.perf_counter() - began, 2)
    if not plan["last"]:
        take_away(trial, heard, closed=plan["close"])
    return closing


def take_away(trial: Trial, heard: Heard, *, closed: bool) -> None:
    """Take the dock and the layers away, as a user would."""
    if not closed:
        if trial.dock is not None:
            heard.does("remove dock", lambda: trial.viewer.window.remove_dock_widget(trial.frame))
        heard.does("clear", trial.viewer.layers.clear)
        trial.viewer.dims.ndisplay = 2
        place = trial.viewer if hasattr(type(trial.viewer), "grid") else trial.viewer.canvas
        place.grid.enabled = False
    for each in (trial.dock, getattr(trial, "closed", None)):
        if each is not None:
            each.deleteLater()
    spin(0.1)


def leftovers() -> list[str]:
    """Say what is left of a dock that is gone: work that does not end, widgets, windows."""
    from qtpy.QtWidgets import QApplication

    until(lambda: not working())
    spin(0.05)
    gc.collect()
    found = [f"thread {each}" for each in working()]
    for each in QApplication.allWidgets():
        if type(each).__module__.startswith("napari_selfseg"):
            found.append(f"widget {type(each).__name__}")
    return sorted(set(found))


def stacks() -> list[str]:
    """Say where the threads are."""
    frames = sys._current_frames()
    found = [(each.name, frames.get(each.ident or 0)) for each in threading.enumerate()]
    return [f"{name}: " + "".join(traceback.format_stack(at)[-6:]) for name, at in found]


def working() -> list[str]:
    """Name the threads that are at work for this package."""
    from qtpy.QtCore import QThreadPool

    ours = [each.name for each in threading.enumerate() if each.name.startswith("napari-selfseg")]
    return ours + ["of Qt's pool"] * QThreadPool.globalInstance().activeThreadCount()


# The event loop


def spin(seconds: float) -> None:
    """Let the event loop run."""
    end = time.perf_counter() + seconds
    step()
    while time.perf_counter() < end:
        time.sleep(0.002)
        step()


def step() -> None:
    """Handle what is to be handled, deletions too, which wait for an event loop of their own."""
    from qtpy.QtCore import QCoreApplication, QEvent
    from qtpy.QtWidgets import QApplication

    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def until(condition: Callable[[], object]) -> bool:
    """Let the event loop run until something is true, or for long."""
    end = time.process_time() + SECONDS
    while not condition():
        if time.process_time() > end:
            return False
        spin(0.01)
    return True


# What goes wrong


class Heard:
    """Exceptions, also those that napari shows or somebody logs, and messages of Qt."""

    def __init__(self) -> None:
        self._errors: list[str] = []
        self._doing = ""
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        logger = logging.getLogger("napari_selfseg")
        handler = logging.Handler(logging.ERROR)
        handler.emit = self._on_log  # type: ignore[method-assign]
        logger.addHandler(handler)
        self._follow_napari()

    def listen(self) -> None:
        """Listen to Qt and to warnings; a new window of napari brings listeners of its own."""
        from qtpy.QtCore import qInstallMessageHandler

        qInstallMessageHandler(self._on_qt)
        warnings.showwarning = self._on_warning

    def does(self, what: str, act: Callable[[], object]) -> None:
        """Act, and note what is raised."""
        self._doing = what
        try:
            act()
        except Exception:
            self._errors.append(f"{what}: {traceback.format_exc()}")

    def take(self) -> list[str]:
        """Return what was noted since the last time."""
        found, self._errors = self._errors, []
        return found

    def _on_exception(self, kind: Any, error: Any, where: Any) -> None:
        lines = "".join(traceback.format_exception(kind, error, where))
        self._errors.append(f"after {self._doing}: {lines}")

    def _on_qt(self, kind: Any, context: Any, message: str) -> None:
        if not any(each in message for each in HARMLESS):
            self._errors.append(f"after {self._doing}: Qt: {message}")

    def _on_warning(self, message: Any, category: type, filename: str, *_: Any) -> None:
        if "napari_selfseg" in filename:
            self._errors.append(f"after {self._doing}: {category.__name__}: {message}")

    def _on_log(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text += "".join(traceback.format_exception(*record.exc_info))
        self._errors.append(f"after {self._doing}: log: {text}")

    def _follow_napari(self) -> None:
        from napari.utils.notifications import notification_manager

        def on_notification(note: Any) -> None:
            if str(note.severity) in ("error", "NotificationSeverity.ERROR"):
                self._errors.append(f"after {self._doing}: shown: {note.message}")

        notification_manager.notification_ready.connect(on_notification)
