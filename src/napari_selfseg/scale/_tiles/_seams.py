"""Objects that several tiles have found: each is kept once, and whole.

A tile finds the objects that have a pixel in it, wherever they reach, within its halo. So near to a
seam an object is found by two tiles or more, mostly in the same pixels. Of all that are found an
order is made that does not depend on which tile was done when: whole ones come before those that
the end of a halo cuts, those with their centre in the tile that found them before others, large
ones before small ones. One after the other an object is kept, unless objects that were kept before
claim more than half of it; a pixel belongs to the first that claims it. Objects that halos cut, and
that agree where both tiles look, are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.grid import Box
from napari_selfseg.labelmaps import join

__all__ = ["Candidates", "Kept", "Meeting", "candidates", "kept", "meeting", "painted"]

# Of an object, or of the smaller of two, this part at most belongs to others.
_HALF: Final = 0.5


class Candidates(NamedTuple):
    """Objects that a tile has found.

    Attributes
    ----------
    sizes : ndarray of int64
        ``(n,)`` pixels.
    home : ndarray of bool
        ``(n,)`` whether the centre lies in the tile itself.
    cut : ndarray of bool
        ``(n,)`` whether the end of the halo cuts them.
    """

    sizes: NDArray[np.int64]
    home: NDArray[np.bool_]
    cut: NDArray[np.bool_]


class Meeting(NamedTuple):
    """Objects of two tiles that share pixels.

    Attributes
    ----------
    one, other : ndarray of int64
        ``(m,)`` numbers in each tile, from 1.
    pixels : ndarray of int64
        ``(m,)`` that both have.
    within : ndarray of int64
        ``(m,)`` pixels of the smaller of both, where both tiles look.
    """

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    pixels: NDArray[np.int64]
    within: NDArray[np.int64]


class Kept(NamedTuple):
    """What becomes of the objects of a tile.

    Attributes
    ----------
    numbers : ndarray of int64
        ``(n + 1,)`` labels in the whole image, from 1; 0 of what is not kept.
    ranks : ndarray of int64
        ``(n + 1,)`` of two objects the one with the smaller rank has a pixel.
    """

    numbers: NDArray[np.int64]
    ranks: NDArray[np.int64]


def candidates(
    labels: NDArray[np.integer[Any]], box: Box, inner: Box, shape: Sequence[int]
) -> tuple[NDArray[np.int32], Candidates]:
    """Take the objects that have a pixel in a tile, from the labels of the tile with its halo.

    `box` is where those labels lie, `inner` the tile alone. The labels returned are numbered
    without gaps, in the same order.
    """
    both = zip(inner, box, strict=True)
    crop = tuple(slice(i.start - o.start, i.stop - o.start) for i, o in both)
    here = np.bincount(labels[crop].ravel(), minlength=int(labels.max(initial=0)) + 1) > 0
    here[0] = False
    renamed: NDArray[np.int32] = np.where(here, np.cumsum(here), 0).astype(np.int32)
    taken, n = np.asarray(renamed[labels], np.int32), int(np.count_nonzero(here))
    where = np.nonzero(taken)
    own = taken[where]
    sizes = np.bincount(own, minlength=n + 1)[1:].astype(np.int64)
    home, cut = np.ones(n, bool), np.zeros(n + 1, bool)
    for axis, (at, outer, core) in enumerate(zip(where, box, inner, strict=True)):
        # Whole numbers, so that every tile says the same of an object.
        sums = np.bincount(own, at, n + 1)[1:].astype(np.int64) + outer.start * sizes
        middle = sums // sizes
        home &= (core.start <= middle) & (middle < core.stop)
        for end, beyond in ((0, outer.start > 0), (-1, outer.stop < shape[axis])):
            if beyond:
                cut[np.take(taken, end, axis)] = True
    return taken, Candidates(sizes, home, cut[1:])


def meeting(one: NDArray[np.integer[Any]], other: NDArray[np.integer[Any]]) -> Meeting:
    """Find the objects of two tiles that share pixels, where both tiles look."""
    a, b = one.ravel().astype(np.int64), other.ravel().astype(np.int64)
    wide = int(b.max(initial=0)) + 1
    both = (a > 0) & (b > 0)
    # Each pair of numbers as one number, so that pairs can be counted.
    keys, pixels = np.unique(a[both] * wide + b[both], return_counts=True)
    first, second = keys // wide, keys % wide
    within = np.minimum(np.bincount(a, minlength=1)[first], np.bincount(b, minlength=1)[second])
    return Meeting(first, second, pixels.astype(np.int64), within.astype(np.int64))


def kept(found: Sequence[Candidates], meetings: Iterable[tuple[int, int, Meeting]]) -> list[Kept]:
    """Decide which objects are kept, and number them through the image, in the order of the tiles.

    `meetings` has each pair of tiles once.
    """
    # Objects are numbered through, tile after tile: those of tile t begin at `first[t]`.
    first = np.concatenate(([0], np.cumsum([len(each.sizes) for each in found]))).astype(np.int64)
    n = int(first[-1])
    sizes, home, cut = (np.concatenate([*each]) for each in zip(*found, strict=True))
    rows = [np.zeros((0, 4), np.int64)]
    for a, b, (one, other, pixels, within) in meetings:
        rows.append(np.stack((first[a] + one - 1, first[b] + other - 1, pixels, within), axis=1))
    shared = np.concatenate(rows)
    # lexsort takes its last key first: whole before cut, centre in the tile, large, early.
    order = np.lexsort((np.arange(n), -sizes, ~home, cut))
    ranks = np.empty(n, np.int64)
    ranks[order] = np.arange(n)
    taken = _taken(order, sizes, cut, *_neighbours(shared, n))
    # Pieces of what is larger than the halo.
    pieces = taken & cut
    one, other, pixels, within = shared.T
    same = pieces[one] & pieces[other] & (pixels > _HALF * within)
    owner = join(shared[same, :2], n)
    # Pieces that are one object have one owner; numbers have no gaps.
    there = np.bincount(owner, taken, minlength=1) > 0
    numbers = np.where(taken, np.cumsum(there)[owner], 0)
    return [
        Kept(np.concatenate(([0], numbers[a:b])), np.concatenate(([n], ranks[a:b])))
        for a, b in pairwise(first)
    ]


def painted(
    shape: Sequence[int], layers: Iterable[tuple[Box, NDArray[np.integer[Any]], Kept]]
) -> NDArray[np.int64]:
    """Give each pixel of a tile the object that claims it first; 0 is the background.

    A layer is a part of the tile, what a tile has found there, and what becomes of it.
    """
    found = np.zeros(shape, np.int64)
    best = np.full(shape, np.iinfo(np.int64).max)
    for part, labels, (numbers, ranks) in layers:
        number, rank = numbers[labels], ranks[labels]
        better = (number > 0) & (rank < best[part])
        found[part][better] = number[better]
        best[part][better] = rank[better]
    return found


def _neighbours(
    shared: NDArray[np.int64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where the neighbours of each object begin, which they are, and the pixels shared."""
    ends = np.concatenate((shared[:, 0], shared[:, 1]))
    others = np.concatenate((shared[:, 1], shared[:, 0]))
    pixels = np.concatenate((shared[:, 2], shared[:, 2]))
    by_end = np.argsort(ends, kind="stable")
    starts = np.searchsorted(ends[by_end], np.arange(n + 1))
    return starts.astype(np.int64), others[by_end], pixels[by_end]


@compiled
def _taken(
    order: NDArray[np.int64],
    sizes: NDArray[np.int64],
    cut: NDArray[np.bool_],
    starts: NDArray[np.int64],
    others: NDArray[np.int64],
    pixels: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Take objects in their order; those that are cut claim nothing."""
    claimed, taken = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), np.bool_)
    for i in range(len(order)):
        x = order[i]
        if claimed[x] > _HALF * sizes[x]:
            continue
        taken[x] = True
        if not cut[x]:
            for k in range(starts[x], starts[x + 1]):
                claimed[others[k]] += pixels[k]
    return taken
