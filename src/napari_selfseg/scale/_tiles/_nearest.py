"""Which tile comes next: the nearest to what is in view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from napari_selfseg.protocol import Grid

__all__ = ["nearest_first"]


def nearest_first(
    grid: Grid, numbers: Sequence[int], viewed: Callable[[], Sequence[float]]
) -> Iterator[int]:
    """Take tiles one by one, each the nearest to what is in view at that moment.

    Parameters
    ----------
    grid : Grid
        The tiles.
    numbers : sequence of int
        Those to take.
    viewed : callable
        Returns a pixel, along each spatial axis.

    Yields
    ------
    int
        Of equally near ones the first.
    """
    left = list(numbers)
    middles = [np.array(grid.place(number)) + 0.5 for number in left]
    while left:
        seen = np.asarray(viewed(), float) / grid.tile
        nearest = int(np.argmin(np.linalg.norm(np.array(middles) - seen, axis=1)))
        middles.pop(nearest)
        yield left.pop(nearest)
