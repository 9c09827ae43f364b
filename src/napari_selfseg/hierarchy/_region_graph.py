"""Regions and their borders while they are merged: rings of half edges, and a heap of borders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled

__all__ = [
    "Borders",
    "Regions",
    "Rule",
    "borders_of",
    "link",
    "regions_of",
    "sift",
    "sift_down",
    "taken_out",
    "unlink",
]


class Rule(NamedTuple):
    """w, p, and s in pixels."""

    w: float
    p: float
    s: float


class Regions(NamedTuple):
    """What is known of each region, by number.

    Attributes
    ----------
    size : ndarray of float64
        Pixels.
    seen : ndarray of float64
        Pixels when all its borders were made anew.
    P : ndarray of float32
        ``(n, D)``.
    alone : ndarray of bool
        Which of them no other such region joins.
    first, degree : ndarray of int64
        A half edge of its ring, -1 without any, and how many there are.
    mark : ndarray of int64
        The border to the region that is being merged, -1 otherwise.
    """

    size: NDArray[np.float64]
    seen: NDArray[np.float64]
    P: NDArray[np.float32]
    alone: NDArray[np.bool_]
    first: NDArray[np.int64]
    degree: NDArray[np.int64]
    mark: NDArray[np.int64]


class Borders(NamedTuple):
    """What is known of each border, by number.

    The borders of a region are a ring of half edges, so that two rings are joined in no time: 2 e
    is the end of border e at its one region, 2 e + 1 that at its other.

    Attributes
    ----------
    ends : ndarray of int64
        ``(2 E,)`` the region at each half edge.
    moment, length : ndarray of float64
        Sum of height times length, and of lengths.
    cost : ndarray of float64
        c.
    heap, where : ndarray of int64
        The borders with the cheapest on top, and the place of each in it.
    following, before : ndarray of int64
        ``(2 E,)`` neighbours of each half edge in its ring.
    """

    ends: NDArray[np.int64]
    moment: NDArray[np.float64]
    length: NDArray[np.float64]
    cost: NDArray[np.float64]
    heap: NDArray[np.int64]
    where: NDArray[np.int64]
    following: NDArray[np.int64]
    before: NDArray[np.int64]


def regions_of(
    n: int, sizes: NDArray[Any], P: NDArray[np.floating[Any]], apart: Iterable[int]
) -> Regions:
    size = np.array(sizes, np.float64)
    alone = np.zeros(n, np.bool_)
    alone[list(apart)] = True
    none = np.full(n, -1, np.int64)
    degree = np.zeros(n, np.int64)
    # Rows are written: a copy, and in one piece.
    rows = np.array(P, np.float32, order="C")
    return Regions(size, size.copy(), rows, alone, none, degree, none.copy())


def borders_of(
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
) -> Borders:
    ends = np.array(edges, np.int64).reshape(-1)
    length = np.array(lengths, np.float64)
    moment = np.asarray(heights, np.float64) * length
    number = np.arange(len(length))
    ring = np.empty(len(ends), np.int64)
    cost = np.empty(len(length))
    return Borders(ends, moment, length, cost, number, number.copy(), ring, ring.copy())


@compiled
def link(half: int, region: int, borders: Borders, regions: Regions) -> None:
    """Put a half edge at the end of a region's ring."""
    head = regions.first[region]
    if head < 0:
        regions.first[region] = half
        borders.following[half] = borders.before[half] = half
    else:
        last = borders.before[head]
        borders.following[last], borders.before[half] = half, last
        borders.following[half], borders.before[head] = head, half
    regions.degree[region] += 1


@compiled
def unlink(half: int, region: int, borders: Borders, regions: Regions) -> None:
    """Take a half edge out of a region's ring."""
    after, last = borders.following[half], borders.before[half]
    borders.following[last], borders.before[after] = after, last
    regions.degree[region] -= 1
    if regions.degree[region] == 0:
        regions.first[region] = -1
    elif regions.first[region] == half:
        regions.first[region] = after


@compiled
def _sooner(e: int, f: int, borders: Borders) -> bool:
    one, other = borders.cost[e], borders.cost[f]
    return one < other or (one == other and e < f)


@compiled
def sift(place: int, borders: Borders, count: int) -> None:
    """Bring the border at a place of the heap to where it belongs: up, or else down."""
    e = borders.heap[place]
    while place > 0:
        above = (place - 1) // 2
        f = borders.heap[above]
        if not _sooner(e, f, borders):
            break
        borders.heap[place], borders.where[f] = f, place
        place = above
    borders.heap[place], borders.where[e] = e, place
    sift_down(place, borders, count)


@compiled
def sift_down(place: int, borders: Borders, count: int) -> None:
    e = borders.heap[place]
    below = 2 * place + 1
    while below < count:
        f = borders.heap[below]
        if below + 1 < count and _sooner(borders.heap[below + 1], f, borders):
            below, f = below + 1, borders.heap[below + 1]
        if _sooner(e, f, borders):
            break
        borders.heap[place], borders.where[f] = f, place
        place, below = below, 2 * below + 1
    borders.heap[place], borders.where[e] = e, place


@compiled
def taken_out(e: int, borders: Borders, count: int) -> int:
    """Take a border out of the heap; return how many are left."""
    place, count = borders.where[e], count - 1
    last = borders.heap[count]
    if last != e:
        borders.heap[place], borders.where[last] = last, place
        sift(place, borders, count)
    return count
