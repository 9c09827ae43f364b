"""Label arrays made contiguous, connected, and free of crumbs; nothing loops over superpixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.labelmaps import borders, join

__all__ = ["merge_small"]


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
