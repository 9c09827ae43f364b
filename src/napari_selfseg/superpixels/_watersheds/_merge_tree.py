"""The order in which neighbouring regions merge, from all of them to one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.labelmaps import join

__all__ = ["Arcs", "Tree", "cut", "merge_tree"]


class Arcs(NamedTuple):
    """Borders between regions that touch.

    Attributes
    ----------
    ends : ndarray of int64
        ``(E, 2)`` regions, the smaller number first; each pair once.
    strength : ndarray of float64
        ``(E,)`` contour summed along the border.
    length : ndarray of float64
        ``(E,)`` faces of pixels.
    """

    ends: NDArray[np.int64]
    strength: NDArray[np.float64]
    length: NDArray[np.float64]

    @classmethod
    def between(cls, labels: NDArray[np.int32], contour: NDArray[np.floating[Any]]) -> Arcs:
        """Measure the borders of labels; 0 has none.

        A face between two pixels has the mean of their contour.
        """
        faces = [
            _faces(np.moveaxis(labels, axis, 0), np.moveaxis(contour, axis, 0))
            for axis in range(labels.ndim)
        ]
        ends, strength = (np.concatenate(each) for each in zip(*faces, strict=True))
        return cls(ends, strength, np.ones(len(ends))).summed()

    def summed(self) -> Arcs:
        """Add up what lies between the same two regions."""
        low, high = self.ends.min(axis=1), self.ends.max(axis=1)
        n = int(high.max(initial=0)) + 1
        keys, which = np.unique(low * n + high, return_inverse=True)
        ends = np.stack((keys // n, keys % n), axis=1)
        strength = np.bincount(which, self.strength, len(keys)).astype(np.float64)
        length = np.bincount(which, self.length, len(keys)).astype(np.float64)
        return Arcs(ends, strength, length)


class Tree(NamedTuple):
    """Merges of n regions, in an order in which they can be made.

    Attributes
    ----------
    n : int
        Number of regions at first.
    pairs : ndarray of int64
        ``(M, 2)`` for each merge a region of either side.
    heights : ndarray of float64
        ``(M,)`` cost of each merge, not less than that of the merges it is built on.
    """

    n: int
    pairs: NDArray[np.int64]
    heights: NDArray[np.float64]


def merge_tree(
    arcs: Arcs,
    sizes: NDArray[np.float64],
    sums: NDArray[np.float64],
    weight: float,
) -> Tree:
    r"""Merge neighbours until none are left, cheapest first.

    .. math:: \sqrt{\frac{n_a n_b}{n_a + n_b}} \left(c_{ab} + w \|h_a - h_b\|\right)

    Rounds merge all pairs each of whose regions is the other's cheapest neighbour. A cost that
    does not fall when others merge gives the tree of one merge after the other, and Ward's is one
    (Bruynooghe 1978); ours nearly is. No loop runs over regions.

    Parameters
    ----------
    arcs : Arcs
        c is the mean strength of a border.
    sizes : ndarray of float64
        ``(n,)`` pixels of each region; regions of size 0 have no arcs.
    sums : ndarray of float64
        ``(n, F)`` features summed over each region; h is their mean.
    weight : float
        w.
    """
    n, sizes, sums = len(sizes), sizes.copy(), sums.copy()
    first, floor = np.arange(n), np.zeros(n)
    pairs, heights = [np.empty((0, 2), np.int64)], [np.empty(0)]
    while len(arcs.ends):
        cost = _costs(arcs, sizes, sums, weight)
        chosen = _mutual(arcs.ends, cost, len(sizes))
        keep, drop = arcs.ends[chosen].T
        floor[keep] = np.maximum(cost[chosen], np.maximum(floor[keep], floor[drop]))
        pairs.append(first[arcs.ends[chosen]])
        heights.append(floor[keep])
        sizes[keep] += sizes[drop]
        sums[keep] += sums[drop]
        left = np.ones(len(sizes), dtype=bool)
        left[drop] = False
        first, floor, sizes, sums = first[left], floor[left], sizes[left], sums[left]
        arcs = _contracted(arcs, chosen, left)
    return Tree(n, np.concatenate(pairs), np.concatenate(heights))


def cut(tree: Tree, n: int) -> NDArray[np.int32]:
    """Number the regions, ``(tree.n,)``, that are left when n are; more where they do not touch."""
    cheapest = np.argsort(tree.heights, kind="stable")[: max(tree.n - n, 0)]
    return join(tree.pairs[cheapest], tree.n)


def _faces(
    labels: NDArray[np.int32], contour: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    differ = (labels[1:] != labels[:-1]) & (labels[1:] > 0) & (labels[:-1] > 0)
    ends = np.stack((labels[1:][differ], labels[:-1][differ]), axis=1).astype(np.int64)
    strength = (contour[1:][differ].astype(np.float64) + contour[:-1][differ]) / 2
    return ends, strength


def _costs(
    arcs: Arcs, sizes: NDArray[np.float64], sums: NDArray[np.float64], weight: float
) -> NDArray[np.float64]:
    one, other = arcs.ends.T
    gap = np.empty(len(one))
    _gaps(arcs.ends, sums / np.maximum(sizes, 1)[:, None], gap)
    size = sizes[one] * sizes[other] / (sizes[one] + sizes[other])
    cost: NDArray[np.float64] = np.sqrt(size) * (arcs.strength / arcs.length + weight * gap)
    return cost


@compiled
def _gaps(ends: NDArray[np.int64], means: NDArray[np.float64], gap: NDArray[np.float64]) -> None:
    for arc in range(len(ends)):
        one, other = means[ends[arc, 0]], means[ends[arc, 1]]
        total = 0.0
        for feature in range(len(one)):
            total += (one[feature] - other[feature]) ** 2
        gap[arc] = np.sqrt(total)


def _mutual(ends: NDArray[np.int64], cost: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Find the arcs that are the cheapest of both their regions; the first of equal ones."""
    best = np.full(n, -1, dtype=np.int64)
    _cheapest(ends, cost, best)
    return np.flatnonzero((best[ends] == np.arange(len(ends))[:, None]).all(axis=1))


@compiled
def _cheapest(ends: NDArray[np.int64], cost: NDArray[np.float64], best: NDArray[np.int64]) -> None:
    for arc in range(len(ends)):
        for end in ends[arc]:
            if best[end] < 0 or cost[arc] < cost[best[end]]:
                best[end] = arc


def _contracted(arcs: Arcs, chosen: NDArray[np.intp], left: NDArray[np.bool_]) -> Arcs:
    to = np.cumsum(left) - 1
    keep, drop = arcs.ends[chosen].T
    to[drop] = to[keep]
    ends = to[arcs.ends]
    apart = ends[:, 0] != ends[:, 1]
    return Arcs(ends[apart], arcs.strength[apart], arcs.length[apart]).summed()
