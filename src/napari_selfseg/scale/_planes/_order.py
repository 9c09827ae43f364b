"""Which plane of a stack comes next: near to the one in view, beside one that is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Order", "Viewed", "plane_in_view"]


class Order:
    """What is left of a stack, and which done plane is nearest to each.

    `shape` counts the planes along each axis that is gone along; `touching` lets a plane wait until
    one beside it is done.
    """

    def __init__(self, shape: Sequence[int], *, touching: bool) -> None:
        self.shape = tuple(shape)
        self._where = np.indices(self.shape).reshape(len(self.shape), -1)
        n = self._where.shape[1]
        self._left = np.ones(n, np.bool_)
        self._apart = np.full(n, np.iinfo(np.int64).max)
        self._nearest = np.full(n, -1)
        self._touching = touching

    @property
    def left(self) -> bool:
        """Whether any plane is left."""
        return bool(self._left.any())

    def next(self, viewed: int) -> int:
        """Choose a plane that is left: beside a done one if any, nearest to the one in view."""
        left = np.flatnonzero(self._left)
        keys = [left, self._distance(viewed)[left]]
        if self._touching:
            keys.append(self._apart[left])
        # The last key decides first: beside what is done, then near the view, then by number.
        return int(left[np.lexsort(keys)[0]])

    def neighbour(self, plane: int) -> int | None:
        """Return the done plane nearest to one that is left, or None where none is done."""
        found = int(self._nearest[plane])
        return None if found < 0 else found

    def neighbours(self) -> set[int]:
        """Return the done planes that planes which are left will look at."""
        return set(self._nearest[self._left].tolist())

    def finish(self, plane: int) -> None:
        """Count a plane as done; those that are left may follow it."""
        self._left[plane] = False
        distance = self._distance(plane)
        # Of equally near ones the first that was done stays.
        nearer = distance < self._apart
        self._apart[nearer] = distance[nearer]
        self._nearest[nearer] = plane

    def skip(self, plane: int) -> None:
        """Count a plane as one that cannot be done."""
        self._left[plane] = False

    def _distance(self, plane: int) -> NDArray[np.int64]:
        return np.asarray(np.abs(self._where - self._where[:, [plane]]).sum(axis=0))


Viewed = int | Sequence[int] | Callable[[], int | Sequence[int]]


def plane_in_view(viewed: Viewed, shape: Sequence[int]) -> int:
    """Return the number of the plane in view; one beyond the ends is the last there is.

    It is given as a number, as an index along each axis, or as a function that returns one of
    these.
    """
    found = viewed() if callable(viewed) else viewed
    if isinstance(found, int | np.integer):
        return min(max(int(found), 0), int(np.prod(shape)) - 1)
    return int(np.ravel_multi_index(tuple(map(int, found)), tuple(shape), mode="clip"))
