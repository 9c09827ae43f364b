"""An object cut along a line that somebody drew."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from skimage.draw import line as drawn_line
from skimage.segmentation import watershed

from napari_selfseg.labelmaps import split

__all__ = ["divided", "line_through"]

# Parts of fewer pixels, or a smaller share of an object, are none: corners a line just touches.
_CRUMB: Final = 4
_SHARE: Final = 0.02


def line_through(
    points: NDArray[np.integer[Any]],
    shape: Sequence[int],
    axis: int | None = None,
    *,
    longer: float = 0.0,
) -> NDArray[np.bool_]:
    """Return the pixels of a line.

    Parameters
    ----------
    points : ndarray of int
        ``(n, ndim)`` its corners.
    shape : sequence of int
        Of the label map, of two or three axes.
    axis : int, optional
        Along which it goes on as a wall; needed in a volume.
    longer : float
        Pixels by which both ends are lengthened.

    Returns
    -------
    ndarray of bool
        ``(*spatial)``; steps are diagonal at most, so that nothing passes face to face.
    """
    plane = [each for each in range(len(shape)) if each != axis]
    corners = points[:, plane].astype(np.float64)
    if longer:
        corners = _lengthened(corners, longer)
    corners = np.round(corners).astype(int)
    flat = np.zeros([shape[each] for each in plane], bool)
    for one, other in pairwise(corners):
        rows, columns = drawn_line(*one, *other)
        inside = (rows >= 0) & (rows < flat.shape[0]) & (columns >= 0) & (columns < flat.shape[1])
        flat[rows[inside], columns[inside]] = True
    return flat if axis is None else np.broadcast_to(np.expand_dims(flat, axis), tuple(shape))


def divided(
    mask: NDArray[np.bool_], points: NDArray[np.integer[Any]], axis: int | None = None
) -> NDArray[np.int32]:
    """Divide an object where a line goes through it from side to side.

    Parameters
    ----------
    mask : ndarray of bool
        ``(*spatial)`` the object, perhaps in several pieces.
    points, axis
        As of `line_through`. A line that is too short to divide anything is lengthened.

    Returns
    -------
    ndarray of int32
        ``(*spatial)`` parts from 1, the largest first; pieces that are not divided belong to part
        1, pixels of the line to the part that is nearest. 0 outside.
    """
    parts = _cut(mask, line_through(points, mask.shape, axis))
    if parts.max(initial=0) > 1:
        return parts
    # A line that ends inside the object is tried once more, longer than the image.
    far = float(np.linalg.norm(mask.shape))
    return _cut(mask, line_through(points, mask.shape, axis, longer=far))


def _cut(mask: NDArray[np.bool_], line: NDArray[np.bool_]) -> NDArray[np.int32]:
    pieces, parts = split(mask.astype(np.uint8), 1), split((mask & ~line).astype(np.uint8), 1)
    sizes = np.bincount(parts.ravel())
    home = np.zeros(len(sizes), np.int64)
    home[parts] = pieces
    large = sizes >= max(_CRUMB, _SHARE * np.count_nonzero(mask))
    large[0] = False
    divided = np.bincount(home[large], minlength=int(pieces.max(initial=0)) + 1) > 1
    own = np.flatnonzero(large & divided[home])
    own = own[np.argsort(-sizes[own], kind="stable")]
    # The largest part of each piece stays what the object is.
    _, first = np.unique(home[own], return_index=True)
    new = np.delete(own, first)
    numbers = np.where(large, 1, 0)
    numbers[new] = np.arange(2, len(new) + 2)
    markers = numbers[parts]
    if not markers.any():
        return mask.astype(np.int32)
    found = watershed(np.zeros(mask.shape, np.uint8), markers, mask=mask)
    # A piece that is all line is left out by the flood.
    return np.where(mask & (found == 0), 1, found).astype(np.int32)


def _lengthened(corners: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    found = corners.copy()
    for end, before in ((0, 1), (-1, -2)):
        way = corners[end] - corners[before]
        length = np.hypot(*way)
        if length > 0:
            found[end] = corners[end] + by * way / length
    return found
