"""Work of a dock in napari's activity dock: how far it is, how long it takes, how to end it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from napari.utils import cancelable_progress
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QLabel, QMainWindow, QProgressBar

from napari_selfseg.widgets.work.dock_lifecycle import main_window

__all__ = ["Activity"]

EVERY_MS: Final = 250
LONGEST: Final = 28
# Percent of the speed of napari's turning sign. Without a graphics card each of its pictures paints
# the whole window, which took a third of a core from the run.
CALM, USUAL = 10, 100
# napari shows what is behind the last stroke.
FORMAT: Final = "{bar}|{elapsed}, {remaining} left"


class Activity(QObject):
    """Shows in napari's activity dock what a bar of ours shows; used on the main thread only.

    napari's bar lets Qt handle events at every change, and so whatever is pressed or due. So it is
    changed from a timer of its own, where nothing of ours is half done.

    `bar` has a maximum of 0 where nobody knows how far the work is; `stop` is what *Cancel* does.
    """

    def __init__(self, bar: QProgressBar, stop: Callable[[], object]) -> None:
        super().__init__(bar)
        self._bar, self._stop = bar, stop
        self._what = ""
        self._theirs: _Theirs | None = None
        self._pushing = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._push)

    def begin(self, what: str) -> None:
        """Show work from now on, in a few words, if it is not over at once."""
        self.end()
        self._what = what if len(what) <= LONGEST else f"{what[: LONGEST - 1]}\u2026"
        self._timer.start()

    def end(self) -> None:
        """Show it no more."""
        self._timer.stop()
        theirs, self._theirs = self._theirs, None
        if theirs is not None:
            self._turn_sign(USUAL)
            theirs.finish()

    def _push(self) -> None:
        # Their bar lets Qt handle events, and so perhaps this timer again.
        if self._pushing:
            return
        self._pushing = True
        try:
            if self._theirs is None:
                self._open()
            else:
                self._theirs.go_to(self._bar.value(), self._bar.maximum())
        finally:
            self._pushing = False

    def _open(self) -> None:
        made = _Theirs(self._what, self._bar.value(), self._bar.maximum(), self._stop)
        # While it was made, the work may have ended.
        if self._timer.isActive() and self._theirs is None:
            self._theirs = made
            self._turn_sign(CALM)
        else:
            made.finish()

    def _turn_sign(self, speed: int) -> None:
        window = main_window(self._bar)
        bar = window.statusBar() if isinstance(window, QMainWindow) else None
        for label in [] if bar is None else bar.findChildren(QLabel):
            if (movie := label.movie()) is not None:
                movie.setSpeed(speed)


class _Theirs(cancelable_progress):
    """A bar of napari's, whose button ends the work at once and not at the next turn of a loop."""

    def __init__(self, what: str, done: int, total: int, stop: Callable[[], object]) -> None:
        self._press: Callable[[], object] | None = stop
        self._known = total
        options: dict[str, Any] = {"initial": max(done, 0), "bar_format": FORMAT, "leave": False}
        # Without `gui` it would write to the terminal as well.
        super().__init__(desc=what, total=total or None, gui=True, **options)

    def cancel(self) -> None:
        """End the work; what is shown goes when it has ended."""
        super().cancel()
        if self._press is not None:
            self._press()

    def go_to(self, done: int, total: int) -> None:
        """Show how far it is, in any unit; a total of 0 where nobody knows."""
        if total != self._known:
            self.total = self._known = total
        if total:
            self.update(max(done, 0) - self.n)

    def finish(self) -> None:
        """Close it, and hold nothing of a dock: napari's window keeps it as long as it lives."""
        self._press = None
        self.close()
