"""Borders of labels, traced along the pixels of one block: arcs, or parts of them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.io._vector._corners import mark

__all__ = ["CLOSED", "ENDS", "STARTS", "Parts", "traced"]

# Directions along borders are 0 to 3: east, south, west, north. Whether a part starts or ends where
# borders meet, or goes round within its block.
STARTS: Final = 1
ENDS: Final = 2
CLOSED: Final = 4


class Parts(NamedTuple):
    """Parts of borders, each with the larger label on its left.

    Attributes
    ----------
    table : ndarray of int64
        ``(n, 8)``: points where it starts and ends, as ``y * (width + 1) + x``, the labels on its
        left and right, how many steps it has, the first and last of these, and flags.
    steps : ndarray of uint8
        Directions of one part after the other.
    """

    table: NDArray[np.int64]
    steps: NDArray[np.uint8]


def traced(
    labels: NDArray[np.integer[Any]],
    origin: tuple[int, int],
    shape: tuple[int, int],
    corners: NDArray[np.uint8],
) -> Parts:
    """Trace the borders of a block, and mark where they turn or meet.

    Parameters
    ----------
    labels : ndarray of int
        ``(y, x)`` objects from 1, with one pixel around the block; 0 beyond the image.
    origin, shape : tuple of int
        Where the block begins, and the size of the image.
    corners : ndarray of uint8
        To be marked, from `Corners`.
    """
    height, width = labels.shape[0] - 2, labels.shape[1] - 2
    lowest, rightmost = origin[0] + height == shape[0], origin[1] + width == shape[1]
    given = np.ascontiguousarray(labels, np.int64)
    arms, stops = _arms(given, lowest, rightmost, origin[0], origin[1], shape[1], corners)
    table, steps = _trace(given, arms, stops, origin[0], origin[1], shape[1])
    return Parts(table, steps)


@compiled
def _arms(
    labels: NDArray[np.int64],
    lowest: bool,
    rightmost: bool,
    top: int,
    left: int,
    width: int,
    corners: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return which of its four edges each point has in this block, and whether parts end there."""
    h, w = labels.shape[0] - 2, labels.shape[1] - 2
    arms = np.zeros((h + 1, w + 1), np.uint8)
    stops = np.zeros((h + 1, w + 1), np.uint8)
    for y in range(h + 1):
        for x in range(w + 1):
            nw, ne, sw, se = labels[y, x], labels[y, x + 1], labels[y + 1, x], labels[y + 1, x + 1]
            if nw == ne and sw == se and nw == sw:
                continue
            east, south, west, north = ne != se, sw != se, nw != sw, nw != ne
            meet = int(east) + int(south) + int(west) + int(north) > 2
            # An edge is of the block whose pixel lies below it, or to its right.
            row, column = y < h or lowest, x < w or rightmost
            here = 1 * (east and row and x < w) + 2 * (south and column and y < h)
            here += 4 * (west and row and x > 0) + 8 * (north and column and y > 0)
            arms[y, x] = here
            stops[y, x] = 2 if meet else here == 1 or here == 2 or here == 4 or here == 8
            turn = (east or west) and (south or north)
            if turn and row and column:
                mark(corners, top + y, left + x, width)
    return arms, stops


@compiled
def _trace(
    labels: NDArray[np.int64],
    arms: NDArray[np.uint8],
    stops: NDArray[np.uint8],
    top: int,
    left: int,
    width: int,
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Follow borders from where they stop, and then those that go round."""
    edges = 0
    for y in range(arms.shape[0]):
        for x in range(arms.shape[1]):
            edges += (arms[y, x] & 1) + (arms[y, x] >> 1 & 1)
    steps, found = np.empty(edges, np.uint8), [np.zeros(8, np.int64)]
    done = 0
    for loops in (False, True):
        for y in range(arms.shape[0]):
            for x in range(arms.shape[1]):
                if arms[y, x] == 0 or (stops[y, x] == 0 and not loops):
                    continue
                for way in range(4):
                    one, other = _beside(labels, y, x, way)
                    if arms[y, x] >> way & 1 and one > other:
                        part = np.zeros(8, np.int64)
                        part[2], part[3] = one, other
                        count, v, u = _follow(arms, stops, y, x, way, steps[done:])
                        part[0] = (top + y) * (width + 1) + left + x
                        part[1] = (top + v) * (width + 1) + left + u
                        part[4], part[5], part[6] = count, way, steps[done + count - 1]
                        part[7] = CLOSED if loops else (stops[y, x] == 2) + (stops[v, u] == 2) * 2
                        found.append(part)
                        done += count
    table = np.empty((len(found) - 1, 8), np.int64)
    for k in range(1, len(found)):
        table[k - 1] = found[k]
    return table, steps[:done]


@compiled
def _beside(labels: NDArray[np.int64], y: int, x: int, way: int) -> tuple[int, int]:
    """Return the labels on the left and right of who goes from a point on one of four ways."""
    nw, ne, sw, se = labels[y, x], labels[y, x + 1], labels[y + 1, x], labels[y + 1, x + 1]
    if way == 0:
        return ne, se
    if way == 1:
        return se, sw
    return (sw, nw) if way == 2 else (nw, ne)


@compiled
def _follow(
    arms: NDArray[np.uint8],
    stops: NDArray[np.uint8],
    y: int,
    x: int,
    way: int,
    steps: NDArray[np.uint8],
) -> tuple[int, int, int]:
    """Go along a border until it stops, and take it away; return its steps, and where it ends."""
    count = 0
    while True:
        arms[y, x] &= 15 - (1 << way)
        y += int(way == 1) - int(way == 3)
        x += int(way == 0) - int(way == 2)
        arms[y, x] &= 15 - (1 << (way + 2) % 4)
        steps[count] = way
        count += 1
        if stops[y, x] > 0 or arms[y, x] == 0:
            return count, y, x
        way = 0
        while not arms[y, x] >> way & 1:
            way += 1
