"""Label images: numbered, taken apart, and which labels touch; nothing loops over labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from skimage.measure import label

__all__ = ["borders", "contiguous", "count", "join", "longest_neighbour", "split"]


def contiguous(labels: NDArray[Any]) -> NDArray[np.int32]:
    """Number labels from 1 in increasing order; 0 stays 0, and shapes stay."""
    found, inverse = np.unique(labels, return_inverse=True)
    start = 0 if found[:1] == 0 else 1
    return (inverse + start).reshape(labels.shape).astype(np.int32)


def count(labels: NDArray[Any]) -> int:
    """Return how many labels there are, 0 being none.

    Parameters
    ----------
    labels : ndarray of int
        Any shape.
    """
    return len(np.unique(labels[labels > 0]))


def split(labels: NDArray[Any], connectivity: int) -> NDArray[np.int32]:
    """Give every connected piece of a label its own number, contiguous in the order first met.

    A step between neighbours may cross `connectivity` axes: 1 is face to face.
    """
    if not labels.size:
        return np.zeros(labels.shape, np.int32)
    pieces: NDArray[np.int32] = label(labels, background=0, connectivity=connectivity)
    return pieces.astype(np.int32)


def borders(labels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the labels that touch face to face, and how many faces each pair shares.

    Pairs are ``(E, 2)``, the smaller label first, sorted; 0 has no neighbours.
    """
    n = int(labels.max(initial=0)) + 1
    keys = [_touching(np.moveaxis(labels, axis, 0), n) for axis in range(labels.ndim)]
    found, length = np.unique(np.concatenate(keys), return_counts=True)
    return np.stack((found // n, found % n), axis=1), length


def longest_neighbour(
    labels: NDArray[Any], number: int, spacing: Sequence[float] | None = None
) -> int:
    """Return the label that shares the longest border with one, in a volume the largest face.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)``; 0 is no neighbour.
    number : int
        The one.
    spacing : sequence of float, optional
        Size of a pixel along each axis; ones by default.

    Returns
    -------
    int
        0 where it touches none, the smallest number of several that touch it alike.
    """
    sizes = np.ones(labels.ndim) if spacing is None else np.abs(np.asarray(spacing, float))
    shared: dict[int, float] = {}
    where = np.nonzero(labels == number)
    if not len(where[0]):
        return 0
    # What touches it lies at most one pixel beyond its box.
    near = labels[tuple(slice(max(int(w.min()) - 1, 0), int(w.max()) + 2) for w in where)]
    for axis, size in enumerate(sizes):
        moved = np.moveaxis(near, axis, 0)
        for one, other in ((moved[:-1], moved[1:]), (moved[1:], moved[:-1])):
            beside = other[(one == number) & (other != number) & (other > 0)]
            for each, faces in zip(*np.unique(beside, return_counts=True), strict=True):
                shared[int(each)] = shared.get(int(each), 0.0) + faces * sizes.prod() / size
    return max(sorted(shared), key=lambda each: shared[each], default=0)


def _touching(labels: NDArray[Any], n: int) -> NDArray[np.int64]:
    one, other = labels[:-1].ravel(), labels[1:].ravel()
    differ = (one != other) & (one > 0) & (other > 0)
    one, other = one[differ].astype(np.int64), other[differ].astype(np.int64)
    keys: NDArray[np.int64] = np.minimum(one, other) * n + np.maximum(one, other)
    return keys


def join(edges: NDArray[np.int64], n: int) -> NDArray[np.int32]:
    """Number the connected components of a graph of `n` nodes: ``(n,)``, contiguous from 0."""
    weight = np.ones(len(edges), dtype=bool)
    graph = sparse.coo_matrix((weight, (edges[:, 0], edges[:, 1])), shape=(n, n))
    components: NDArray[np.int32] = sparse.csgraph.connected_components(graph, directed=False)[1]
    return components
