"""Sizes of objects: numbers of pixels, or areas and volumes with their unit."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NONE", "as_size", "pixels_at_least", "pixels_at_most", "unit_of_size", "within"]

# No limit.
NONE: Final = 0
_MOST: Final = 2**31 - 1
_TEXT: Final = re.compile(r"([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([^\s0-9^²³]*)\s*\^?([23²³]?)")
# What is nearly a whole number of pixels is one.
_NEARLY: Final = 1e-9
_PIXELS: Final = ("", "px", "pixel", "pixels", "voxel", "voxels")


def as_size(given: Any) -> int | str:
    """Read a size: pixels, or an area or a volume, such as ``120``, ``"120"`` or ``"20 um2"``.

    Returns
    -------
    int or str
        Pixels; or a number and a unit with its power, such as ``"20 µm²"``.

    Raises
    ------
    ValueError
        When it is none.
    """
    text = str(given).strip()
    found = None if isinstance(given, bool) else _TEXT.fullmatch(text)
    if found is None or not math.isfinite(value := float(found[1])):
        raise ValueError(_WHAT)
    unit, power = found[2], found[3].translate(str.maketrans("²³", "23"))
    if unit.lower() in _PIXELS and not power:
        if not value.is_integer() or value > _MOST:
            raise ValueError(_WHOLE)
        return int(value)
    if unit.lower() in _PIXELS or not power:
        raise ValueError(_WHAT)
    return f"{value:.12g} {unit}{'²' if power == '2' else '³'}" if value else NONE


# The parameter says itself what was given.
_WHAT: Final = "must be a number of pixels, or an area or volume such as 20um2 or 30um3"
_WHOLE: Final = "must be a whole number of pixels, at most 2147483647"


def unit_of_size(size: str) -> tuple[float, str, int]:
    """Split a size from `as_size` into value, unit of length, and power (2 or 3)."""
    number, unit = size.split(" ", 1)
    return float(number), unit[:-1], 2 if unit[-1] == "²" else 3


def pixels_at_least(size: float, pixel: float) -> int:
    """Return the fewest pixels that are no smaller than a size; both sizes are in one unit."""
    return min(math.ceil(size / pixel * (1 - _NEARLY)), _MOST)


def pixels_at_most(size: float, pixel: float) -> int:
    """Return the most pixels that are no larger than a size, 1 at least, as 0 is no limit."""
    return min(max(math.floor(size / pixel * (1 + _NEARLY)), 1), _MOST)


def within(
    objects: NDArray[np.integer[Any]], smallest: int, largest: int, *, at_border: bool
) -> NDArray[Any]:
    """Remove objects that are too small, too large, or cut by the border of the image.

    Sizes are in pixels, 0 is no limit. Objects keep their numbers, and so their colours, so that
    limits can be moved to and fro.
    """
    sizes = np.bincount(objects.ravel(), minlength=1)
    kept = sizes >= smallest
    if largest:
        kept &= sizes <= largest
    if not at_border:
        kept[touching_border(objects)] = False
    kept[0] = True
    if kept.all():
        return objects.copy()
    numbers = np.where(kept, np.arange(len(kept)), 0).astype(objects.dtype)
    return np.asarray(numbers[objects])


def touching_border(objects: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Return the numbers of objects at a face of the image."""
    faces = [np.take(objects, end, axis).ravel() for axis in range(objects.ndim) for end in (0, -1)]
    return np.unique(np.concatenate(faces))
