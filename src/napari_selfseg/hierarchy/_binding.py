r"""A tree bound to what is drawn after it was made: a forest that is rooted in the drawn classes.

With :math:`h_{ab}` the height at which a tree joins neighbouring nodes a and b, its edges are taken
in ascending order, and an edge joins what it lies between unless both hold a class. Without a
class this gives the segments of the tree back; with classes only what has to change does, and no
evidence is asked again. See Couprie, Grady, Najman and Talbot, Power watershed, IEEE TPAMI 2011,
doi:10.1109/TPAMI.2010.200, for forests rooted in strokes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import minimum_spanning_tree

from napari_selfseg.hierarchy._contraction import Merges
from napari_selfseg.hierarchy._drawn import divided, drawn_on, together
from napari_selfseg.hierarchy._tree import Tree

__all__ = ["Strokes", "forest", "joining", "strokes_on"]


class Strokes(NamedTuple):
    """What was drawn, on superpixels that hold one class each.

    Attributes
    ----------
    superpixels : ndarray of int32
        From `divided`.
    parent : ndarray of int64
        ``(n,)`` the superpixel, from 0, that each is a part of.
    drawn : ndarray of int64
        ``(n,)`` class from 1, 0 for none.
    edges : ndarray of int64
        ``(E, 2)`` superpixels that touch, from 1.
    lengths : ndarray of float64
        ``(E,)`` length of their borders.
    within : ndarray of int64
        ``(E,)`` the edge between their parents; -1 for parts of one superpixel.
    """

    superpixels: NDArray[np.int32]
    parent: NDArray[np.int64]
    drawn: NDArray[np.int64]
    edges: NDArray[np.int64]
    lengths: NDArray[np.float64]
    within: NDArray[np.int64]

    def keep(self, before: NDArray[np.int64]) -> bool:
        """Say whether all is still there that was drawn before.

        `before` has the class of each superpixel that was there, 0 for none.
        """
        pairs = (1 + max(before.max(initial=0), self.drawn.max(initial=0)), 1)
        was = np.stack((np.arange(len(before)), before), axis=1)[before > 0] @ pairs
        return bool(np.isin(was, np.stack((self.parent, self.drawn), axis=1) @ pairs).all())


def strokes_on(
    superpixels: NDArray[np.int32],
    edges: NDArray[np.int64],
    lengths: NDArray[np.float64],
    scribbles: NDArray[np.integer[Any]],
) -> Strokes:
    """Find what was drawn on superpixels, and divide those that hold several classes.

    Superpixels, edges and lengths are those of a `Hierarchy`.
    """
    found = divided(superpixels, scribbles)
    drawn, n = drawn_on(found, scribbles), int(superpixels.max(initial=0))
    parent = np.arange(len(drawn))
    if found is superpixels:
        return Strokes(found, parent, drawn, edges, lengths, np.arange(len(edges)))
    new = found > n
    parent[found[new] - 1] = superpixels[new] - 1
    apart = np.zeros(n, bool)
    apart[parent[n:]] = True
    same = ~apart[edges - 1].any(axis=1)
    pairs, borders = _around(found, apart[parent])
    pairs, borders = np.concatenate((edges[same], pairs)), np.concatenate((lengths[same], borders))
    order = np.argsort(pairs @ (len(drawn) + 1, 1))
    pairs = pairs[order]
    of = np.sort(parent[pairs - 1], axis=1)
    within = np.searchsorted((edges - 1) @ (n, 1), of @ (n, 1))
    within[of[:, 0] == of[:, 1]] = -1
    return Strokes(found, parent, drawn, pairs, borders[order], within)


def _around(
    superpixels: NDArray[np.int32], chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the borders of some superpixels, and their lengths; other pixels are not looked at."""
    flat, n = superpixels.ravel(), len(chosen)
    among = np.concatenate(([False], chosen))
    at = np.flatnonzero(among[superpixels])
    found = []
    for axis, place in enumerate(np.unravel_index(at, superpixels.shape)):
        step = int(np.prod(superpixels.shape[axis + 1 :]))
        after = at[place < superpixels.shape[axis] - 1]
        before = at[place > 0] - step
        before = before[~among[flat[before]]]  # the others are met from there
        one = np.concatenate((after, before))
        a, b = flat[one].astype(np.int64), flat[one + step].astype(np.int64)
        low, high = np.minimum(a, b), np.maximum(a, b)
        found.append((low * (n + 1) + high)[(low > 0) & (low != high)])
    keys, counts = np.unique(np.concatenate(found), return_counts=True)
    return np.stack((keys // (n + 1), keys % (n + 1)), axis=1), counts.astype(np.float64)


def joining(tree: Tree, edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Find the heights at which a tree joins pairs of nodes, ``(E, 2)`` from 0.

    Returns
    -------
    ndarray of float64
        ``(E,)``; above all heights of the tree for those that it keeps apart, 0 of a node and
        itself.
    """
    ends = np.sort(tree.place[edges], axis=1)
    # Two nodes are divided by the first segment that begins after one and up to the other; between
    # nodes of a class none does, which is written as a birth after all others.
    births = _least(tree.births, ends[:, 0] + 1, ends[:, 1], tree.most + 1)
    top = float(tree.heights.max(initial=0)) + 1
    heights = np.concatenate((np.full(tree.fewest, top), tree.heights, [0.0]))
    found: NDArray[np.float64] = heights[births - 1]
    return found


def _least(
    values: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], none: int
) -> NDArray[np.int64]:
    """Return the least value of each stretch, its last place included; `none` of an empty one."""
    # Two stretches of a power of two cover any: `least` holds those of each power in turn.
    power = np.frexp(last - first + 1)[1] - 1
    found, least = np.full(len(first), none, np.int64), values
    for each in range(int(power.max(initial=-1)) + 1):
        if each:
            half = 1 << (each - 1)
            least = np.minimum(least[:-half], least[half:])
        own = power == each
        found[own] = np.minimum(least[first[own]], least[last[own] - (1 << each) + 1])
    return found


def forest(
    drawn: NDArray[np.int64],
    edges: NDArray[np.int64],
    heights: NDArray[np.float64],
    place: NDArray[np.int64],
) -> Merges:
    """Join nodes along the lowest edges, but never two classes.

    Parameters
    ----------
    drawn : ndarray of int64
        ``(n,)`` class of each node from 1, 0 for none; those of one class are one from the start.
    edges : ndarray of int64
        ``(E, 2)`` nodes from 0, each pair once.
    heights : ndarray of float64
        ``(E,)``; of equal ones the first goes first.
    place : ndarray of int64
        ``(n,)`` of two parts of one size that with a node of the least place keeps the number.

    Returns
    -------
    Merges
        Of the nodes that `together` makes.
    """
    kept, of = together(drawn)
    spanning = _spanning(len(drawn), edges, heights)
    up, classed = list(range(len(kept))), (drawn[kept] > 0).tolist()
    # Which part keeps its number: one that was drawn on, else the one that comes first.
    before = np.where(drawn[kept] > 0, -1, place[kept]).tolist()
    rows: list[tuple[int, int, int]] = []
    for edge, (a, b) in zip(spanning.tolist(), of[edges[spanning]].tolist(), strict=True):
        one, other = _root(up, a), _root(up, b)
        if one == other or (classed[one] and classed[other]):
            continue
        if before[other] < before[one]:
            one, other = other, one
        up[other] = one
        rows.append((one, other, edge))
    joined, gone, edge = np.array(rows, np.int64).reshape(-1, 3).T
    return Merges(joined, gone, heights[edge])


def _spanning(n: int, edges: NDArray[np.int64], heights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the edges of a spanning forest in ascending order; no other one ever joins nodes."""
    order = np.argsort(heights, kind="stable")
    # Turns in place of heights: no two are equal, so that the forest is one and the same, and
    # none is 0, which a sparse matrix takes for no edge.
    turn = np.empty(len(order))
    turn[order] = np.arange(1, len(order) + 1)
    graph = sparse.coo_array((turn, tuple(edges.T)), shape=(n, n))
    turns: NDArray[np.float64] = np.sort(minimum_spanning_tree(graph.tocsr()).data)
    return order[turns.astype(np.int64) - 1]


def _root(up: list[int], node: int) -> int:
    while up[node] != node:
        # Halves the way, so that the next one is shorter.
        up[node] = node = up[up[node]]
    return node
