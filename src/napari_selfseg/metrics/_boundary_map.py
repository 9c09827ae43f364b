"""Pixels on the borders of segments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from skimage.morphology import thin

from napari_selfseg.metrics._contingency import as_labels

__all__ = ["Mask", "border_map", "boundary_map"]

Mask = NDArray[np.bool_]
Place = tuple[slice, ...]


def boundary_map(labels: ArrayLike, *, valid: Mask | None = None) -> Mask:
    """Mark a line one pixel wide along the borders of segments.

    A pixel is marked that differs from the next one to the right, below or diagonally, and the
    lines are thinned in a plane: the `Boundaries` of the BSDS files to the pixel.

    Parameters
    ----------
    labels : array_like of int
        Plane or volume; in a volume nothing is thinned.
    valid : ndarray of bool, optional
        Borders count only between pixels that are valid.

    Returns
    -------
    ndarray of bool

    References
    ----------
    Martin, Fowlkes and Malik, PAMI 2004, doi:10.1109/TPAMI.2004.1273918.
    """
    array = as_labels(labels)
    found = np.zeros(array.shape, dtype=np.bool_)
    for here, there in _steps(array.ndim):
        found[here] |= _differ(array, valid, here, there)
    return np.asarray(thin(found)) if found.ndim == 2 else found


def border_map(labels: ArrayLike, *, valid: Mask | None = None) -> Mask:
    """Mark the pixels on both sides of every border, face to face.

    Parameters
    ----------
    labels : array_like of int
        Plane or volume.
    valid : ndarray of bool, optional
        Borders count only between pixels that are valid.

    Returns
    -------
    ndarray of bool
    """
    array = as_labels(labels)
    found = np.zeros(array.shape, dtype=np.bool_)
    for here, there in _steps(array.ndim, diagonal=False):
        differ = _differ(array, valid, here, there)
        found[here] |= differ
        found[there] |= differ
    return found


def _steps(ndim: int, *, diagonal: bool = True) -> Iterator[tuple[Place, Place]]:
    for step in product((0, 1), repeat=ndim):
        if sum(step) == 1 or (sum(step) > 1 and diagonal):
            yield (
                tuple(slice(None, -1) if each else slice(None) for each in step),
                tuple(slice(1, None) if each else slice(None) for each in step),
            )


def _differ(array: NDArray[Any], valid: Mask | None, here: Place, there: Place) -> Mask:
    differ: Mask = array[here] != array[there]
    if valid is not None:
        differ &= valid[here] & valid[there]
    return differ
