"""How long what is left will take, by the pace so far."""

from __future__ import annotations

import time
from collections import deque

__all__ = ["Pace"]

# Planes that the pace is taken from: the first with a warm start takes longer than those after it.
RECENT = 8


class Pace:
    """The time that recent planes took."""

    def __init__(self) -> None:
        self._took: deque[float] = deque(maxlen=RECENT)
        self._since = time.monotonic()

    def begin(self) -> None:
        """A plane begins."""
        self._since = time.monotonic()

    def end(self) -> None:
        """It is done."""
        self._took.append(time.monotonic() - self._since)

    def left(self, planes: int) -> float | None:
        """Return the seconds that more planes will take; None before the first is done.

        The first plane counts only until there is another: with a warm start, or where something
        is compiled, it is the slow one.
        """
        if not self._took:
            return None
        recent = list(self._took)[1:] or list(self._took)
        return planes * sum(recent) / len(recent)
