"""Contract the edges of a graph one after the other, the lowest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Merges", "contract"]


class Merges(NamedTuple):
    """Pairs of nodes that became one, in order.

    Attributes
    ----------
    kept, gone : ndarray of int64
        ``(m,)``; the union goes on under the number of the first.
    heights : ndarray of float64
        ``(m,)`` height of the edge between them when it was contracted.
    """

    kept: NDArray[np.int64]
    gone: NDArray[np.int64]
    heights: NDArray[np.float64]


class _Borders:
    """Borders between nodes, by number: sums of height times length, and of lengths.

    Plain numbers in lists: an object a border would be that many for the garbage collector to
    look at, which stops every thread meanwhile.

    Attributes
    ----------
    near : list of dict
        Of each node its neighbours, and the border to each.
    waiting : list of tuple
        A heap of height, turn and border; out of date where the height has changed since.
    """

    def __init__(
        self,
        n: int,
        edges: NDArray[np.integer[Any]],
        heights: NDArray[np.floating[Any]],
        lengths: NDArray[np.floating[Any]],
        summed: bool,
    ) -> None:
        pairs = np.asarray(edges).reshape(-1, 2)
        moments = np.asarray(heights, np.float64) * lengths
        self._one, self._other = pairs[:, 0].tolist(), pairs[:, 1].tolist()
        self._moments, self._lengths = moments.tolist(), np.asarray(lengths).tolist()
        self._heights = (moments if summed else moments / lengths).tolist()
        self._summed = summed
        self.near: list[dict[int, int]] = [{} for _ in range(n)]
        for number, (a, b) in enumerate(zip(self._one, self._other, strict=True)):
            self.near[a][b] = self.near[b][a] = number
        count = range(len(pairs))
        self.waiting = list(zip(self._heights, count, count, strict=True))
        heapq.heapify(self.waiting)
        self._made = len(pairs)

    def lowest(self) -> tuple[float, int, int] | None:
        """Take the lowest border out; return its height and its two nodes, None at the end."""
        while self.waiting:
            height, _, border = heapq.heappop(self.waiting)
            # Otherwise its height has changed since, or it is gone (nan, which equals nothing).
            if self._heights[border] == height:
                self._heights[border] = np.nan
                return height, self._one[border], self._other[border]
        return None

    def hand_over(self, border: int, b: int, a: int) -> None:
        """Let a border of node b be one of node a."""
        ends = self._one if self._one[border] == b else self._other
        ends[border] = a

    def combine(self, there: int, moving: int) -> None:
        """Make one border of two."""
        self._heights[moving] = np.nan
        self._moments[there] += self._moments[moving]
        self._lengths[there] += self._lengths[moving]
        length = 1.0 if self._summed else self._lengths[there]
        self._heights[there] = self._moments[there] / length
        heapq.heappush(self.waiting, (self._heights[there], self._made, there))
        self._made += 1


def contract(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    *,
    summed: bool = False,
    until: float = np.inf,
    apart: Iterable[int] = (),
) -> Merges:
    """Merge the two nodes of the lowest edge, again and again.

    Two edges that come to join the same nodes become one: their lengths add up, and their height
    is the mean over the length, or, `summed`, the sum of height times length. Of equal heights the
    edge that was made first goes first.

    Parameters
    ----------
    n : int
        Number of nodes, counted from 0.
    edges : ndarray of int
        ``(E, 2)``, each pair once.
    heights : ndarray of float
        ``(E,)``.
    lengths : ndarray of float
        ``(E,)``, positive.
    summed : bool
        How parallel edges combine.
    until : float
        Edges of this height and above stay.
    apart : iterable of int
        Nodes of which no two are ever in one.
    """
    borders = _Borders(n, edges, heights, lengths, summed)
    near, kept, gone, found = borders.near, [], [], []
    alone = set(apart)
    while (lowest := borders.lowest()) is not None and lowest[0] < until:
        height, a, b = lowest
        # Few borders change hands when the node with fewer gives way.
        if len(near[a]) < len(near[b]):
            a, b = b, a
        del near[a][b], near[b][a]
        # Two that are to stay apart never meet; a union with one of them inherits that.
        if b in alone:
            if a in alone:
                continue
            alone.add(a)
        for c, moving in near[b].items():
            del near[c][b]
            there = near[a].get(c)
            if there is None:
                borders.hand_over(moving, b, a)
                near[a][c] = near[c][a] = moving
            else:
                borders.combine(there, moving)
        near[b] = {}
        kept.append(a)
        gone.append(b)
        found.append(height)
    return Merges(np.array(kept, np.int64), np.array(gone, np.int64), np.array(found, np.float64))
