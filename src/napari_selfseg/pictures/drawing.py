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

    Parameters
    ----------
    picture : ndarray of float32
        ``(y, x, 3)`` in 0..1.
    labels : ndarray of int
        ``(y, x)``; where it is 0 the picture stays.

    Returns
    -------
    ndarray of float32
        As the picture. A label has the same colour in every picture.
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
    """Take the middle plane of an image, and of large ones every so many pixels.

    Parameters
    ----------
    array : ndarray
        With `ndim` spatial axes, which are the last.
    ndim : int
        Two, or three for a volume.
    most : int
        Pixels along a side at most.

    Returns
    -------
    ndarray
        ``(..., y, x)``, a view.
    """
    if ndim == 3:
        array = array[..., array.shape[-3] // 2, :, :]
    step = max(1, -(-max(array.shape[-2:]) // most))
    return array[..., ::step, ::step]


def enlarged(plane: NDArray[Any], least: int) -> NDArray[Any]:
    """Repeat each pixel of a small plane, so that lines drawn over it are thin.

    Parameters
    ----------
    plane : ndarray
        ``(y, x, ...)``.
    least : int
        Pixels along its longer side from which nothing is repeated any more.

    Returns
    -------
    ndarray
        The plane itself, or a new one.
    """
    times = max(1, least // max(plane.shape[:2]))
    return plane if times == 1 else plane.repeat(times, axis=0).repeat(times, axis=1)


def as_bytes(picture: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Turn values in 0..1 into bytes."""
    return (picture * 255).round().astype(np.uint8)


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture.

    Parameters
    ----------
    picture : ndarray of uint8
        ``(y, x)`` or ``(y, x, 3)``.

    Returns
    -------
    bytes
        Of a PNG file.
    """
    encoded: bytes = iio.imwrite("<bytes>", picture, extension=".png")
    return encoded
