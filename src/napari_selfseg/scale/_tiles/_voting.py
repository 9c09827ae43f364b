"""The vote of superpixels that cross tiles: votes are counted tile by tile and summed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Votes", "counted", "winners"]

Labels = NDArray[np.integer[Any]]


class Votes(NamedTuple):
    """How many pixels of a superpixel have a class: ``(n,)`` triples, only of those that occur."""

    superpixels: NDArray[np.int64]
    classes: NDArray[np.int64]
    pixels: NDArray[np.int64]


def counted(superpixels: Labels, classes: Labels) -> Votes:
    """Count the votes in a tile; pixels that are 0 in either array do not vote."""
    seen = (superpixels > 0) & (classes > 0)
    pairs = np.stack([superpixels[seen], classes[seen]], axis=-1).astype(np.int64)
    found, pixels = np.unique(pairs, axis=0, return_counts=True)
    return Votes(found[:, 0], found[:, 1], pixels.astype(np.int64))


def winners(votes: Iterable[Votes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return superpixels, ascending, and the class that most pixels of each have.

    Of classes with equally many pixels the first wins.
    """
    columns = [np.concatenate(each) for each in zip(*votes, strict=True)]
    if not columns:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    pairs, at = np.unique(np.stack(columns[:2], axis=-1), axis=0, return_inverse=True)
    pixels = np.bincount(at.ravel(), columns[2])
    # Sorted by superpixel, then by pixels from most to least, then by class.
    order = np.lexsort((pairs[:, 1], -pixels, pairs[:, 0]))
    superpixels, first = np.unique(pairs[order, 0], return_index=True)
    return superpixels, pairs[order, 1][first]
