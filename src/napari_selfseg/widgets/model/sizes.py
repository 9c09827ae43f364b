"""Sizes of objects: how many there are of each, and between limits; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scale", "Sizes", "scale_of"]

PIXEL: Final = "pixel"
POWERS: Final = {2: "²", 3: "³"}
BARS: Final = 40


@dataclass(frozen=True)
class Scale:
    """How large a pixel is.

    Attributes
    ----------
    pixel : float
        Area or volume of a pixel in the unit.
    unit : str
        Such as ``"µm²"``; ``"px"`` where none is known.
    """

    pixel: float = 1.0
    unit: str = "px"

    def shown(self, pixels: float) -> float:
        """Return a number of pixels in the unit."""
        return pixels * self.pixel

    def words(self, pixels: float) -> str:
        """Return a number of pixels with three digits, and the unit."""
        size = self.shown(pixels)
        return f"{size:,.0f} {self.unit}" if size >= 100 else f"{size:.3g} {self.unit}"

    def at_least(self, size: float) -> int:
        """Return the fewest pixels that are no smaller than a size; 0 for no limit."""
        from napari_selfseg.instances import pixels_at_least

        return pixels_at_least(size, self.pixel) if size > 0 else 0

    def at_most(self, size: float) -> int:
        """Return the most pixels that are no larger than a size; 0 for no limit."""
        from napari_selfseg.instances import pixels_at_most

        return pixels_at_most(size, self.pixel) if size > 0 else 0


def scale_of(spacing: Sequence[float], unit: str) -> Scale:
    """Return how large a pixel is; the `unit` is ``"pixel"`` where none is known."""
    if unit == PIXEL or len(spacing) not in POWERS:
        return Scale()
    return Scale(math.prod(map(abs, spacing)), f"{unit}{POWERS[len(spacing)]}")


@dataclass(frozen=True)
class Sizes:
    """The objects of an image, without any limit.

    Attributes
    ----------
    pixels : ndarray of int64
        ``(n,)`` how large each is.
    cut : ndarray of bool
        ``(n,)`` whether the border of the image cuts it.
    """

    pixels: NDArray[np.int64]
    cut: NDArray[np.bool_]

    @classmethod
    def of(cls, objects: NDArray[np.integer[Any]]) -> Sizes:
        """Measure objects, which are from 1."""
        counts = np.bincount(objects.ravel(), minlength=1)
        at_border = np.zeros(len(counts), bool)
        for axis in range(objects.ndim):
            for end in (0, -1):
                at_border[np.take(objects, end, axis)] = True
        there = np.flatnonzero(counts[1:]) + 1
        return cls(counts[there].astype(np.int64), at_border[there])

    def within(self, smallest: int, largest: int, *, at_border: bool) -> int:
        """Count objects within limits in pixels; 0 is no limit.

        `at_border` counts those that the border of the image cuts.
        """
        kept = self.pixels >= smallest
        if largest:
            kept &= self.pixels <= largest
        if not at_border:
            kept &= ~self.cut
        return int(kept.sum())

    @property
    def range(self) -> tuple[float, float]:
        """Between which sizes a histogram goes, in pixels."""
        if not len(self.pixels):
            return 1.0, 10.0
        low, high = float(self.pixels.min()), float(self.pixels.max())
        # Wider than the sizes there are, so that limits can lie outside of all.
        return low / 1.25, high * 1.25

    def bars(self) -> NDArray[np.int64]:
        """Return how many objects there are of each size, in steps of equal ratio."""
        low, high = self.range
        edges = np.geomspace(low, high, BARS + 1)
        return np.histogram(self.pixels, edges)[0].astype(np.int64)

    def place(self, pixels: float) -> float:
        """Say where a size lies in the histogram, from 0 to 1."""
        low, high = self.range
        place = math.log(max(pixels, 1e-9) / low) / math.log(high / low)
        return min(max(place, 0.0), 1.0)

    def at(self, place: float) -> float:
        """Return the size at a place of the histogram, in pixels."""
        low, high = self.range
        return float(low * (high / low) ** place)
