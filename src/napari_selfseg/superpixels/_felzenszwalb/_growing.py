"""Regions that grow along the edges between pixels, from the lightest edge on."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.superpixels._felzenszwalb._edge_buckets import STEP_BITS, EdgeBuckets

__all__ = ["grown"]

_STEP: Final = 2**STEP_BITS - 1
_BITS: Final = 11
_DIGITS: Final = 2**_BITS
_PASSES: Final = 6  # of 11 bits in 64


def grown(
    graph: EdgeBuckets, mask: NDArray[np.bool_], k: float, min_size: int
) -> NDArray[np.int32]:
    """Grow regions by the rule of Felzenszwalb and Huttenlocher, then merge the small ones.

    Of each bucket only those edges are sorted that lie between two regions that may still merge:
    about as many as there are pixels, a quarter of all edges in planes. (An edge that closes a
    cycle of lighter ones is not for nothing: A and C may merge over it where B between them was
    refused to both. So the edges of a minimum spanning forest are not enough.)

    Parameters
    ----------
    graph : EdgeBuckets
        Of the pixels of the mask.
    mask : ndarray of bool
        ``(*spatial)``.
    k : float
        The scale, in the unit of the weights.
    min_size : int
        Smaller regions merge with the neighbour over the lightest edge.

    Returns
    -------
    ndarray of int32
        ``(*spatial)`` contiguous from 1 in the order of the first pixels; 0 outside the mask.
    """
    most = int(np.diff(graph.starts).max(initial=0))
    keys = np.empty((2, most), dtype=np.float64)
    edges = np.empty((2, most), dtype=graph.edges.dtype)
    parent = np.full(mask.size, -1, dtype=graph.edges.dtype)
    limit = np.full(mask.size, k)
    for smallest in (0, min_size):
        _sweep(*graph, k, smallest, parent, limit, keys, keys.view(np.uint64), edges)
    labels = np.zeros(mask.size, dtype=np.int32)
    _number(parent, mask.ravel(), labels, np.zeros(mask.size, dtype=np.int32))
    return labels.reshape(mask.shape)


@compiled
def _root(parent: NDArray[Any], pixel: int) -> int:
    """Find the pixel that stands for a region; its parent is minus the size of the region."""
    while parent[pixel] >= 0:
        above = parent[pixel]
        if parent[above] >= 0:
            parent[pixel] = parent[above]
        pixel = above
    return pixel


@compiled
def _join(
    one: int,
    other: int,
    weight: float,
    min_size: int,
    parent: NDArray[Any],
    limit: NDArray[np.float64],
) -> bool:
    """Say whether two regions merge: by the rule, or, with a minimal size, for being small."""
    if one == other:
        return False
    if min_size > 0:
        return bool(-parent[one] < min_size or -parent[other] < min_size)
    return bool(weight < limit[one] and weight < limit[other])


@compiled
def _sweep(
    weights: NDArray[np.float64],
    edges: NDArray[Any],
    starts: NDArray[np.int64],
    lows: NDArray[np.float64],
    offsets: NDArray[np.int64],
    k: float,
    min_size: int,
    parent: NDArray[Any],
    limit: NDArray[np.float64],
    kept: NDArray[np.float64],
    bits: NDArray[np.uint64],
    kept_edges: NDArray[Any],
) -> None:
    for bucket in range(len(lows)):
        n = 0
        for edge in range(starts[bucket], starts[bucket + 1]):
            pixel = edges[edge] >> STEP_BITS
            one = _root(parent, pixel)
            other = _root(parent, pixel + offsets[edges[edge] & _STEP])
            # A limit that lies below the lightest edge to come never rises again.
            if _join(one, other, lows[bucket], min_size, parent, limit):
                kept[0, n] = weights[edge]
                kept_edges[0, n] = edges[edge]
                n += 1
        row = _sort(bits, kept_edges, n)
        for place in range(n):
            edge, weight = kept_edges[row, place], kept[row, place]
            pixel = edge >> STEP_BITS
            one = _root(parent, pixel)
            other = _root(parent, pixel + offsets[edge & _STEP])
            if _join(one, other, weight, min_size, parent, limit):
                if parent[one] > parent[other]:
                    one, other = other, one
                parent[one] += parent[other]
                parent[other] = one
                limit[one] = weight + k / -parent[one]


@compiled
def _sort(bits: NDArray[np.uint64], edges: NDArray[Any], n: int) -> int:
    """Sort the first n of row 0 by bits, then step, then pixel; return the row of the result."""
    count = np.zeros((_PASSES + 1, _DIGITS), dtype=np.int64)
    for place in range(n):
        count[0, edges[0, place] & _STEP] += 1
        for turn in range(_PASSES):
            digit = (bits[0, place] >> np.uint64(_BITS * turn)) & np.uint64(_DIGITS - 1)
            count[turn + 1, digit] += 1
    row = 0
    for turn in range(_PASSES + 1):
        if count[turn].max() < n:
            _pass(bits, edges, n, row, turn, count[turn])
            row = 1 - row
    return row


@compiled
def _pass(
    bits: NDArray[np.uint64],
    edges: NDArray[Any],
    n: int,
    row: int,
    turn: int,
    place: NDArray[np.int64],
) -> None:
    total = 0
    for digit in range(_DIGITS):
        total, place[digit] = total + place[digit], total
    for k in range(n):
        home = np.int64(edges[row, k] & _STEP)
        if turn > 0:
            shift = np.uint64(_BITS * (turn - 1))
            home = np.int64((bits[row, k] >> shift) & np.uint64(_DIGITS - 1))
        bits[1 - row, place[home]] = bits[row, k]
        edges[1 - row, place[home]] = edges[row, k]
        place[home] += 1


@compiled
def _number(
    parent: NDArray[Any],
    mask: NDArray[np.bool_],
    labels: NDArray[np.int32],
    number: NDArray[np.int32],
) -> None:
    count = 0
    for pixel in range(len(mask)):
        if mask[pixel]:
            root = _root(parent, pixel)
            if number[root] == 0:
                count += 1
                number[root] = count
            labels[pixel] = number[root]
