"""What somebody drew: superpixels that hold one class each, and graphs where a class is a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = [
    "Grouped",
    "averaged",
    "divided",
    "drawn_on",
    "grouped",
    "together",
    "united",
    "weights",
]


def divided(
    superpixels: NDArray[np.int32],
    scribbles: NDArray[np.integer[Any]],
    spacing: Sequence[float] | None = None,
) -> NDArray[np.int32]:
    """Divide superpixels that hold strokes of several classes.

    A pixel goes with the nearest stroke. The smallest class keeps the number of the superpixel,
    the others get new ones, after the largest.

    Parameters
    ----------
    superpixels : ndarray of int32
        ``(*spatial)`` from 1, 0 where there are no data.
    scribbles : ndarray of int
        ``(*spatial)`` classes from 1, 0 where nothing was drawn.
    spacing : sequence of float, optional
        Physical size of a pixel along each axis; ones by default.

    Returns
    -------
    ndarray of int32
        The same array where nothing is to be divided.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    if superpixels.shape != scribbles.shape:
        raise ValueError(
            f"The superpixels have shape {superpixels.shape} and the scribbles {scribbles.shape}: "
            "make them equal."
        )
    mixed = _mixed(superpixels, scribbles)
    if not len(mixed):
        return superpixels
    found, last = superpixels.copy(), int(superpixels.max())
    for number, box in zip(mixed.tolist(), _boxes(superpixels, mixed), strict=True):
        inside = superpixels[box] == number
        nearest = _nearest(np.where(inside, scribbles[box], 0), spacing)
        for drawn in np.unique(nearest[inside])[1:]:
            last += 1
            found[box][inside & (nearest == drawn)] = last
    return found


def drawn_on(
    superpixels: NDArray[np.int32], scribbles: NDArray[np.integer[Any]]
) -> NDArray[np.int64]:
    """Find the class drawn on each superpixel, 0 where nothing was, the largest of several."""
    found = np.zeros(int(superpixels.max()) + 1, np.int64)
    touched = scribbles > 0
    np.maximum.at(found, superpixels[touched], scribbles[touched].astype(np.int64))
    return found[1:]


def _mixed(
    superpixels: NDArray[np.int32], scribbles: NDArray[np.integer[Any]]
) -> NDArray[np.int64]:
    touched = (scribbles > 0) & (superpixels > 0)
    classes = int(scribbles.max(initial=0)) + 1
    keys = superpixels[touched].astype(np.int64) * classes + scribbles[touched].astype(np.int64)
    numbers, count = np.unique(np.unique(keys) // classes, return_counts=True)
    return numbers[count > 1]


def _boxes(superpixels: NDArray[np.int32], numbers: NDArray[np.int64]) -> list[tuple[slice, ...]]:
    """Return where some superpixels lie; their pixels alone are looked at more than once."""
    wanted = np.zeros(int(superpixels.max()) + 1, bool)
    wanted[numbers] = True
    at = np.flatnonzero(wanted[superpixels])
    at = at[np.argsort(superpixels.ravel()[at], kind="stable")]
    begins = np.flatnonzero(np.diff(superpixels.ravel()[at], prepend=-1))
    axes = np.unravel_index(at, superpixels.shape)
    low = np.stack([np.minimum.reduceat(each, begins) for each in axes], axis=1)
    high = np.stack([np.maximum.reduceat(each, begins) for each in axes], axis=1) + 1
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return [tuple(map(slice, *pair)) for pair in pairs]


def _nearest(
    strokes: NDArray[np.integer[Any]], spacing: Sequence[float] | None
) -> NDArray[np.integer[Any]]:
    where = ndimage.distance_transform_edt(
        strokes == 0, sampling=spacing, return_distances=False, return_indices=True
    )
    found: NDArray[np.integer[Any]] = strokes[tuple(where)]
    return found


def together(drawn: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number nodes so that those of one class have one number.

    Parameters
    ----------
    drawn : ndarray of int
        ``(n,)`` class of each node from 1, 0 for none.

    Returns
    -------
    kept : ndarray of int64
        The first node of each number.
    of : ndarray of int64
        ``(n,)`` number of each node.
    """
    first, on = np.arange(len(drawn)), np.flatnonzero(drawn)
    _, at, which = np.unique(drawn[on], return_index=True, return_inverse=True)
    first[on] = on[at][which]
    kept, of = np.unique(first, return_inverse=True)
    return kept, of


class Grouped(NamedTuple):
    """A graph whose nodes of one class are one node.

    Attributes
    ----------
    of : ndarray of int64
        ``(n,)`` the node that each node has become part of.
    edges, heights, lengths, sizes : ndarray
        As for `linked`; edges between the same nodes have become one.
    classes : ndarray of int64
        Class of each node, 0 for none.
    histograms : ndarray of float32 or None
        As for `agglomerate`: the mean over the pixels.
    """

    of: NDArray[np.int64]
    edges: NDArray[np.int64]
    heights: NDArray[np.float64]
    lengths: NDArray[np.float64]
    sizes: NDArray[np.int64]
    classes: NDArray[np.int64]
    histograms: NDArray[np.float32] | None


def grouped(
    drawn: NDArray[np.integer[Any]],
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    sizes: NDArray[Any],
    histograms: NDArray[np.floating[Any]] | None = None,
) -> Grouped:
    """Make one node of all nodes on which the same class was drawn.

    Parameters
    ----------
    drawn : ndarray of int
        ``(n,)`` class of each node from 1, 0 for none.
    edges, heights, lengths, sizes, histograms
        As for `linked`.
    """
    kept, of = together(drawn)
    unique, mean, total = united(of, edges, heights, lengths)
    counts = np.zeros(len(kept), np.int64)
    np.add.at(counts, of, np.asarray(sizes, np.int64))
    P = None if histograms is None else averaged(histograms, sizes, of, counts)
    return Grouped(of, unique, mean, total, counts, np.asarray(drawn, np.int64)[kept], P)


def united(
    of: NDArray[np.int64],
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Make one border of all borders between two nodes that others have become part of.

    Parameters
    ----------
    of : ndarray of int64
        ``(n,)`` the node that each node has become part of.
    edges, heights, lengths
        As for `linked`.

    Returns
    -------
    edges : ndarray of int64
        ``(E, 2)``, the smaller node first, sorted.
    heights, lengths : ndarray of float64
        ``(E,)`` the mean by length, and the sum.
    """
    pairs = np.sort(of[np.asarray(edges, np.int64).reshape(-1, 2)], axis=1)
    apart = pairs[:, 0] != pairs[:, 1]
    unique, edge = np.unique(pairs[apart], axis=0, return_inverse=True)
    edge, m = edge.reshape(-1), len(unique)
    each = np.asarray(lengths, np.float64)[apart]
    total = np.bincount(edge, each, m).astype(np.float64)
    moments = np.bincount(edge, each * np.asarray(heights, np.float64)[apart], m)
    mean: NDArray[np.float64] = moments / total
    return unique, mean, total


def averaged(
    histograms: NDArray[np.floating[Any]],
    sizes: NDArray[Any],
    of: NDArray[np.int64],
    counts: NDArray[Any],
) -> NDArray[np.float32]:
    """Average histograms over the pixels of all nodes that have become one: ``(m, D)``.

    Parameters
    ----------
    histograms : ndarray of float
        ``(n, D)``.
    sizes : ndarray
        ``(n,)`` pixels of each node.
    of : ndarray of int64
        ``(n,)`` the node that each has become part of.
    counts : ndarray
        ``(m,)`` pixels of each of these.
    """
    found = np.empty((len(counts), histograms.shape[1]), np.float32)
    for column, share in enumerate(histograms.T):
        found[:, column] = np.bincount(of, share * sizes, len(counts)) / counts
    return found


def weights(sizes: NDArray[Any], drawn: NDArray[np.integer[Any]] | None) -> NDArray[np.int64]:
    """Weigh nodes, ``(n,)``, so that `matched` keeps the numbers of classes before all others.

    `sizes` are the pixels of each node, and `drawn` as for `grouped`.
    """
    found = np.asarray(sizes, np.int64)
    return found if drawn is None else np.where(drawn > 0, found.sum() + 1, found)
