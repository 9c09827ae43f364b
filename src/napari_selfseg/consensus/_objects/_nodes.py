r"""The segments of a tree, one by one: how round they are, and how they differ from what is around.

Of a node, a connected set :math:`X` of superpixels in :math:`d` dimensions, with the covariance
:math:`\Sigma` of its pixels' coordinates, :math:`P` faces around it, :math:`v_d` the volume of the
unit ball, :math:`l_{xy}` the length of the border of two superpixels of colours :math:`c`, and
:math:`Q_X` its histogram,

.. math::

    \text{ellipse} &= |X| \Big/ \big(v_d (d + 2)^{d/2} \sqrt{\det \Sigma}\big) \\
    \text{compact} &= \big(2 d |X|^{(d-1)/d} / P\big)^2 \\
    \text{ring} &= \sum_Y l_{XY} \tfrac12 \|Q_X - Q_Y\|_1 \Big/ \sum_Y l_{XY} \\
    D &= \sum_{x \in X, y \notin X} l_{xy} (c_x - c_y) \Big/ \sum l_{xy} \\
    \text{coherence} &= \|D\| \Big/ \frac{\sum l_{xy} \|c_x - c_y\|}{\sum l_{xy}}

with the segments :math:`Y` around :math:`X` as they are when it comes to be. The first two are at
most 1, of an ellipse and of a box; the last is 1 where all around differs in the same way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.consensus._objects._pieces import Pieces
from napari_selfseg.hierarchy._contraction import Merges
from napari_selfseg.instances._ellipses import ellipse_fit

__all__ = ["Nodes", "nodes", "summed"]

# Variance of a coordinate within a pixel.
_PIXEL = 1 / 12


class Nodes(NamedTuple):
    """Nodes of a tree, first the superpixels and then the unions in the order of their merges.

    Attributes
    ----------
    children : ndarray of int64
        ``(m, 2)`` the two nodes of each union; those of superpixels are -1.
    sizes : ndarray of float64
        ``(m,)`` pixels.
    ellipse, compact, ring, coherence : ndarray of float64
        ``(m,)``; 0 of nodes that are too large to be looked at.
    differences : ndarray of float64
        ``(m, C)``, D.
    """

    children: NDArray[np.int64]
    sizes: NDArray[np.float64]
    ellipse: NDArray[np.float64]
    compact: NDArray[np.float64]
    ring: NDArray[np.float64]
    coherence: NDArray[np.float64]
    differences: NDArray[np.float64]


def nodes(merges: Merges, of: Pieces, most: float) -> Nodes:
    """Describe every node of a tree with these leaves.

    Those of `most` pixels and more are only counted.
    """
    n = len(of.sizes)
    children = _children(n, merges.kept, merges.gone)
    sizes = summed(of.sizes[:, None], children)[:, 0]
    moments, rims = summed(of.moments, children), summed(of.rims[:, None], children)[:, 0]
    jumps = of.lengths[:, None] * (of.colours[of.edges[:, 0]] - of.colours[of.edges[:, 1]])
    outward = np.zeros((n, jumps.shape[1]))
    np.add.at(outward, of.edges[:, 0], jumps)
    np.add.at(outward, of.edges[:, 1], -jumps)
    ring, border, jumped = _outlines(
        of.edges,
        of.lengths,
        np.sqrt((jumps**2).sum(axis=1)),
        merges.kept,
        merges.gone,
        of.sizes,
        of.histograms,
        most,
    )
    small = sizes < most
    length = np.where(border > 0, border, 1)
    differences = summed(outward, children) / length[:, None] * small[:, None]
    far = np.sqrt((differences**2).sum(axis=1))
    coherence = far * length / np.where(jumped > 0, jumped, 1)
    d = 2 if of.moments.shape[1] == 5 else 3
    faces = np.maximum(border + rims, 1)
    compact = np.minimum((2 * d * sizes ** ((d - 1) / d) / faces) ** 2, 1) * small
    ellipse = ellipse_fit(sizes, moments, np.full(d, _PIXEL)) * small
    return Nodes(
        children, sizes, ellipse, compact, ring / length, np.minimum(coherence, 1), differences
    )


@compiled
def summed(rows: NDArray[np.float64], children: NDArray[np.int64]) -> NDArray[np.float64]:
    """Add up rows ``(n, K)`` of superpixels over every node: ``(m, K)``."""
    found = np.zeros((len(children), rows.shape[1]))
    found[: len(rows)] = rows
    for i in range(len(rows), len(children)):
        one, other = children[i]
        for k in range(rows.shape[1]):
            found[i, k] = found[one, k] + found[other, k]
    return found


@compiled
def _children(n: int, kept: NDArray[np.int64], gone: NDArray[np.int64]) -> NDArray[np.int64]:
    found = np.full((n + len(kept), 2), -1)
    now = np.arange(n)
    for step in range(len(kept)):
        found[n + step, 0] = now[kept[step]]
        found[n + step, 1] = now[gone[step]]
        now[kept[step]] = n + step
    return found


class _Borders(NamedTuple):
    """Borders of every node: a linked list of halves, 2 e and 2 e + 1 of the two sides of edge e.

    Attributes
    ----------
    head, tail : ndarray of int64
        ``(n,)`` first and last half of a node, -1 of none.
    following : ndarray of int64
        ``(2 E,)`` the next half of the same node, -1 of the last.
    """

    head: NDArray[np.int64]
    tail: NDArray[np.int64]
    following: NDArray[np.int64]


@compiled
def _outlines(
    edges: NDArray[np.int64],
    lengths: NDArray[np.float64],
    jumps: NDArray[np.float64],
    kept: NDArray[np.int64],
    gone: NDArray[np.int64],
    of_leaves: NDArray[np.float64],
    histograms: NDArray[np.float32],
    most: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Walk around every node that is not too large as the tree grows.

    Return sums along its border: of the distances of histograms, of lengths, and of jumps.
    """
    n, m = len(of_leaves), len(of_leaves) + len(kept)
    sums = np.zeros((3, m))
    sizes, rows = of_leaves.copy(), histograms.copy()
    root, borders = np.arange(n), _linked(edges, n)
    weight, met = np.zeros(n), np.empty(n, np.int64)
    for i in range(m):
        node = i
        if i >= n:
            node = kept[i - n]
            root[gone[i - n]] = node
            _join(borders, node, gone[i - n])
            _mix(rows, sizes, node, gone[i - n])
        if sizes[node] < most:
            found = _walk(node, edges, lengths, root, borders, weight, met, jumps, sums[:, i])
            # Histograms are compared once a neighbour, weighted by the border shared with it.
            for beyond in met[:found]:
                sums[0, i] += weight[beyond] * _distance(rows, node, beyond)
                weight[beyond] = 0
    return sums[0], sums[1], sums[2]


@compiled
def _linked(edges: NDArray[np.int64], n: int) -> _Borders:
    head, tail = np.full(n, -1), np.full(n, -1)
    following = np.full(2 * len(edges), -1)
    for half in range(2 * len(edges)):
        at = edges[half // 2, half % 2]
        if head[at] < 0:
            head[at] = half
        else:
            following[tail[at]] = half
        tail[at] = half
    return _Borders(head, tail, following)


@compiled
def _join(borders: _Borders, node: int, gone: int) -> None:
    """Put the borders of one node after those of another."""
    if borders.head[gone] < 0:
        return
    if borders.head[node] < 0:
        borders.head[node] = borders.head[gone]
    else:
        borders.following[borders.tail[node]] = borders.head[gone]
    borders.tail[node] = borders.tail[gone]


@compiled
def _mix(rows: NDArray[np.float32], sizes: NDArray[np.float64], node: int, gone: int) -> None:
    """Make one histogram of two."""
    total = sizes[node] + sizes[gone]
    for k in range(rows.shape[1]):
        rows[node, k] = (rows[node, k] * sizes[node] + rows[gone, k] * sizes[gone]) / total
    sizes[node] = total


@compiled
def _distance(rows: NDArray[np.float32], one: int, other: int) -> float:
    apart = 0.0
    for k in range(rows.shape[1]):
        apart += abs(rows[one, k] - rows[other, k])
    return apart / 2


@compiled
def _walk(
    node: int,
    edges: NDArray[np.int64],
    lengths: NDArray[np.float64],
    root: NDArray[np.int64],
    borders: _Borders,
    weight: NDArray[np.float64],
    met: NDArray[np.int64],
    jumps: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> int:
    """Find the neighbours of a node, and drop the borders that have come to lie inside it."""
    found, last, half = 0, -1, borders.head[node]
    while half >= 0:
        beyond = _top(root, edges[half // 2, 1 - half % 2])
        if beyond != node:
            # `weight` is 0 everywhere between two walks, so that it tells whom this one has met.
            if weight[beyond] == 0:
                met[found] = beyond
                found += 1
            weight[beyond] += lengths[half // 2]
            sums[1] += lengths[half // 2]
            sums[2] += jumps[half // 2]
            last = half
        elif last < 0:
            borders.head[node] = borders.following[half]
        else:
            borders.following[last] = borders.following[half]
        half = borders.following[half]
    borders.tail[node] = last
    return found


@compiled
def _top(root: NDArray[np.int64], leaf: int) -> int:
    while root[leaf] != leaf:
        # Halves the way, so that the next one is shorter.
        root[leaf] = root[root[leaf]]
        leaf = root[leaf]
    return leaf
