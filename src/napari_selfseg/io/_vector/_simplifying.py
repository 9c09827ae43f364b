r"""Arcs between objects with fewer corners: each alone, and yet no two of them ever cross.

Visvalingam and Whyatt leave out the corner first that spans the smallest triangle with its
neighbours. Here one is left out only where no corner of any arc, as all were before, lies in that
triangle. What enters a triangle without a corner in it goes in and out through one side, which no
straight line does; so whatever is done to two arcs, they do not cross, and the order in which they
are simplified is of no matter.

References
----------
Visvalingam and Whyatt, The Cartographic Journal 1993, doi:10.1179/000870493786962263.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.io._vector._corners import is_marked, mark, unmark

__all__ = ["kept"]


@compiled
def kept(
    lines: NDArray[np.int64],
    firsts: NDArray[np.int64],
    closed: NDArray[np.bool_],
    fewest: NDArray[np.int64],
    limit: int,
    corners: NDArray[Any],
    width: int,
) -> NDArray[np.bool_]:
    """Return which corners of arcs stay.

    Parameters
    ----------
    lines : ndarray of int64
        ``(n, 2)`` y and x of the corners of one arc after the other.
    firsts : ndarray of int64
        ``(m + 1,)`` where each arc begins among these.
    closed : ndarray of bool
        ``(m,)`` whether it goes round; otherwise both ends stay.
    fewest : ndarray of int64
        ``(m,)`` points of it that stay at least.
    limit : int
        Twice the area of the largest triangle whose corner is left out.
    corners : ndarray of uint8
        Of all arcs, in an image so wide; as it was at the end.
    """
    stays = np.ones(len(lines), np.bool_)
    for k in range(len(closed)):
        part = slice(firsts[k], firsts[k + 1])
        stays[part] = _kept(lines[part], closed[k], fewest[k], limit, corners, width)
    return stays


@compiled
def _kept(
    line: NDArray[np.int64],
    closed: bool,
    fewest: int,
    limit: int,
    corners: NDArray[Any],
    width: int,
) -> NDArray[np.bool_]:
    """Return which corners of one arc stay."""
    n = len(line)
    stays, size = np.ones(n, np.bool_), np.full(n, -1)
    before, after = np.arange(-1, n - 1), np.arange(1, n + 1)
    before[0], after[n - 1] = n - 1, 0
    inner = (0, n) if closed else (1, n - 1)
    waiting = [(0, 0) for _ in range(0)]
    for k in range(inner[0], inner[1]):
        size[k] = _spanned(line, before[k], k, after[k])
        if size[k] <= limit:
            waiting.append((size[k], k))
    heapq.heapify(waiting)
    left = n
    while len(waiting) > 0 and left > fewest:
        area, k = heapq.heappop(waiting)
        one, other = before[k], after[k]
        if not stays[k] or size[k] != area or _is_held(line, one, k, other, corners, width):
            continue
        stays[k] = False
        left -= 1
        unmark(corners, line[k, 0], line[k, 1], width)
        after[one], before[other] = other, one
        for near in (one, other):
            if inner[0] <= near < inner[1]:
                size[near] = _spanned(line, before[near], near, after[near])
                if size[near] <= limit:
                    heapq.heappush(waiting, (size[near], near))
    for k in range(n):
        if not stays[k]:
            mark(corners, line[k, 0], line[k, 1], width)
    return stays


@compiled
def _spanned(line: NDArray[np.int64], one: int, k: int, other: int) -> int:
    """Return twice the area of a triangle."""
    a, b, c = line[one], line[k], line[other]
    return int(abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])))


@compiled
def _is_held(
    line: NDArray[np.int64], one: int, k: int, other: int, corners: NDArray[Any], width: int
) -> bool:
    """Say whether a corner lies in a triangle, or on its sides, beside its own three."""
    own = (line[one], line[k], line[other])
    top, bottom = min(own[0][0], own[1][0], own[2][0]), max(own[0][0], own[1][0], own[2][0])
    for y in range(top, bottom + 1):
        first, last = _across(own, y)
        for x in range(first, last + 1):
            if is_marked(corners, y, x, width):
                mine = False
                for each in own:
                    mine |= each[0] == y and each[1] == x
                if not mine:
                    return True
    return False


@compiled
def _across(own: tuple[NDArray[np.int64], ...], y: int) -> tuple[int, int]:
    """Return the first and last column of a row of a triangle."""
    first, last = 2**62, -(2**62)
    for k in range(3):
        a, b = own[k], own[(k + 1) % 3]
        if not min(a[0], b[0]) <= y <= max(a[0], b[0]):
            continue
        if a[0] == b[0]:
            first, last = min(first, a[1], b[1]), max(last, a[1], b[1])
        else:
            if a[0] > b[0]:
                a, b = b, a
            rise, run = (y - a[0]) * (b[1] - a[1]), b[0] - a[0]
            first = min(first, a[1] - (-rise) // run)
            last = max(last, a[1] + rise // run)
    return first, last
