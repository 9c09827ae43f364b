"""Binds segments to the newest strokes: at once where that is quick, else in a worker thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.work.agreement import Agreement
from napari_selfseg.widgets.work.task import Tasks

__all__ = ["Binder"]

# Nobody who draws is kept waiting for longer.
QUICK: Final = 0.1
QUICK_PIXELS: Final = 1 << 21


class Binder:
    """One at a time; strokes that come meanwhile are bound next, and only the newest of them.

    Parameters
    ----------
    strokes : callable
        Reads what is drawn now; None where nobody draws.
    put : callable
        Called with what is to be shown.
    refused : callable
        Called with a sentence when it fails.

    Attributes
    ----------
    took : float
        Seconds of processor time that the last one took, whichever thread waited for another.
    """

    def __init__(
        self,
        tasks: Tasks,
        strokes: Callable[[], NDArray[Any] | None],
        put: Callable[[Agreement], None],
        refused: Callable[[str], None],
    ) -> None:
        self._tasks, self._strokes, self._put, self._refused = tasks, strokes, put, refused
        self.clear()

    def clear(self) -> None:
        """Let go of the run."""
        self._made: Agreement | None = None
        self._shown: Agreement | None = None
        self._waiting: Agreement | None = None
        self.took = 0.0

    def differs(self, before: NDArray[Any] | None) -> bool:
        """Say whether something else is drawn now than was for the run."""
        return not _same(self._strokes(), before)

    def bind(self, made: Agreement) -> bool:
        """Bind an agreement of the run to what is drawn now.

        True where something new is shown, or will be.
        """
        self._made = made
        # One at a time: when that one comes, what is drawn by then is looked at.
        if self._waiting is not None:
            return True
        drawn = self._strokes()
        if _same(drawn, made.before):
            drawn = None
        if self._shown is not None and self._is_shown(self._shown, made, drawn):
            return False
        if drawn is None:
            self._show(made)
        # The last one tells how long this one takes; nobody waits in the window for longer.
        elif self.took <= QUICK and drawn.size <= QUICK_PIXELS:
            self._show(self._timed(made, drawn))
        else:
            self._bind_aside(made, drawn)
        return True

    def _bind_aside(self, made: Agreement, drawn: NDArray[Any]) -> None:
        def put(found: Agreement) -> None:
            # Meanwhile another run may have begun, or somebody drawn on.
            if self._waiting is not made or self._made is None:
                return
            self._waiting = None
            self._show(found)
            # What was drawn while this one was made is bound next.
            self.bind(self._made)

        def refused(sentence: str) -> None:
            if self._waiting is made:
                self._waiting = None
                self._refused(sentence)

        self._waiting = made
        self._tasks.begin(lambda: self._timed(made, drawn), put, "Binding the strokes", refused)

    def _timed(self, made: Agreement, drawn: NDArray[Any]) -> Agreement:
        began = time.thread_time()
        found = made.bound(drawn)
        self.took = time.thread_time() - began
        return found

    def _show(self, found: Agreement) -> None:
        self._shown = found
        self._put(found)

    def _is_shown(self, shown: Agreement, made: Agreement, drawn: NDArray[Any] | None) -> bool:
        if shown.record is not made.record or (shown.scribbles is None) != (drawn is None):
            return False
        return drawn is None or np.array_equal(shown.scribbles, drawn)  # type: ignore[arg-type]


def _same(drawn: NDArray[Any] | None, before: NDArray[Any] | None) -> bool:
    """Say whether what is drawn was drawn before; where nobody draws, nothing changes."""
    if drawn is None:
        return True
    return not drawn.any() if before is None else np.array_equal(drawn, before)
