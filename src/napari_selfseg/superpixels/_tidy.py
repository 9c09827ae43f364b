"""Label arrays made contiguous, connected, and free of crumbs; nothing loops over superpixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from skimage.measure import label

__all__ = ["borders", "contiguous", "join", "merge_small", "split"]


def contiguous(labels: NDArray[Any]) -> NDArray[np.int32]:
    """Number the labels from 1 in increasing order; 0 stays 0.

    Parameters
    ----------
    labels : ndarray of int
        Any shape, not negative, in any range.

    Returns
    -------
    ndarray of int32
        Same shape, every number from 1 to the largest in use.
    """
    found, inverse = np.unique(labels, return_inverse=True)
    start = 0 if found[:1] == 0 else 1
    return (inverse + start).reshape(labels.shape).astype(np.int32)


def split(labels: NDArray[Any], connectivity: int) -> NDArray[np.int32]:
    """Give every connected piece of a label its own number.

    Parameters
    ----------
    labels : ndarray of int
        Any shape; 0 is no data.
    connectivity : int
        How many axes a step between neighbours may cross: 1 is face to face.

    Returns
    -------
    ndarray of int32
        Contiguous from 1, in the order in which the pieces are first met.
    """
    pieces: NDArray[np.int32] = label(labels, background=0, connectivity=connectivity)
    return pieces.astype(np.int32)


def borders(labels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the labels that touch face to face.

    Parameters
    ----------
    labels : ndarray of int
        Any shape; 0 has no neighbours.

    Returns
    -------
    edges : ndarray of int64
        ``(E, 2)``, the smaller label first, sorted.
    length : ndarray of int64
        ``(E,)``, faces shared.
    """
    n = int(labels.max(initial=0)) + 1
    keys = [_touching(np.moveaxis(labels, axis, 0), n) for axis in range(labels.ndim)]
    found, length = np.unique(np.concatenate(keys), return_counts=True)
    return np.stack((found // n, found % n), axis=1), length


def _touching(labels: NDArray[Any], n: int) -> NDArray[np.int64]:
    one, other = labels[:-1].ravel(), labels[1:].ravel()
    differ = (one != other) & (one > 0) & (other > 0)
    one, other = one[differ].astype(np.int64), other[differ].astype(np.int64)
    keys: NDArray[np.int64] = np.minimum(one, other) * n + np.maximum(one, other)
    return keys


def join(edges: NDArray[np.int64], n: int) -> NDArray[np.int32]:
    """Number the connected components of a graph.

    Parameters
    ----------
    edges : ndarray of int64
        ``(E, 2)`` nodes from 0 to n - 1.
    n : int
        Number of nodes.

    Returns
    -------
    ndarray of int32
        ``(n,)`` component of each node, contiguous from 0.
    """
    weight = np.ones(len(edges), dtype=bool)
    graph = sparse.coo_matrix((weight, (edges[:, 0], edges[:, 1])), shape=(n, n))
    components: NDArray[np.int32] = sparse.csgraph.connected_components(graph, directed=False)[1]
    return components


def merge_small(
    labels: NDArray[np.int32], min_size: float, colours: NDArray[Any] | None = None
) -> NDArray[np.int32]:
    """Merge regions of fewer than `min_size` pixels into a neighbour.

    Parameters
    ----------
    labels : ndarray of int32
        ``(*spatial)`` contiguous from 1; 0 is no data.
    min_size : float
        Regions of at least so many pixels stay, and so do regions without a neighbour.
    colours : ndarray, optional
        ``(*spatial, C)``. The neighbour of the nearest mean colour is taken; without colours the
        one with the longest shared border. Among equals the smaller label wins.

    Returns
    -------
    ndarray of int32
        Contiguous from 1.
    """
    while True:
        sizes = np.bincount(labels.ravel())
        edges, length = borders(labels)
        cost = -length if colours is None else _contrast(labels, sizes, colours, edges)
        merges = _cheapest(edges, cost, sizes < min_size)
        if not len(merges):
            return labels
        number = np.concatenate(([0], join(merges - 1, len(sizes) - 1) + 1))
        labels = number.astype(np.int32)[labels]


def _contrast(
    labels: NDArray[np.int32],
    sizes: NDArray[np.int64],
    colours: NDArray[Any],
    edges: NDArray[np.int64],
) -> NDArray[np.float64]:
    flat = colours.reshape(labels.size, -1)
    sums = [np.bincount(labels.ravel(), channel, len(sizes)) for channel in flat.T]
    means = np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]
    distance: NDArray[np.float64] = np.linalg.norm(means[edges[:, 0]] - means[edges[:, 1]], axis=1)
    return distance


def _cheapest(
    edges: NDArray[np.int64], cost: NDArray[Any], small: NDArray[np.bool_]
) -> NDArray[np.int64]:
    both = np.concatenate((edges, edges[:, ::-1]))
    cost = np.concatenate((cost, cost))
    mine = small[both[:, 0]]
    both, cost = both[mine], cost[mine]
    both = both[np.lexsort((both[:, 1], cost, both[:, 0]))]
    first = np.unique(both[:, 0], return_index=True)[1]
    chosen: NDArray[np.int64] = both[first]
    return chosen
