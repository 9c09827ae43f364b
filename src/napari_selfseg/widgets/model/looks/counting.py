"""How much there is of every label; no Qt and no napari here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["AT_ONCE", "Counted", "counted", "place_of"]

# Pixels that are counted at a time, so that other threads get their turn; and without a thread.
BLOCK: Final = 1 << 18
AT_ONCE: Final = 1 << 20
# Numbers up to which a table of all of them is no larger than the labels of an image.
LARGEST: Final = 1 << 24
# Pixels that are looked through for one label.
SEEN: Final = 1 << 20


@dataclass(frozen=True)
class Counted:
    """Labels by size.

    Attributes
    ----------
    numbers : ndarray of int64
        ``(n,)`` labels there are, the largest first; of equal ones the smaller number.
    pixels : ndarray of int64
        ``(n,)`` how many pixels each has.
    background : int
        Pixels with label 0.
    """

    numbers: NDArray[np.int64]
    pixels: NDArray[np.int64]
    background: int

    @property
    def labelled(self) -> int:
        """Pixels with a label."""
        return int(self.pixels.sum())

    def times(self, factor: float) -> Counted:
        """Return what was counted in an image with fewer pixels, as pixels of the whole."""
        pixels = np.rint(self.pixels * factor).astype(np.int64)
        return Counted(self.numbers, pixels, round(self.background * factor))


def counted(labels: NDArray[Any]) -> Counted:
    """Count pixels by label; slow for many, so call it in a worker thread.

    The labels may change meanwhile.
    """
    rows = max(1, BLOCK // max(1, int(np.prod(labels.shape[1:]))))
    sizes = np.zeros(1, np.int64)
    rare: dict[int, int] = {}
    for begin in range(0, len(labels), rows):
        block = np.ravel(labels[begin : begin + rows])
        if block.size and int(block.max()) > LARGEST:
            for number, n in zip(*np.unique(block, return_counts=True), strict=True):
                rare[int(number)] = rare.get(int(number), 0) + int(n)
            continue
        found = np.bincount(block.astype(np.intp, copy=False), minlength=len(sizes))
        found[: len(sizes)] += sizes
        sizes = found
    return _by_size(sizes, rare)


def place_of(
    labels: NDArray[Any], number: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Find a pixel of a label that lies in its middle, and the box around the label.

    Returns
    -------
    point : ndarray of int64
        ``(ndim,)`` a pixel of the label.
    box : ndarray of int64
        ``(2, ndim)`` the first and the last pixel along each axis.
    None
        When there is no such label.
    """
    step = max(1, int((labels.size / SEEN) ** (1 / labels.ndim)))
    for each in {step: None, 1: None}:
        found = np.argwhere(labels[(slice(None, None, each),) * labels.ndim] == number) * each
        if len(found):
            away = ((found - found.mean(axis=0)) ** 2).sum(axis=1)
            return found[away.argmin()], np.stack((found.min(axis=0), found.max(axis=0)))
    return None


def _by_size(sizes: NDArray[np.int64], rare: dict[int, int]) -> Counted:
    background = int(sizes[0]) + rare.pop(0, 0)
    there = np.flatnonzero(sizes[1:]) + 1
    totals = dict(zip(there.tolist(), sizes[there].tolist(), strict=True))
    for number, n in rare.items():
        totals[number] = totals.get(number, 0) + n
    numbers = np.array(list(totals), np.int64)
    pixels = np.array(list(totals.values()), np.int64)
    order = np.lexsort((numbers, -pixels))
    return Counted(numbers[order], pixels[order], background)
