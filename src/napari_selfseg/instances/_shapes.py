"""Label maps of objects: cleaned, filled, and with borders where the image has them."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.segmentation import find_boundaries, watershed

__all__ = ["at_edges", "filled", "radius", "typical_size", "without"]

# Of the radius: how deep the inside of an object lies, and how far off the background begins.
_INSIDE: Final = 0.15
_OUTSIDE: Final = 0.3
# An object that is thin keeps at least this part of its depth.
_DEPTH: Final = 0.6
_NEAREST: Final = 1.5
_EDGES: Final = 1.0


def radius(size: float, ndim: int) -> float:
    """Return the radius of the disc, or ball, of a size in pixels."""
    return math.sqrt(size / math.pi) if ndim == 2 else (size / (4 / 3 * math.pi)) ** (1 / 3)


def typical_size(labels: NDArray[np.integer[Any]]) -> float:
    """Return the median size of objects in pixels; 0 without any."""
    sizes = np.bincount(labels.ravel())[1:]
    sizes = sizes[sizes > 0]
    return float(np.median(sizes)) if len(sizes) else 0.0


def without(labels: NDArray[np.integer[Any]], gone: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Remove the objects for which `gone`, ``(n + 1,)``, is True, and number the others from 1."""
    kept = np.bincount(labels.ravel(), minlength=len(gone)) > 0
    kept &= ~gone
    kept[:1] = False
    # Numbered without sorting the pixels.
    numbers: NDArray[np.int32] = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(numbers[labels], np.int32)


def filled(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return labels with the holes of each object filled, except for other objects in them."""
    found = labels.copy()
    for number, box in enumerate(ndi.find_objects(labels), 1):
        if box is not None:
            hole = ndi.binary_fill_holes(labels[box] == number) & (labels[box] == 0)
            found[box][hole] = number
    return found


def at_edges(
    labels: NDArray[np.int32],
    grey: NDArray[np.float32],
    size: float,
    spacing: NDArray[np.float64],
) -> NDArray[np.int32]:
    """Return labels whose borders lie where the image is steepest.

    Between the inside of each object and what is surely background a watershed of the slope
    decides. `size` is a typical one in pixels.
    """
    n = int(labels.max(initial=0))
    border = find_boundaries(labels, mode="thick")
    if not n or not border.any():
        return labels.copy()
    r = radius(size, labels.ndim)
    depth = ndi.distance_transform_edt(~border, sampling=spacing)
    deepest = np.concatenate(([0.0], ndi.maximum(depth, labels, np.arange(1, n + 1))))
    inside = (labels > 0) & (depth >= np.minimum(_INSIDE * r, _DEPTH * deepest)[labels])
    markers = np.where(inside, labels, 0)
    # The background floods as one more object.
    markers[(labels == 0) & (depth > max(_NEAREST, _OUTSIDE * r))] = n + 1
    slope = ndi.gaussian_gradient_magnitude(grey, _EDGES / spacing)
    found = watershed(slope, markers)
    found[found == n + 1] = 0
    return np.asarray(found, np.int32)
