"""Superpixels that the user brings: a label image made ready for the methods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.superpixels._tidy import contiguous

__all__ = ["as_superpixels"]


def as_superpixels(
    labels: NDArray[Any], shape: tuple[int, ...], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Number any label image contiguously; a label may lie in several pieces.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)``, such as a napari Labels layer; 0 is no superpixel, hence no data.
    shape : tuple of int
        Spatial shape of the image.
    mask : ndarray of bool, optional
        ``(*spatial)``, True where there is data; labels elsewhere are dropped.

    Returns
    -------
    ndarray of int32
        ``(*spatial)`` contiguous from 1, 0 where there is no data.

    Raises
    ------
    ValueError
        When the labels have another shape, are no whole numbers, are negative, or are all 0.
    """
    found = np.asarray(labels)
    _check_shape("The labels have", found.shape, tuple(shape))
    if not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"Labels must be whole numbers, not {found.dtype}: convert them first.")
    if mask is not None:
        _check_shape("The mask has", np.shape(mask), tuple(shape))
        found = np.where(mask, found, 0)
    if not found.any():
        raise ValueError("The labels are 0 everywhere: draw or choose at least one superpixel.")
    if found.min() < 0:
        raise ValueError(f"Labels must not be negative, but {found.min()} is among them.")
    return contiguous(found)


def _check_shape(what: str, shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if shape != expected:
        raise ValueError(
            f"{what} shape {shape} and the image {expected}: choose labels of the image's shape."
        )
