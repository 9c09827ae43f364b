"""Labels drawn over a picture, and a picture as PNG."""

from __future__ import annotations

import colorsys
from typing import Any, Final

import imageio.v3 as iio
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import find_boundaries

__all__ = ["as_bytes", "as_png", "enlarged", "overlaid", "plane_of"]

COVER: Final = 0.45
GOLDEN_ANGLE: Final = 0.381966
# Share of pixels at a border from which borders would hide what they surround.
CROWDED: Final = 0.5


def overlaid(picture: NDArray[np.float32], labels: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
    """Fill labels with colours, half transparent, and draw their borders where there is room.

    Picture and result are ``(y, x, 3)`` from 0 to 1. Where the label is 0 the picture stays; a
    label has the same colour in every picture.
    """
    values, index = np.unique(labels, return_inverse=True)
    hues = [colorsys.hsv_to_rgb(value * GOLDEN_ANGLE % 1, 0.75, 1.0) for value in values]
    colour = np.array(hues, np.float32)[index.reshape(labels.shape)]
    mixed = np.where((labels > 0)[..., None], (1 - COVER) * picture + COVER * colour, picture)
    borders = find_boundaries(labels, mode="inner")
    if borders.mean() < CROWDED:
        mixed[borders] = 1.0
    return mixed.astype(np.float32)


def plane_of(array: NDArray[Any], ndim: int, most: int) -> NDArray[Any]:
    """Return a view of the middle plane.

    It is ``(..., y, x)``, subsampled to at most `most` pixels a side.
    """
    if ndim == 3:
        array = array[..., array.shape[-3] // 2, :, :]
    step = max(1, -(-max(array.shape[-2:]) // most))
    return array[..., ::step, ::step]


def enlarged(plane: NDArray[Any], least: int) -> NDArray[Any]:
    """Repeat each pixel of a small plane until its longer side has `least` pixels.

    Lines drawn over it are thin then.
    """
    times = max(1, least // max(plane.shape[:2]))
    return plane if times == 1 else plane.repeat(times, axis=0).repeat(times, axis=1)


def as_bytes(picture: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Turn values in 0..1 into bytes."""
    return (picture * 255).round().astype(np.uint8)


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture, grey or RGB, as a PNG file."""
    encoded: bytes = iio.imwrite("<bytes>", picture, extension=".png")
    return encoded
