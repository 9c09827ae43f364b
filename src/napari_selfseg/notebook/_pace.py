"""How far work is, in words, with the time left."""

from __future__ import annotations

import time
from typing import Any

from napari_selfseg.protocol import duration

__all__ = ["Pace"]


class Pace:
    """The pace of work since it was first seen, when `first` steps were done."""

    def __init__(self, first: int) -> None:
        self._first, self._since = first, time.monotonic()

    def said(self, step: Any) -> str:
        """Say how far it is.

        For example: ``12 of 500 iterations, 41 s left at most.`` The time left that the step itself
        gives counts more than the pace.
        """
        what, done, total = step.progress
        name = f"{step.name}: " if hasattr(step, "name") else ""
        said = f"{name}{done} of {total} {what}s"
        left = self._left(done, total)
        left = getattr(step, "seconds_left", left)
        if left is None:
            return f"{said}."
        # A run may settle before its last iteration.
        most = " at most" if what == "iteration" else ""
        return f"{said}, {duration(left)} left{most}."

    def _left(self, done: int, total: int) -> float | None:
        made = done - self._first
        if made < 1:
            return None
        return (time.monotonic() - self._since) / made * (total - done)
