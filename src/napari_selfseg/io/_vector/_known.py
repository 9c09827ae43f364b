"""Which arcs lie around which object."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._vector._chains import Chains
from napari_selfseg.io._vector._lines import Lines
from napari_selfseg.io._vector._rings import Arc

__all__ = ["Known", "known_of"]


class Known(NamedTuple):
    """Objects, and the arcs around them.

    Attributes
    ----------
    numbers : ndarray of int64
        ``(n,)`` of the objects, in increasing order.
    firsts : ndarray of int64
        ``(n + 1,)`` where the arcs of each begin in `arcs` and `back`.
    arcs : ndarray of int64
        Arcs around one object after the other.
    back : ndarray of bool
        Whether the object is on the right of that arc.
    chains : Chains
        All arcs.
    lines : Lines
        Their points, y and x.
    """

    numbers: NDArray[np.int64]
    firsts: NDArray[np.int64]
    arcs: NDArray[np.int64]
    back: NDArray[np.bool_]
    chains: Chains
    lines: Lines

    def around(self, at: int) -> list[Arc]:
        """Return the arcs around an object, by its place."""
        some = slice(self.firsts[at], self.firsts[at + 1])
        pairs = zip(self.arcs[some].tolist(), self.back[some].tolist(), strict=True)
        return [self._arc(*each) for each in pairs]

    def _arc(self, k: int, back: bool) -> Arc:
        line = self.lines.read(k, k + 1)[:, ::-1]
        (start, end), (first, last) = self.chains.ends[k].tolist(), self.chains.ways[k].tolist()
        if self.chains.closed[k]:
            start = end = -1
        if back:
            return Arc(line[::-1], end, start, (last + 2) % 4, (first + 2) % 4)
        return Arc(line, start, end, first, last)


def known_of(table: NDArray[np.int64], chains: Chains, lines: Lines) -> Known:
    """Sort arcs by the objects they lie around; `table` is of their parts."""
    sides = table[chains.parts[chains.firsts[:-1]], 2:4]
    objects = sides.T.ravel()
    order = np.argsort(objects, kind="stable")
    order = order[objects[order] > 0]
    firsts = np.flatnonzero(np.diff(objects[order], prepend=0))
    numbers, count = objects[order[firsts]], len(sides)
    firsts = np.concatenate((firsts, [len(order)]))
    return Known(numbers, firsts, order % max(count, 1), order >= count, chains, lines)
