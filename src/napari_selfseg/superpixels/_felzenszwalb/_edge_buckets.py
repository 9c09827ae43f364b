"""Edges between neighbouring pixels, from the lightest to the heaviest, in little memory."""

from __future__ import annotations

from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled

__all__ = ["STEP_BITS", "EdgeBuckets", "edge_buckets"]

# An edge is the number of its pixel and, in the lowest bits, of its step: four at most.
STEP_BITS: Final = 2
# Weights fall into buckets by their exponent and the first bits of their mantissa. As floats that
# are not negative lie in the order of their bits, the buckets lie in the order of the weights.
_DIGIT: Final = 48
_DIGITS: Final = 2**16
# Edges a bucket has at least: a share of all, so that a bucket is swept in few passes over the
# image, and as many as one sort is worth.
_SHARE: Final = 64
_FEWEST: Final = 2**13


class EdgeBuckets(NamedTuple):
    """Edges in buckets of increasing weight; in each they lie in the order of their pixels.

    Attributes
    ----------
    weights : ndarray of float64
        ``(E,)`` distance of the colours.
    edges : ndarray of int32 or int64
        ``(E,)`` number of the first pixel times four, plus the number of the step.
    starts : ndarray of int64
        ``(B + 1,)`` where each bucket starts and the last ends.
    lows : ndarray of float64
        ``(B,)`` no weight of the bucket is less.
    offsets : ndarray of int64
        ``(S,)`` by how much a step raises the number of the pixel.
    """

    weights: NDArray[np.float64]
    edges: NDArray[Any]
    starts: NDArray[np.int64]
    lows: NDArray[np.float64]
    offsets: NDArray[np.int64]


def edge_buckets(image: NDArray[np.float64], mask: NDArray[np.bool_]) -> EdgeBuckets:
    """Weigh the edges between neighbours inside a mask.

    Planes have edges to all eight neighbours, volumes to the six face to face.

    Parameters
    ----------
    image : ndarray of float64
        ``(*spatial, C)``.
    mask : ndarray of bool
        ``(*spatial)``.
    """
    steps = _steps(mask.ndim)
    strides = np.array([int(np.prod(mask.shape[axis + 1 :])) for axis in range(mask.ndim)])
    offsets = (np.array(steps) @ strides).astype(np.int64)
    reach = _reach(mask, steps).ravel()
    colours = np.ascontiguousarray(image.reshape(mask.size, -1))
    count = np.zeros(_DIGITS, dtype=np.int64)
    _count(colours, reach, offsets, count)
    bucket, starts, lows = _bounds(count)
    number = np.int32 if mask.size < 2 ** (31 - STEP_BITS) else np.int64
    weights = np.empty(starts[-1], dtype=np.float64)
    edges = np.empty(starts[-1], dtype=number)
    _fill(colours, reach, offsets, bucket, starts[:-1].copy(), weights, edges)
    return EdgeBuckets(weights, edges, starts, lows, offsets)


def _steps(ndim: int) -> list[tuple[int, ...]]:
    reach = ndim if ndim == 2 else 1
    steps = [step for step in product((-1, 0, 1), repeat=ndim) if step > (0,) * ndim]
    return [step for step in steps if np.abs(step).sum() <= reach]


def _reach(mask: NDArray[np.bool_], steps: list[tuple[int, ...]]) -> NDArray[np.uint8]:
    """Return in a bit for each step whether it leads from a pixel of the mask to another."""
    reach = np.zeros(mask.shape, dtype=np.uint8)
    for k, step in enumerate(steps):
        here, there = _shifted(step)
        reach[here] |= (mask[here] & mask[there]).astype(np.uint8) << k
    return reach


def _shifted(step: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    cut = {-1: (slice(1, None), slice(-1)), 0: (slice(None),) * 2, 1: (slice(-1), slice(1, None))}
    return tuple(cut[each][0] for each in step), tuple(cut[each][1] for each in step)


def _bounds(
    count: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the bucket of each digit, where buckets start and what they weigh at least."""
    before = np.concatenate(([0], np.cumsum(count)))
    size = max(int(before[-1]) // _SHARE, _FEWEST)
    # A bucket begins with the first digit after each multiple of the size.
    first = np.unique(np.searchsorted(before[:-1], np.arange(0, max(before[-1], 1), size)))
    bucket = np.searchsorted(first, np.arange(_DIGITS), side="right") - 1
    lows = (first.astype(np.uint64) << np.uint64(_DIGIT)).view(np.float64)
    return bucket, np.append(before[first], before[-1]), lows


@compiled
def _weight(colours: NDArray[np.float64], one: int, other: int) -> float:
    total = 0.0
    for channel in range(colours.shape[1]):
        total += (colours[one, channel] - colours[other, channel]) ** 2
    return float(np.sqrt(total))


@compiled
def _count(
    colours: NDArray[np.float64],
    reach: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    count: NDArray[np.int64],
) -> None:
    weight = np.zeros(1)
    bits = weight.view(np.uint64)
    for pixel in range(len(reach)):
        for k in range(len(offsets)):
            if (reach[pixel] >> k) & 1:
                weight[0] = _weight(colours, pixel, pixel + offsets[k])
                count[bits[0] >> np.uint64(_DIGIT)] += 1


@compiled
def _fill(
    colours: NDArray[np.float64],
    reach: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    bucket: NDArray[np.int64],
    place: NDArray[np.int64],
    weights: NDArray[np.float64],
    edges: NDArray[Any],
) -> None:
    weight = np.zeros(1)
    bits = weight.view(np.uint64)
    for pixel in range(len(reach)):
        for k in range(len(offsets)):
            if (reach[pixel] >> k) & 1:
                weight[0] = _weight(colours, pixel, pixel + offsets[k])
                home = bucket[bits[0] >> np.uint64(_DIGIT)]
                weights[place[home]] = weight[0]
                edges[place[home]] = (pixel << STEP_BITS) | k
                place[home] += 1
