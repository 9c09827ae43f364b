"""Any label array as superpixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_superpixels"]


def as_superpixels(
    labels: Any, shape: tuple[int, ...], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Check a label array and number its labels through.

    Parameters
    ----------
    labels : array_like of int
        Such as the data of a napari Labels layer; 0 is no superpixel, and so no data.
    shape : tuple of int
        Spatial shape of the image.
    mask : ndarray of bool, optional
        True where there are data.

    Returns
    -------
    ndarray of int32
        Contiguous from 1 in the order of the labels, 0 where there are no data.

    Raises
    ------
    ValueError
        When type or shape do not fit, or nothing is labelled.
    """
    found = np.asarray(labels)
    if found.dtype.kind not in "ui":
        raise ValueError(f"Superpixels must be whole numbers, not {found.dtype}: convert them.")
    if found.shape != shape:
        raise ValueError(
            f"The superpixels have shape {found.shape} and the image {shape}: choose labels of "
            "the image's shape."
        )
    if mask is not None:
        found = np.where(mask, found, 0)
    if not found.any():
        raise ValueError("The superpixels are 0 everywhere: draw or choose at least one.")
    if found.min() < 0:
        raise ValueError(f"Superpixels must not be negative, but {found.min()} is among them.")
    values, inverse = np.unique(found, return_inverse=True)
    first = 0 if values[0] == 0 else 1
    return (inverse.reshape(shape) + first).astype(np.int32)
