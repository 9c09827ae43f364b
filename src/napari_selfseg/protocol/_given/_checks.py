"""What a user gives, checked: each refusal is one sentence that says what to do."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.remedies import CHANNEL_AXIS, NAN, NO_PIXEL

__all__ = [
    "as_channels_first",
    "as_list",
    "as_mask",
    "as_scribbles",
    "as_spacing",
    "check_finite",
    "check_images",
]


def as_channels_first(image: Any, channel_axis: int | None, ndims: Sequence[int]) -> NDArray[Any]:
    """Check an image's type and axes and bring its channels to the front.

    Parameters
    ----------
    image : array_like
        Numeric; anything `numpy.asarray` reads.
    channel_axis : int or None
        As in scikit-image.
    ndims : sequence of int
        Numbers of spatial dimensions that can be used.

    Returns
    -------
    ndarray
        ``(C, *spatial)``.

    Raises
    ------
    ValueError
        When the image is empty, not numeric, or its axes do not fit.
    """
    array = np.asarray(image)
    if array.dtype.kind not in "buif":
        raise ValueError(f"An image needs real numbers, not {array.dtype} values.")
    if channel_axis is None:
        array = array[np.newaxis]
    elif not -array.ndim <= channel_axis < array.ndim:
        raise ValueError(f"There is no axis {channel_axis} in an image of shape {array.shape}.")
    else:
        array = np.moveaxis(array, channel_axis, 0)
    _check_axes(array, channel_axis, ndims)
    return array


def _check_axes(array: NDArray[Any], channel_axis: int | None, ndims: Sequence[int]) -> None:
    spatial = array.shape[1:]
    if array.size == 0:
        raise ValueError(f"The image is empty: its shape is {spatial}.")
    if len(spatial) not in ndims:
        allowed = " or ".join(map(str, ndims))
        raise ValueError(
            f"An image of shape {spatial} has {len(spatial)} spatial axes where {allowed} can be "
            f"used: {CHANNEL_AXIS}."
        )
    if channel_axis is None and len(spatial) == 3 and spatial[-1] in (3, 4):
        warnings.warn(
            f"An image of shape {spatial} is taken as a volume; if its last axis holds colours, "
            "pass channel_axis=-1.",
            stacklevel=4,
        )


def as_mask(mask: Any, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Check a mask; True marks pixels with data.

    Parameters
    ----------
    mask : array_like or None
        Bool, or numbers of which 0 means no data.

    Returns
    -------
    ndarray of bool, or None
        None when every pixel has data.

    Raises
    ------
    ValueError
        When the shape differs or no pixel is left.
    """
    if mask is None:
        return None
    array = np.asarray(mask) != 0
    if array.shape != shape:
        raise ValueError(
            f"The mask has shape {array.shape} and the image {shape}: make them equal."
        )
    if not array.any():
        raise ValueError(f"{NO_PIXEL}.")
    return None if array.all() else array


def as_scribbles(scribbles: Any, shape: tuple[int, ...], n_classes: int) -> NDArray[Any] | None:
    """Check scribbles; 0 is not drawn, k is class k.

    Parameters
    ----------
    scribbles : array_like of int, or None
        Classes from 1.
    n_classes : int
        Largest class there is.

    Returns
    -------
    ndarray of int64, or None
        None when nothing was drawn.

    Raises
    ------
    ValueError
        When type, shape or a class does not fit.
    """
    if scribbles is None or not np.any(array := np.asarray(scribbles)):
        return None
    if array.dtype.kind not in "bui" or array.min() < 0:
        raise ValueError("Scribbles are a labels array: whole numbers, 0 where nothing was drawn.")
    if array.shape != shape:
        raise ValueError(f"The scribbles have shape {array.shape} and the image {shape}.")
    if array.max() > n_classes:
        raise ValueError(
            f"The scribbles name class {array.max()}, the method has {n_classes}: draw with "
            f"labels 1 to {n_classes}, or let the method have more classes."
        )
    return array.astype(np.int64)


def as_list(value: Any) -> list[Any]:
    """Return a list or tuple as a list, and anything else as a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def as_spacing(spacing: Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Check the physical size of a pixel along each spatial axis; None means ones.

    ValueError when the number of entries is wrong or one is not a positive number.
    """
    try:
        sizes = (1.0,) * ndim if spacing is None else tuple(float(each) for each in spacing)
    except (TypeError, ValueError):
        sizes = ()
    if len(sizes) != ndim or not all(0 < each < float("inf") for each in sizes):
        raise ValueError(
            f"The spacing needs {ndim} positive numbers, one an axis, not {spacing!r}."
        )
    return sizes


def check_images(images: Sequence[NDArray[Any]], masks: Sequence[NDArray[np.bool_] | None]) -> None:
    """Refuse images no method can work on.

    They are ``(C, *spatial)``; those that differ in channels, axes or type, have NaN or infinite
    pixels, or are constant raise ValueError.
    """
    if len({(len(image), image.ndim, image.dtype) for image in images}) > 1:
        raise ValueError("Images of a common fit need the same channels, axes and data type.")
    for image, mask in zip(images, masks, strict=True):
        check_finite(image, mask)
        _check_varied(image, mask)


def check_finite(image: NDArray[Any], mask: NDArray[np.bool_] | None) -> None:
    """Refuse NaN and infinite pixels that the mask does not take out."""
    if image.dtype.kind != "f":
        return
    bad = ~np.isfinite(image).all(axis=0)
    if mask is not None:
        bad &= mask
    if count := int(bad.sum()):
        raise ValueError(
            f"The image has NaN or infinite values in {count} pixel{'s' if count > 1 else ''}: "
            f"{NAN}."
        )


def _check_varied(image: NDArray[Any], mask: NDArray[np.bool_] | None) -> None:
    pixels = image.reshape(len(image), -1) if mask is None else image[:, mask]
    if (pixels == pixels[:, :1]).all():
        raise ValueError(
            f"The image is constant (every pixel is {pixels[:, 0].tolist()}): there is nothing to "
            "segment."
        )
