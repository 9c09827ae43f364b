"""The plane that somebody looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["Viewed", "plane_in_view"]

Viewed = int | Sequence[int] | Callable[[], int | Sequence[int]]


def plane_in_view(viewed: Viewed, shape: Sequence[int]) -> int:
    """Return the number of the plane in view; one beyond the ends is the last there is.

    Parameters
    ----------
    viewed : int, sequence of int or callable
        Its number, its index along each axis, or a function that returns one of these.
    shape : sequence of int
        Planes along each axis.

    Returns
    -------
    int
    """
    found = viewed() if callable(viewed) else viewed
    if isinstance(found, int | np.integer):
        return min(max(int(found), 0), int(np.prod(shape)) - 1)
    return int(np.ravel_multi_index(tuple(map(int, found)), tuple(shape), mode="clip"))
