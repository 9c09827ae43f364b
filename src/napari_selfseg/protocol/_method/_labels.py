"""Any label array as superpixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.protocol._method._method import SuperpixelAlgorithm

__all__ = ["as_superpixels", "over_segmented"]


def as_superpixels(
    labels: Any, shape: tuple[int, ...], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Check a label array and number its labels through.

    Parameters
    ----------
    labels : array_like of int
        Such as the data of a napari Labels layer; 0 is no superpixel, and so no data.
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
    array = np.asarray(labels)
    if array.dtype.kind not in "bui":
        raise ValueError(f"Superpixels need whole numbers, not {array.dtype}: give a labels array.")
    if array.shape != shape:
        raise ValueError(
            f"The superpixels have shape {array.shape} and the image {shape}: make them equal."
        )
    if array.size and array.min() < 0:
        raise ValueError("Superpixels are numbered from 1, and 0 is no data: some are negative.")
    seen = array if mask is None else np.where(mask, array, 0)
    values, inverse = np.unique(seen, return_inverse=True)
    if values[-1] == 0:
        raise ValueError("The superpixels label no pixel with data: number them from 1.")
    first = 0 if values[0] == 0 else 1
    return (inverse.reshape(shape) + first).astype(np.int32)


def over_segmented(algorithm: SuperpixelAlgorithm, x: Tensor, valid: Tensor | None) -> Tensor:
    """Make the superpixels of an image that a fit is applied to.

    Parameters
    ----------
    algorithm : SuperpixelAlgorithm
        Such as a method's default.
    x : Tensor
        ``(1, C, *spatial)``, as the network sees it.
    valid : Tensor or None
        ``(1, 1, *spatial)`` bool; None when there are data everywhere.

    Returns
    -------
    Tensor
        ``(1, *spatial)`` int64 from 1, 0 where there are no data; on the device of the image.
    """
    image = x[0].movedim(0, -1).cpu().numpy()
    mask = None if valid is None else valid[0, 0].cpu().numpy()
    made = algorithm(image, mask=mask)
    return torch.from_numpy(made.astype(np.int64))[None].to(x.device)
