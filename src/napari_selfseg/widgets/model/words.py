"""Progress in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

__all__ = [
    "BY_TILES",
    "CLOSING",
    "FINDING",
    "FIRST_LOOK",
    "FIRST_TILE",
    "LEARNED",
    "LEARNING",
    "LOOKING",
    "NETWORK",
    "PIECES",
    "READING",
    "SAMPLES",
    "STACK_BEGINS",
    "TRYING",
    "WHOLE",
    "Pace",
    "duration",
    "preparing",
    "progress",
    "stack_progress",
    "tile_progress",
]

# What the area is called; the estimate recommends it by this name.
BY_TILES: Final = "All of it, by tiles"
FIRST_LOOK: Final = "First look, at a small picture of it"
# What is done before a run has any labels; `preparing` says them.
READING: Final = "Reading the image"
LOOKING: Final = "Taking a first look, at a small picture of it"
TRYING: Final = "Trying once what this machine computes fastest"
PIECES: Final = "Making superpixels, small regions to start from"
NETWORK: Final = "Setting the network up"
LEARNING: Final = "First round of learning"
FINDING: Final = "Finding the first labels"
CLOSING: Final = "Finding the final labels with what was learned"
# Of a stack; the second where one model is made of several planes.
STACK_BEGINS: Final = (
    "Beginning with the plane in view: its superpixels and first labels",
    "Beginning with planes along the stack: their superpixels and first labels",
)
SAMPLES: Final = "Reading samples of the image, to learn from"
WHOLE: Final = "Looking through the whole image, for what all tiles have in common"
FIRST_TILE: Final = "Labelling the first tile"
LEARNED: Final = "Learned from samples"


class Pace:
    """Time left, from the time the last iterations took."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started: tuple[int, float] | None = None

    def left(self, iteration: int, now: float) -> float:
        """Return the seconds left, NaN while they are not known.

        `now` is of a monotonic clock.
        """
        # The first iteration warms up caches and allocators, so the clock starts after it.
        if self._started is None:
            self._started = (iteration, now) if iteration else None
            return math.nan
        first, since = self._started
        if iteration - first < 2:
            return math.nan
        return (self._total - iteration) * (now - since) / (iteration - first)


def duration(seconds: float) -> str:
    """Say a duration as precisely as an estimate deserves, such as ``"about 2 min"``."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 5400:
        return f"about {max(1, round(seconds / 60))} min"
    return f"about {seconds / 3600:.1f} h"


def preparing(stage: str, seconds: float) -> str:
    """Say what is done before there are labels, and for how long; a moment is not counted.

    Parameters
    ----------
    stage : str
        Such as `READING`.
    seconds : float
        Since Run was pressed.

    Returns
    -------
    str
        Such as ``"Reading the image... 3 s"``.
    """
    return f"{stage}..." + (f" {seconds:.0f} s" if seconds >= 2 else "")


def progress(
    iteration: int, total: int, n_labels: int, n_raw_labels: int, loss: float, seconds_left: float
) -> str:
    """Say where a run is.

    Parameters
    ----------
    iteration, total : int
        Made, and to be made at most; 0 where nothing is trained.
    n_labels, n_raw_labels : int
        Labels after and before the vote.
    loss : float
        Sum of the loss terms; nan is left out.
    seconds_left : float
        Estimate; nan is left out.

    Returns
    -------
    str
        Such as ``"Iteration 37 of 500 - 24 labels (31 before the vote) - loss 2.31"``.
    """
    labels = f"{n_labels} label{'' if n_labels == 1 else 's'}"
    if n_raw_labels != n_labels:
        labels += f" ({n_raw_labels} before the vote)"
    parts = [f"Iteration {iteration} of {total}" if total else "So far", labels]
    if not math.isnan(loss):
        parts.append(f"loss {loss:.3g}")
    if not math.isnan(seconds_left):
        parts.append(f"{duration(seconds_left)} left")
    return " - ".join(parts)


def stack_progress(
    done: int, total: int, at_work: str, seconds_left: float | None, failed: Mapping[str, str]
) -> str:
    """Say where a stack is.

    Parameters
    ----------
    done, total : int
        Planes that are done, and all.
    at_work : str
        The plane at work and its iteration; empty between two planes.
    seconds_left : float or None
        Estimate; None is left out.
    failed : mapping of str to str
        Planes that cannot be used, and why; the last one is told.

    Returns
    -------
    str
        Such as ``"3 of 12 planes done - z 4: iteration 37 of 500 - about 2 min left"``.
    """
    parts = [f"{done} of {total} planes done", *([at_work] if at_work else [])]
    if seconds_left is not None and done + len(failed) < total:
        parts.append(f"{duration(seconds_left)} left")
    if failed:
        name, why = list(failed.items())[-1]
        others = f" (and {len(failed) - 1} before)" if len(failed) > 1 else ""
        parts.append(f"left empty: {name}{others}: {why}")
    return " - ".join(parts)


def tile_progress(what: str, done: int, total: int, seconds_left: float) -> str:
    """Say where the tiles of a large image are.

    Returns
    -------
    str
        Such as ``"Predicting: 12 of 144 tiles done - about 3 min left"``.
    """
    left = f" - {duration(seconds_left)} left" if done < total else ""
    return f"{what}: {done} of {total} tiles done{left}"
