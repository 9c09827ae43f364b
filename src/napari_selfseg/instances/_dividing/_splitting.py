r"""Touching objects told apart: several ways to divide a piece are tried, and the best shape wins.

Of each connected piece these partitions are tried: none; the objects that were found; watersheds
of the distance to the background from maxima of several depths; and watersheds of the brightness
relative to what is around, with and without that distance. A partition into n parts of sizes A and
overlaps J with ellipses is worth, with :math:`A_0` the typical size and b the faces it cuts,

.. math::

    \frac{\sum A J^4 \min(1, 4 A / A_0)^{1/2} - \tfrac15 b A_0^{1/d}}{\sum A} - \tfrac1{50} [n > 1]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from napari_selfseg.instances._dividing._maxima import deep_maxima
from napari_selfseg.instances._ellipses import overlap_of_labels
from napari_selfseg.instances._shapes import radius
from napari_selfseg.labelmaps import contiguous, split

__all__ = ["divided"]

# Depths of maxima of the distance, and how strongly it is smoothed, in radii.
_DEPTHS: Final = (0.0375, 0.075, 0.15, 0.225, 0.375)
_SMOOTHED: Final = 0.08
# Widths of what smooths the brightness, in radii, and depth of its maxima.
_WIDTHS: Final = (0.12, 0.24, 0.48)
_DEPTH: Final = 0.02
# What partitions are worth.
_SHAPE: Final = 4
_SMALL: Final = 0.25
_CUT: Final = 0.2
_SEVERAL: Final = 0.02


def divided(
    labels: NDArray[np.int32],
    u: NDArray[np.float32],
    size: float,
    spacing: NDArray[np.float64],
    *others: NDArray[np.integer[Any]],
) -> NDArray[np.int32]:
    """Divide each connected piece of objects, or unite them, as gives the best shapes.

    `u` is brightness from 0 to 1, larger within objects; `size` is a typical one in pixels;
    `others` are further ways to divide them. The result is contiguous from 1, in no order.
    """
    pieces = split((labels > 0).astype(np.int32), 1)
    n = int(pieces.max(initial=0))
    if n == 0:
        return labels
    best, found = np.full(n + 1, -np.inf), np.zeros(labels.shape, np.int64)
    for partition in chain((pieces, labels, *others), _watersheds(pieces > 0, u, size, spacing)):
        parts = _within(pieces, partition)
        worth = _worth(parts, pieces, n, size, spacing)
        # Of equally good partitions the first stays, whatever rounding says.
        better = worth > best + 1e-9
        better[0] = False
        best[better] = worth[better]
        here = better[pieces]
        # Numbers of this partition, beyond those of all before.
        found[here] = parts[here] + found.max()
    return contiguous(found)


def _within(pieces: NDArray[np.int32], partition: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Number the parts of each piece."""
    inside = pieces > 0
    piece, part = pieces[inside].astype(np.int64), partition[inside].astype(np.int64)
    home = np.zeros(int(part.max()) + 1, np.int64)
    home[part] = piece
    if not (home[part] == piece).all():  # a part that lies in several pieces is several
        part = np.unique(piece * len(home) + part, return_inverse=True)[1]
    there = np.bincount(part) > 0
    found = np.zeros(pieces.shape, np.int32)
    found[inside] = np.cumsum(there)[part]
    return found


def _worth(
    parts: NDArray[np.int32],
    pieces: NDArray[np.int32],
    n: int,
    size: float,
    spacing: NDArray[np.float64],
) -> NDArray[np.float64]:
    A, J = overlap_of_labels(parts, spacing)
    of = np.zeros(len(A), np.int64)
    of[parts.ravel()] = pieces.ravel()
    shapes = np.bincount(of, A * J**_SHAPE * np.sqrt(np.minimum(1, A / (_SMALL * size))), n + 1)
    total = np.maximum(np.bincount(of, A, n + 1), 1)
    several = np.bincount(of, A > 0, n + 1) > 1
    cut = _CUT * _faces_cut(parts, pieces, n) * size ** (1 / parts.ndim)
    found: NDArray[np.float64] = (shapes - cut) / total - _SEVERAL * several
    return found


def _faces_cut(parts: NDArray[np.int32], pieces: NDArray[np.int32], n: int) -> NDArray[np.float64]:
    found = np.zeros(n + 1)
    for axis in range(parts.ndim):
        one, where = np.moveaxis(parts, axis, 0), np.moveaxis(pieces, axis, 0)
        faces = (one[1:] != one[:-1]) & (one[1:] > 0) & (one[:-1] > 0)
        found += np.bincount(where[1:][faces], minlength=n + 1)
    return found


def _watersheds(
    inside: NDArray[np.bool_],
    u: NDArray[np.float32],
    size: float,
    spacing: NDArray[np.float64],
) -> Iterator[NDArray[Any]]:
    r = radius(size, u.ndim)
    distance = _distance(inside, spacing)
    d = ndi.gaussian_filter(distance, max(0.5, _SMOOTHED * r) / spacing)
    for depth in _DEPTHS:
        yield _watershed(d, depth * r, inside)
    around = np.maximum((2 * r / spacing).astype(int) | 1, 1)
    for width in _WIDTHS:
        s = ndi.gaussian_filter(u, width * r / spacing)
        relative = s / np.maximum(ndi.maximum_filter(s, around), 1e-6)
        yield _watershed(relative, _DEPTH, inside)
        yield _watershed(relative + np.minimum(d / np.float32(r), 1), _DEPTH, inside)


def _distance(inside: NDArray[np.bool_], spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    # Beyond the image an object goes on.
    wide = np.pad(inside, 1, mode="edge")
    found = ndi.distance_transform_edt(wide, sampling=spacing)
    return np.asarray(found[(slice(1, -1),) * inside.ndim], np.float32)


def _watershed(
    height: NDArray[np.float32], depth: float, inside: NDArray[np.bool_]
) -> NDArray[Any]:
    markers = deep_maxima(height, depth, inside)
    found: NDArray[Any] = watershed(-height, markers, mask=inside)
    return found
