"""Coarser levels of labels: of each pixel of them one of the finer, never a mean of labels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["downsample", "update_coarser"]


def downsample(finer: Any, coarse: Any, box: Sequence[slice]) -> None:
    """Fill a box of a coarser level, not empty, from the next finer one."""
    picked = [
        _picked(long, short)[part]
        for long, short, part in zip(finer.shape, coarse.shape, box, strict=True)
    ]
    steps = [_step_of(at) for at in picked]
    # Evenly spaced pixels are read by a slice; others are picked from the block around them.
    if all(steps):
        near = (slice(at[0], at[-1] + 1, step) for at, step in zip(picked, steps, strict=True))
        coarse[tuple(box)] = finer[tuple(near)]
    else:
        block = np.asarray(finer[tuple(slice(at[0], at[-1] + 1) for at in picked)])
        coarse[tuple(box)] = block[np.ix_(*(at - at[0] for at in picked))]


def update_coarser(levels: Sequence[Any], box: Sequence[slice]) -> None:
    """Update the coarser levels, the finest first, after a box of the finest was written."""
    for finer, coarse in itertools.pairwise(levels):
        sizes = zip(finer.shape, coarse.shape, box, strict=True)
        box = [
            slice(*np.searchsorted(_picked(long, short), (part.start, part.stop)).tolist())
            for long, short, part in sizes
        ]
        if not all(part.start < part.stop for part in box):
            return
        downsample(finer, coarse, box)


def _picked(long: int, short: int) -> NDArray[np.intp]:
    """Return which pixel of a finer axis each of a coarser one shows: that in its middle.

    Of an even number in the middle it is the first of the two: every second pixel is 0, 2, 4.
    """
    step: float = long / short
    whole = round(step)
    if abs(long - whole * short) < whole:  # a rest of a pixel at the end
        step = whole
    # The middle one of the pixels that become one.
    at: NDArray[np.intp] = np.floor(np.arange(short) * step + (step - 1) / 2).astype(np.intp)
    return at.clip(max=long - 1)


def _step_of(at: NDArray[np.intp]) -> int:
    """Return the step between indices; 0 where it is not the same everywhere."""
    steps = np.unique(np.diff(at))
    return 1 if not steps.size else int(steps[0]) if steps.size == 1 else 0
