"""A tree of merges, cut into any number of segments in microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.hierarchy._contraction import Merges, contract

__all__ = ["Tree", "average_linkage"]


@dataclass(frozen=True)
class Tree:
    """Nested partitions of some nodes, from one segment a piece of the graph to one a node.

    Segments are numbered by their birth on the way down. When a segment is divided its larger part
    keeps the number and the smaller one gets the next; so a cut into k segments has the labels 1 to
    k, and a segment keeps its label for as long as it lasts, whatever happens elsewhere.

    Attributes
    ----------
    order : ndarray of int64
        ``(n,)`` the nodes in an order in which every segment of every cut is a stretch.
    births : ndarray of int64
        ``(n,)`` number of the segment that begins at each place of the order.
    heights : ndarray of float64
        Heights at which segments are divided, descending: the first divides a whole piece.
    """

    order: NDArray[np.int64]
    births: NDArray[np.int64]
    heights: NDArray[np.float64]

    @property
    def most(self) -> int:
        """Number of nodes."""
        return len(self.order)

    @property
    def fewest(self) -> int:
        """Number of pieces of the graph, which nothing joins."""
        return len(self.order) - len(self.heights)

    def cut(self, n_segments: int) -> NDArray[np.int64]:
        """Divide the nodes into a number of segments.

        Parameters
        ----------
        n_segments : int
            Taken as `fewest` or `most` when it lies beyond.

        Returns
        -------
        ndarray of int64
            ``(n,)`` segment of each node, from 1.
        """
        begins = self.births <= max(n_segments, self.fewest)
        labels = np.empty(len(self.order), np.int64)
        labels[self.order] = self.births[begins][np.cumsum(begins) - 1]
        return labels

    def segments_at(self, level: float) -> int:
        """Count the segments that are left when all is merged up to a level.

        Parameters
        ----------
        level : float
            Height.

        Returns
        -------
        int
        """
        return self.fewest + int(np.count_nonzero(self.heights > level))


def average_linkage(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    sizes: NDArray[Any],
) -> Tree:
    """Merge neighbours, the two with the lowest mean height along their border first.

    Parameters
    ----------
    n : int
        Number of nodes, counted from 0.
    edges : ndarray of int
        ``(E, 2)``.
    heights, lengths : ndarray of float
        ``(E,)`` height and length of each border.
    sizes : ndarray
        ``(n,)`` pixels of each node: of two parts the larger keeps the number.

    Returns
    -------
    Tree
    """
    return _tree(contract(n, edges, heights, lengths), sizes)


def _tree(merges: Merges, sizes: NDArray[Any]) -> Tree:
    """Put the nodes in a row: at each merge the stretch of the smaller follows the larger's."""
    n, m = len(sizes), len(merges.heights)
    size = np.asarray(sizes).tolist()
    first, last = list(range(n)), list(range(n))
    following, births = [-1] * n, [0] * n
    whole = set(range(n))
    rows = zip(merges.kept.tolist(), merges.gone.tolist(), strict=True)
    for step, (a, b) in enumerate(rows):
        large, small = (a, b) if size[a] >= size[b] else (b, a)
        following[last[large]] = first[small]
        births[first[small]] = n - step
        first[a], last[a] = first[large], last[small]
        size[a] += size[b]
        whole.discard(b)
    order = []
    for number, piece in enumerate(sorted(whole, key=lambda each: (-size[each], each)), start=1):
        births[first[piece]] = number
        node = first[piece]
        while node >= 0:
            order.append(node)
            node = following[node]
    places = np.array(order, np.int64)
    # Means of equal heights differ in their last digits.
    heights = np.maximum.accumulate(merges.heights)[::-1]
    return Tree(places, np.array(births, np.int64)[places], heights[:m])
