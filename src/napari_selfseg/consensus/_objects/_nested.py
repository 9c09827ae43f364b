r"""One tree in which objects are segments of their own, and come apart, or join, as all else does.

From a tree that knows objects and one that knows regions, with :math:`t` the height of the own cut:

1. Within an object, the merges of the first tree, at :math:`t` times their height.
2. Among the superpixels of no object, the merges of the second tree up to the height
   :math:`t_0`, at :math:`t / t_0` times their height; a segment may surround an object, or lie on
   both sides of it.
3. All of these, objects and rest, are nodes of a graph that is merged anew, at
   :math:`t + (1 - t) h`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.hierarchy._contraction import Merges
from napari_selfseg.hierarchy._drawn import averaged, united

__all__ = ["Graph", "nested"]

# Height of the regions' tree up to which what is no object is one segment.
REST: Final = 0.67


class Graph(NamedTuple):
    """Nodes and the borders between them, as for `agglomerate`.

    Attributes
    ----------
    edges : ndarray of int64
        ``(E, 2)`` from 0.
    heights, lengths : ndarray of float64
        ``(E,)``.
    sizes : ndarray of float64
        ``(n,)``.
    histograms : ndarray of float32
        ``(n, D)``.
    """

    edges: NDArray[np.int64]
    heights: NDArray[np.float64]
    lengths: NDArray[np.float64]
    sizes: NDArray[np.float64]
    histograms: NDArray[np.float32]


def nested(
    graph: Graph,
    owner: NDArray[np.int64],
    inner: Merges,
    regions: Merges,
    merged: Callable[[Graph, NDArray[np.int64]], Merges],
    at: float,
) -> Merges:
    """Make one tree.

    Parameters
    ----------
    owner : ndarray of int64
        ``(n,)`` object of each superpixel, a node of the first tree; -1 of none.
    inner, regions : Merges
        The two trees.
    merged : callable
        What makes the tree of a smaller graph; it is also given the node of each superpixel.
    at : float
        Height of the own cut.

    Returns
    -------
    Merges
        Of the superpixels, in ascending order of their heights.
    """
    below = _sorted(_within(owner, inner, at), _beside(owner, regions, at))
    group = _groups(len(owner), below)
    of, first = _numbered(group)
    above = merged(_contracted(graph, of), of)
    heights = at + (1 - at) * np.maximum.accumulate(above.heights)
    # What is merged here is apart at the own cut, also where nothing divides it.
    heights = np.maximum(heights, np.nextafter(at, 1))
    return Merges(
        np.concatenate([below.kept, first[above.kept]]),
        np.concatenate([below.gone, first[above.gone]]),
        np.concatenate([below.heights, heights]),
    )


def _within(owner: NDArray[np.int64], inner: Merges, at: float) -> Merges:
    inside = (owner[inner.kept] >= 0) & (owner[inner.kept] == owner[inner.gone])
    heights = np.minimum(np.maximum.accumulate(inner.heights), 1) * at
    return Merges(inner.kept[inside], inner.gone[inside], heights[inside])


def _beside(owner: NDArray[np.int64], regions: Merges, at: float) -> Merges:
    """Restrict a tree to what is no object."""
    heights = np.maximum.accumulate(regions.heights)
    # What merges up to here comes below the own cut; above it all of it is merged anew.
    last = int(np.searchsorted(heights, REST, side="right"))
    # Under whose number the superpixels of a region that are no object go on.
    name = np.where(owner < 0, np.arange(len(owner)), -1).tolist()
    rows: list[tuple[int, int, int]] = []
    pairs = zip(regions.kept[:last].tolist(), regions.gone[:last].tolist(), strict=True)
    for step, (a, b) in enumerate(pairs):
        if name[a] >= 0 and name[b] >= 0:
            rows.append((step, name[a], name[b]))
        elif name[a] < 0:
            name[a] = name[b]
    steps, kept, gone = np.array(rows, np.int64).reshape(-1, 3).T
    return Merges(kept, gone, heights[steps] * (at / REST))


def _sorted(one: Merges, other: Merges) -> Merges:
    kept, gone, heights = (np.concatenate(pair) for pair in zip(one, other, strict=True))
    order = np.argsort(heights, kind="stable")
    return Merges(kept[order], gone[order], heights[order])


def _groups(n: int, merges: Merges) -> NDArray[np.int64]:
    """Return under whose number each node goes on."""
    group = np.arange(n)
    # Backwards: what a node has become part of is known before it is asked for.
    for kept, gone in zip(merges.kept[::-1].tolist(), merges.gone[::-1].tolist(), strict=True):
        group[gone] = group[kept]
    return group


def _numbered(group: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, of = np.unique(group, return_inverse=True)
    return of.astype(np.int64), first.astype(np.int64)


def _contracted(graph: Graph, of: NDArray[np.int64]) -> Graph:
    """Make one node of all that go together."""
    edges, heights, lengths = united(of, graph.edges, graph.heights, graph.lengths)
    sizes = np.bincount(of, graph.sizes).astype(np.float64)
    histograms = averaged(graph.histograms, graph.sizes, of, np.maximum(sizes, 1))
    return Graph(edges, heights, lengths, sizes, histograms)
