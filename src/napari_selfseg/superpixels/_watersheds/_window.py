"""The part of a large image that is looked at."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Final

from napari_selfseg.grid import Box

__all__ = ["window_of"]

# Pixels that are looked at: of a larger image a window will do.
_SEEN: Final = 2**20


# Places of a window, the middle first.
_PLACES: Final = (0.5, 0.0, 1.0)


def window_of(shape: tuple[int, ...], data: Callable[[Box], int]) -> Box:
    """Return the part of a large image that is looked at: its middle, or where most data lie.

    `data` is given a part, and returns how many of its pixels have data.
    """
    size = (_SEEN / math.prod(shape)) ** (1 / len(shape))
    if size >= 1:
        return (slice(None),) * len(shape)
    windows = itertools.product(*([_part(n, size, at) for at in _PLACES] for n in shape))
    return max(windows, key=data)


def _part(n: int, size: float, place: float) -> slice:
    long = max(round(n * size), 1)
    start = round((n - long) * place)
    return slice(start, start + long)
