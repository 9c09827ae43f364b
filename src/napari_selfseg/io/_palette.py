"""Colours of classes, in files of programs that show classes in colours."""

from __future__ import annotations

import colorsys
from typing import Final

__all__ = ["class_colour"]

GOLDEN: Final = 0.618033988749895


def class_colour(number: int) -> tuple[int, int, int]:
    """Return red, green and blue of a class from 1: neighbours in number are far apart in hue."""
    # Steps of the golden ratio keep the hues of any number of classes apart.
    hue = (number * GOLDEN) % 1
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.65, 0.9)
    return round(255 * red), round(255 * green), round(255 * blue)
