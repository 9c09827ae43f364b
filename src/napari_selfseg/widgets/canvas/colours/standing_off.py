"""Hues that labels over an image may have: those that the image itself has not."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2hsv

__all__ = ["ALL_HUES", "Hues", "free_hues", "spread"]

# Where hues begin, and how far they reach; 1 is once around.
Hues = tuple[float, float]

ALL_HUES: Final[Hues] = (0.0, 1.0)
# Left out on either side of the image's own hue: pink on pink, or its neighbours, hides everything.
SPARED: Final = 1 / 6
# Below these an image is grey, or has all hues.
COLOURED: Final = 0.06
ONE_HUE: Final = 0.6


def free_hues(source: Any) -> Hues:
    """Return the hues that stand off an image: all of them where it is grey or has many.

    Only the thumbnail is looked at, which is there whatever the size of the image.
    """
    if not getattr(source, "rgb", False):
        return ALL_HUES
    thumbnail: NDArray[np.uint8] = np.asarray(source.thumbnail)
    hsv = rgb2hsv(thumbnail[thumbnail[..., 3] > 0][:, :3] / 255)
    if not len(hsv):
        return ALL_HUES
    weights = hsv[:, 1] * hsv[:, 2]
    around = (weights * np.exp(2j * np.pi * hsv[:, 0])).sum()
    if weights.mean() < COLOURED or abs(around) < ONE_HUE * weights.sum():
        return ALL_HUES
    return (float(np.angle(around) / (2 * np.pi) + SPARED) % 1, 1 - 2 * SPARED)


def spread(places: NDArray[np.floating[Any]], hues: Hues) -> NDArray[np.floating[Any]]:
    """Map positions from 0 to 1 onto hues from `free_hues`."""
    begin, reach = hues
    return (begin + reach * places) % 1
