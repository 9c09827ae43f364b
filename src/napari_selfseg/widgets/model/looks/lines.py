"""Labels as lines: what is a line, and how wide it has to be to be seen."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["STEPS", "drawn", "width_of"]

# Pixels of the data; few of them, as each change draws the layer anew.
STEPS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
# Of a line on the screen, on either side of a border; more where a screen has many pixels.
THINNEST: Final = 1.5
SCREEN: Final = 720


def width_of(pixel: float, screen: int) -> int:
    """Return how wide a line is to be, one of `STEPS` pixels of the data.

    `pixel` is the size of one on the screen, `screen` the height of the screen in pixels.
    """
    wanted = THINNEST * max(1.0, screen / SCREEN) / max(pixel, 1e-9)
    return min(STEPS, key=lambda each: abs(np.log(each / max(wanted, 1.0))))


def drawn(labels: NDArray[Any], width: int, background: int = 0) -> NDArray[Any]:
    """Keep the rim, `width` pixels wide, of every label of a plane; the rest is background.

    Its cost hardly grows with the width, as each pass doubles what is reached. The end of the array
    is no rim.
    """
    rim = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        one, other = _shifted(labels, 1, axis)
        differ = one != other
        ones, others = _shifted(rim, 1, axis)
        ones |= differ
        others |= differ
    _widen(rim, width - 1)
    found: NDArray[Any] = np.where(rim, labels, labels.dtype.type(background))
    return found


def _widen(mask: NDArray[np.bool_], by: int) -> None:
    for axis, length in enumerate(mask.shape):
        reached, wanted = 0, min(by, length - 1)
        while reached < wanted:
            step = min(2 * reached + 1, wanted - reached)
            (to, also), (since, until) = (
                _shifted(mask, step, axis),
                _shifted(mask.copy(), step, axis),
            )
            to |= until
            also |= since
            reached += step


def _shifted(array: NDArray[Any], step: int, axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return views of all but the last, and of all but the first."""
    whole = [slice(None)] * array.ndim
    first, last = list(whole), list(whole)
    first[axis], last[axis] = slice(None, -step), slice(step, None)
    return array[tuple(first)], array[tuple(last)]
