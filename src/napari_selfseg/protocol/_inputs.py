"""Arrays from the user, checked and turned into what a method iterates on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.protocol._control import Control

__all__ = [
    "Inputs",
    "as_channels_first",
    "as_list",
    "as_mask",
    "as_scribbles",
    "as_spacing",
    "check_finite",
    "check_images",
    "gather",
]


@dataclass(frozen=True)
class Inputs:
    """What a method iterates on: one image, or several of a common fit padded to one shape.

    Attributes
    ----------
    x : Tensor
        ``(N, C, *spatial)`` float32 between 0 and 1.
    valid : Tensor or None
        ``(N, 1, *spatial)`` bool, True where there are data; None when that is everywhere.
    index : Tensor or None
        ``(N, *spatial)`` int64, superpixel of each pixel, 1 to `n_regions` over all images, 0
        where there are no data; None when the method uses no superpixels.
    n_regions : int
        Number of superpixels; 0 without.
    scribbles : Tensor or None
        ``(N, *spatial)`` int64, class from 0 where the user drew, -1 elsewhere.
    precision : torch.dtype
        Type of the training forward and backward.
    control : Control
        Counts the updates and tells when to stop.
    """

    x: Tensor
    valid: Tensor | None
    index: Tensor | None
    n_regions: int
    scribbles: Tensor | None
    precision: torch.dtype
    control: Control


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
            "used: say which axis holds the channels (channel_axis), or take one plane or volume."
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
    shape : tuple of int
        Spatial shape of the image.

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
        raise ValueError("The mask leaves no pixel: mark the pixels with data as True.")
    return None if array.all() else array


def as_scribbles(scribbles: Any, shape: tuple[int, ...], n_classes: int) -> NDArray[Any] | None:
    """Check scribbles; 0 is not drawn, k is class k.

    Parameters
    ----------
    scribbles : array_like of int, or None
        Classes from 1.
    shape : tuple of int
        Spatial shape of the image.
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
            f"labels 1 to {n_classes}, or give the method more channels."
        )
    return array.astype(np.int64)


def as_list(value: Any) -> list[Any]:
    """Return a list or tuple as a list, and anything else as a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def as_spacing(spacing: Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Check the physical size of a pixel.

    Parameters
    ----------
    spacing : sequence of float or None
        Along each spatial axis; None means ones.
    ndim : int
        Number of spatial axes.

    Returns
    -------
    tuple of float

    Raises
    ------
    ValueError
        When the number of entries is wrong or one is not a positive number.
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

    Parameters
    ----------
    images : sequence of ndarray
        Each ``(C, *spatial)``.
    masks : sequence of ndarray or None
        True where there are data.

    Raises
    ------
    ValueError
        When they differ in channels, axes or type, have NaN or infinite pixels, or are constant.
    """
    if len({(len(image), image.ndim, image.dtype) for image in images}) > 1:
        raise ValueError("Images of a common fit need the same channels, axes and data type.")
    for image, mask in zip(images, masks, strict=True):
        check_finite(image, mask)
        _check_varied(image, mask)


def check_finite(image: NDArray[Any], mask: NDArray[np.bool_] | None) -> None:
    """Refuse NaN and infinite pixels that the mask does not take out.

    Parameters
    ----------
    image : ndarray
        ``(C, *spatial)``.
    mask : ndarray or None
        True where there are data.

    Raises
    ------
    ValueError
        When there are any.
    """
    if image.dtype.kind != "f":
        return
    bad = ~np.isfinite(image).all(axis=0)
    if mask is not None:
        bad &= mask
    if count := int(bad.sum()):
        raise ValueError(
            f"{count} pixels are NaN or infinite: mask them (mask=np.isfinite(image)) or replace "
            "them."
        )


def _check_varied(image: NDArray[Any], mask: NDArray[np.bool_] | None) -> None:
    pixels = image.reshape(len(image), -1) if mask is None else image[:, mask]
    if (pixels == pixels[:, :1]).all():
        raise ValueError(
            f"The image is constant (every pixel is {pixels[:, 0].tolist()}): there is nothing to "
            "segment."
        )


def gather(
    images: Sequence[NDArray[np.float32]],
    masks: Sequence[NDArray[np.bool_] | None],
    superpixels: Sequence[NDArray[np.int32]] | None,
    scribbles: Sequence[NDArray[Any] | None],
    device: torch.device,
    precision: torch.dtype,
    control: Control,
) -> Inputs:
    """Pad to one shape, number superpixels through, and move to the device.

    Parameters
    ----------
    images : sequence of ndarray
        Scaled, each ``(C, *spatial)``.
    masks, superpixels, scribbles : sequences
        One an image, each ``(*spatial)``; see `Inputs`. `superpixels` may be None.
    device : torch.device
        Where the run takes place.
    precision : torch.dtype
        Of the training.
    control : Control
        Of the run.

    Returns
    -------
    Inputs
    """
    shape = tuple(int(n) for n in np.max([image.shape[1:] for image in images], axis=0))
    full = all(mask is None for mask in masks) and all(i.shape[1:] == shape for i in images)
    covers = [
        np.ones(i.shape[1:], bool) if mask is None else mask
        for i, mask in zip(images, masks, strict=True)
    ]
    index, n_regions = _numbered_through(superpixels)
    drawn = None
    if any(each is not None for each in scribbles):
        blank = [np.zeros(i.shape[1:], np.int64) for i in images]
        drawn = [
            (b if s is None else s) * c for b, s, c in zip(blank, scribbles, covers, strict=True)
        ]
    return Inputs(
        x=_stack(images, shape, device),
        valid=None if full else _stack([cover[np.newaxis] for cover in covers], shape, device),
        index=None if index is None else _stack(index, shape, device),
        n_regions=n_regions,
        scribbles=None if drawn is None else _stack(drawn, shape, device) - 1,
        precision=precision,
        control=control,
    )


def _numbered_through(
    superpixels: Sequence[NDArray[np.int32]] | None,
) -> tuple[list[NDArray[np.int64]] | None, int]:
    if superpixels is None:
        return None, 0
    offset, numbered = 0, []
    for labels in superpixels:
        numbered.append(np.where(labels > 0, labels.astype(np.int64) + offset, 0))
        offset += int(labels.max())
    return numbered, offset


def _stack(arrays: Sequence[NDArray[Any]], shape: tuple[int, ...], device: torch.device) -> Tensor:
    padded = [_padded(array, shape) for array in arrays]
    return torch.from_numpy(np.stack(padded)).to(device)


def _padded(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    here = array.shape[array.ndim - len(shape) :]
    if here == shape:
        return array
    grow = [(0, to - have) for to, have in zip(shape, here, strict=True)]
    return np.pad(array, [(0, 0)] * (array.ndim - len(shape)) + grow)
