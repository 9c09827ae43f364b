"""Arcs as the points at which they turn, one after the other in a file."""

from __future__ import annotations

from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.io._vector._corners import mark

__all__ = ["Lines", "mark_all", "turning"]

# What a number takes in the file.
_TYPE: Final = np.dtype(np.int32)


class Lines:
    """Lines of points, read one at a time or several that follow each other.

    Parameters
    ----------
    file : file object
        An empty one, for these alone.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._counts: list[NDArray[np.int64]] = []
        self._firsts: NDArray[np.int64] | None = None

    def append(self, points: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Add lines, ``(n, 2)`` points of one after the other, and how many each has."""
        self._file.write(points.astype(_TYPE).tobytes())
        self._counts.append(counts)
        self._firsts = None

    @property
    def firsts(self) -> NDArray[np.int64]:
        """``(n + 1,)`` where each begins among all points."""
        if self._firsts is None:
            self._firsts = np.concatenate(([0], np.cumsum(np.concatenate([[], *self._counts]))))
            self._firsts = self._firsts.astype(np.int64)
            self._counts = [np.diff(self._firsts)]
        return self._firsts

    @property
    def counts(self) -> NDArray[np.int64]:
        """``(n,)`` points of each."""
        return np.diff(self.firsts)

    def read(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return the points of the lines from one to before another."""
        firsts, size = self.firsts, 2 * _TYPE.itemsize
        self._file.seek(int(firsts[start]) * size)
        data = self._file.read(int(firsts[stop] - firsts[start]) * size)
        return np.frombuffer(data, _TYPE).reshape(-1, 2).astype(np.int64)


@compiled
def mark_all(corners: NDArray[Any], points: NDArray[np.int64], width: int) -> None:
    """Mark points in an image so wide."""
    for k in range(len(points)):
        mark(corners, points[k, 0], points[k, 1], width)


@compiled
def turning(
    starts: NDArray[np.int64],
    steps: NDArray[np.uint8],
    firsts: NDArray[np.int64],
    closed: NDArray[np.bool_],
    width: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the points where arcs turn, and their ends; and how many each has.

    One that goes round begins at its topmost corner, the leftmost of these, which is not repeated.

    Parameters
    ----------
    starts : ndarray of int64
        ``(n,)`` points where they start, as in `Parts`.
    steps, firsts : ndarray
        Directions of one arc after the other, and ``(n + 1,)`` where each begins among these.
    closed : ndarray of bool
        ``(n,)`` whether it goes round.
    width : int
        Of the image.
    """
    points = np.empty((len(steps) + len(starts), 2), np.int64)
    counts, done = np.zeros(len(starts), np.int64), 0
    for k in range(len(starts)):
        along = steps[firsts[k] : firsts[k + 1]]
        y, x = starts[k] // (width + 1), starts[k] % (width + 1)
        begin, top = done, done
        for i in range(len(along)):
            if along[i] != along[i - 1] or (i == 0 and not closed[k]):
                points[done, 0], points[done, 1] = y, x
                if y < points[top, 0] or (y == points[top, 0] and x < points[top, 1]):
                    top = done
                done += 1
            y += int(along[i] == 1) - int(along[i] == 3)
            x += int(along[i] == 0) - int(along[i] == 2)
        if closed[k]:
            points[begin:done] = np.concatenate((points[top:done], points[begin:top]))
        else:
            points[done, 0], points[done, 1] = y, x
            done += 1
        counts[k] = done - begin
    return points[:done], counts
