"""What superpixels are like: where their pixels lie, and how they look."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pieces", "pieces"]


class Pieces(NamedTuple):
    """Sums over the pixels of each superpixel, and borders between them.

    Attributes
    ----------
    sizes : ndarray of float64
        ``(n,)`` pixels.
    moments : ndarray of float64
        ``(n, d + d (d + 1) / 2)`` sums of the coordinates, and of the products of two.
    rims : ndarray of float64
        ``(n,)`` faces of pixels where the data end.
    edges : ndarray of int64
        ``(E, 2)`` superpixels that touch, from 0.
    lengths : ndarray of float64
        ``(E,)`` faces they share.
    colours : ndarray of float64
        ``(n, C)`` mean colours.
    histograms : ndarray of float32
        ``(n, D)``, as for `agglomerate`.
    """

    sizes: NDArray[np.float64]
    moments: NDArray[np.float64]
    rims: NDArray[np.float64]
    edges: NDArray[np.int64]
    lengths: NDArray[np.float64]
    colours: NDArray[np.float64]
    histograms: NDArray[np.float32]


def pieces(
    index: NDArray[np.integer[Any]],
    edges: NDArray[np.int64],
    lengths: NDArray[np.floating[Any]],
    colours: NDArray[np.floating[Any]],
    histograms: NDArray[np.float32],
) -> Pieces:
    """Measure superpixels.

    Parameters
    ----------
    index : ndarray of int
        ``(*spatial)`` superpixel of each pixel, from 1; 0 for no data.
    edges, lengths, histograms
        As the attributes.
    colours : ndarray of float
        ``(*spatial, C)``, on the scale of Lab.

    Returns
    -------
    Pieces
    """
    flat = index.ravel()
    count = np.bincount(flat)
    sizes = np.maximum(count[1:], 1).astype(np.float64)
    means = [
        np.bincount(flat, colour.ravel(), len(count))[1:] / sizes
        for colour in np.moveaxis(colours, -1, 0)
    ]
    ends = np.asarray(lengths, np.float64)
    return Pieces(
        count[1:].astype(np.float64),
        _moments(index, len(count)),
        _rims(index, len(count)),
        edges,
        ends,
        np.stack(means, axis=1),
        histograms,
    )


def _moments(index: NDArray[np.integer[Any]], n: int) -> NDArray[np.float64]:
    flat, columns = index.ravel(), []
    # From the middle, so that products stay small.
    axes = [np.arange(size, dtype=np.float64) - size / 2 for size in index.shape]
    places = [
        axis.reshape([-1 if k == number else 1 for k in range(index.ndim)])
        for number, axis in enumerate(axes)
    ]
    for place in places:
        columns.append(np.bincount(flat, np.broadcast_to(place, index.shape).ravel(), n)[1:])
    for one in range(index.ndim):
        for other in range(one, index.ndim):
            product = np.broadcast_to(places[one] * places[other], index.shape)
            columns.append(np.bincount(flat, product.ravel(), n)[1:])
    return np.stack(columns, axis=1)


def _rims(index: NDArray[np.integer[Any]], n: int) -> NDArray[np.float64]:
    found = np.zeros(n)
    for axis in range(index.ndim):
        rows = np.moveaxis(index, axis, 0)
        found += np.bincount(rows[0].ravel(), minlength=n)
        found += np.bincount(rows[-1].ravel(), minlength=n)
        found += np.bincount(rows[:-1][rows[1:] == 0], minlength=n)
        found += np.bincount(rows[1:][rows[:-1] == 0], minlength=n)
    return found[1:]
