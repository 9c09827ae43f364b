"""Contract the edges of a graph one after the other, the lowest first."""

from __future__ import annotations

import heapq
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


class _Edge:
    """A border between two nodes: sums of height times length, and of lengths."""

    __slots__ = ("ends", "height", "length", "moment")

    def __init__(self, ends: list[int], moment: float, length: float) -> None:
        self.ends = ends
        self.moment = moment
        self.length = length
        self.height = 0.0


def contract(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    *,
    summed: bool = False,
    until: float = np.inf,
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

    Returns
    -------
    Merges
    """
    near, waiting = _borders(n, edges, heights, lengths, summed)
    made = len(waiting)
    kept, gone, found = [], [], []
    while waiting:
        height, _, edge = heapq.heappop(waiting)
        if edge.height != height:  # combined with another since, or gone
            continue
        if height >= until:
            break
        a, b = edge.ends
        # Few edges change hands when the node with fewer gives way.
        if len(near[a]) < len(near[b]):
            a, b = b, a
        edge.height = np.nan
        del near[a][b], near[b][a]
        for c, moving in near[b].items():
            del near[c][b]
            there = near[a].get(c)
            if there is None:
                moving.ends[moving.ends.index(b)] = a
                near[a][c] = near[c][a] = moving
                continue
            moving.height = np.nan
            there.moment += moving.moment
            there.length += moving.length
            there.height = there.moment if summed else there.moment / there.length
            heapq.heappush(waiting, (there.height, made, there))
            made += 1
        near[b] = {}
        kept.append(a)
        gone.append(b)
        found.append(height)
    return Merges(np.array(kept, np.int64), np.array(gone, np.int64), np.array(found, np.float64))


def _borders(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    summed: bool,
) -> tuple[list[dict[int, _Edge]], list[tuple[float, int, _Edge]]]:
    """Return the edges of each node by their other end, and all of them in a heap."""
    near: list[dict[int, _Edge]] = [{} for _ in range(n)]
    waiting = []
    moments = (np.asarray(heights, np.float64) * lengths).tolist()
    rows = zip(np.asarray(edges).reshape(-1, 2).tolist(), moments, lengths.tolist(), strict=True)
    for number, (ends, moment, length) in enumerate(rows):
        edge = _Edge(ends, moment, length)
        edge.height = moment if summed else moment / length
        near[ends[0]][ends[1]] = near[ends[1]][ends[0]] = edge
        waiting.append((edge.height, number, edge))
    heapq.heapify(waiting)
    return near, waiting
