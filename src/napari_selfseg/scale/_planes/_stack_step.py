"""Where a stack is, how long it still takes, and why it ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.protocol import Progress, Step, Stop

__all__ = ["Pace", "StackStep", "counted", "ended"]


@dataclass(frozen=True)
class StackStep:
    """Where a stack is.

    Attributes
    ----------
    plane : int
        At work; in a common fit that of its planes which is nearest to the one in view.
    step : Step or None
        Of the run at work; None when a plane is done, or failed.
    done : int
        Planes that are done.
    total : int
        Planes of the stack.
    seconds_left : float or None
        By the pace so far; None until a plane is done.
    """

    plane: int
    step: Step | None
    done: int
    total: int
    seconds_left: float | None

    @property
    def progress(self) -> Progress:
        """How far the stack is."""
        return Progress("plane", self.done, self.total)


def counted(done: NDArray[np.bool_]) -> str:
    """Say how many planes are done, such as ``"3 of 12 planes"``."""
    return f"{int(done.sum())} of {len(done)} planes"


def ended(done: NDArray[np.bool_], failed: Mapping[int, Any], *, abandoned: bool) -> Stop:
    """Say why a stack ended without an error; it failed where no plane could be used."""
    if abandoned:
        return Stop("abandoned", f"Ended at once; {counted(done)} are done.")
    if int((~done).sum()) > len(failed):
        return Stop("asked", f"Stopped when asked; {counted(done)} are done.")
    if failed:
        why = next(iter(failed.values()))
        sentence = f"{counted(done)} are done; the others cannot be used: {why}"
        return Stop("finished" if done.any() else "failed", sentence)
    return Stop("finished", f"All {len(done)} planes are done.")


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
