"""Start a run: check what was given, resolve what was left open, build the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from napari_selfseg import record
from napari_selfseg.memory import keep_freed_memory
from napari_selfseg.protocol._checks import (
    as_channels_first,
    as_list,
    as_mask,
    as_scribbles,
    as_spacing,
    check_images,
)
from napari_selfseg.protocol._control import Control
from napari_selfseg.protocol._device import resolve_device, resolve_precision, resolve_threads
from napari_selfseg.protocol._fit import Fit
from napari_selfseg.protocol._inputs import gather
from napari_selfseg.protocol._labels import as_superpixels
from napari_selfseg.protocol._method import Method, SuperpixelAlgorithm
from napari_selfseg.protocol._run import Run
from napari_selfseg.protocol._scaling import Scaling

__all__ = ["evolve", "prepare"]

Array = NDArray[Any]


def evolve(
    image: Any,
    method: Method,
    *,
    superpixels: SuperpixelAlgorithm | Any = None,
    channel_axis: int | None = None,
    mask: Any = None,
    scribbles: Any = None,
    spacing: Sequence[float] | None = None,
    device: str | torch.device = "auto",
    threads: int | None = None,
    precision: str = "auto",
    start: Fit | None = None,
    name: str | Sequence[str] = "",
) -> Run:
    """Start a run; iterate the result to advance it.

    Parameters
    ----------
    image : array_like, or list or tuple of array_like
        ``(*spatial)`` with channels along `channel_axis`; several images get one common fit.
    method : Method
        With its parameters.
    superpixels : SuperpixelAlgorithm, array_like of int, or list of those, optional
        An algorithm, or labels from 1 of the image's shape (0 is no data), one array an image.
        The method's own choice by default.
    channel_axis : int, optional
        Axis of the channels, as in scikit-image; None when there is none.
    mask : array_like of bool, or list of those, optional
        True where there are data.
    scribbles : array_like of int, or list of those, optional
        Classes from 1 where the user drew, 0 elsewhere.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis; ones by default.
    device : str or torch.device
        ``"auto"`` takes CUDA, then MPS, then the CPU.
    threads : int, optional
        CPU threads; what torch would use by default.
    precision : {"auto", "float32", "bfloat16"}
        Type of the training forward and backward; auto takes the faster one of the device. The
        closing forward and every prediction are in float32.
    start : Fit, optional
        Warm start: weights, and the meaning of the classes, to begin with.
    name : str or list of str
        What to call the image in the record.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    """
    where = resolve_device(device)
    dtype = resolve_precision(precision, where)
    if where.type == "cpu":
        keep_freed_memory()
    images = [as_channels_first(each, channel_axis, method.ndims) for each in as_list(image)]
    if not images:
        raise ValueError("There is no image: give at least one.")
    spaced = as_spacing(spacing, images[0].ndim - 1)
    masks = [as_mask(m, i.shape[1:]) for m, i in _paired(mask, images, "mask")]
    check_images(images, masks)
    drawn = [
        as_scribbles(s, i.shape[1:], method.n_classes)
        for s, i in _paired(scribbles, images, "scribbles")
    ]
    scaling = Scaling.measured(images, masks) if start is None else start.scaling
    scaled = [scaling(i, m) for i, m in zip(images, masks, strict=True)]
    regions, source = _over_segmented(superpixels, method, scaled, masks, spaced)
    used_threads = resolve_threads(threads)
    provenance = {
        "software": record.software(),
        "method": method.as_dict(),
        "superpixels": source,
        "images": [
            record.fingerprint(i, n)
            for i, n in zip(as_list(image), _names(name, images), strict=True)
        ],
        "several": isinstance(image, list | tuple),
        "channel_axis": channel_axis,
        "mask": masks if mask is not None else None,
        "scribbles": drawn if any(each is not None for each in drawn) else None,
        "spacing": list(spaced),
        "device": str(where),
        "precision": str(dtype).removeprefix("torch."),
        "threads": used_threads,
        "start": None if start is None else record.weights_hash(start.weights),
    }
    return Run(
        method,
        _network(method, images[0], start).to(where),
        gather(scaled, _seen(masks, regions), regions, drawn, where, dtype, Control()),
        scaling=scaling,
        shapes=[i.shape[1:] for i in images],
        superpixels=regions,
        provenance=provenance,
        threads=used_threads,
    )


def prepare(
    image: Any,
    channel_axis: int | None,
    ndims: Sequence[int],
    mask: Any = None,
    spacing: Sequence[float] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None, tuple[float, ...]]:
    """Check and scale one image as `evolve` does.

    Parameters
    ----------
    image, channel_axis, mask, spacing
        As in `evolve`.
    ndims : sequence of int
        Numbers of spatial dimensions that can be used.

    Returns
    -------
    scaled : ndarray of float32
        ``(C, *spatial)`` between 0 and 1.
    mask : ndarray of bool or None
        True where there are data; None when that is everywhere.
    spacing : tuple of float

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    """
    array = as_channels_first(image, channel_axis, ndims)
    valid = as_mask(mask, array.shape[1:])
    check_images([array], [valid])
    scaled = Scaling.measured([array], [valid])(array, valid)
    return scaled, valid, as_spacing(spacing, array.ndim - 1)


def _paired(value: Any, images: list[Array], what: str) -> list[tuple[Any, Array]]:
    values = as_list(value) if value is not None else [None] * len(images)
    if len(values) != len(images):
        raise ValueError(f"{len(images)} images need as many {what} arrays, not {len(values)}.")
    return list(zip(values, images, strict=True))


def _names(name: str | Sequence[str], images: list[Array]) -> list[str]:
    names = [name] * len(images) if isinstance(name, str) else list(name)
    if len(names) != len(images):
        raise ValueError(f"{len(images)} images need as many names, not {len(names)}.")
    return names


def _over_segmented(
    superpixels: SuperpixelAlgorithm | Any,
    method: Method,
    scaled: list[NDArray[np.float32]],
    masks: list[NDArray[np.bool_] | None],
    spacing: tuple[float, ...],
) -> tuple[list[NDArray[np.int32]] | None, dict[str, Any] | list[Array] | None]:
    """Return the superpixels of each image, and what the record says of their origin."""
    if superpixels is not None and method.default_superpixels() is None:
        raise ValueError(f"{method.title} uses no superpixels as it is set: leave them out.")
    algorithm = method.default_superpixels() if superpixels is None else superpixels
    if algorithm is None:
        return None, None
    if callable(algorithm):
        made = [
            algorithm(np.moveaxis(i, 0, -1), spacing=spacing, mask=m)
            for i, m in zip(scaled, masks, strict=True)
        ]
        return made, algorithm.as_dict()
    given = [
        as_superpixels(s, i.shape[1:], mask=m)
        for (s, i), m in zip(_paired(superpixels, scaled, "superpixel"), masks, strict=True)
    ]
    return given, list(given)


def _seen(
    masks: list[NDArray[np.bool_] | None], regions: list[NDArray[np.int32]] | None
) -> list[NDArray[np.bool_] | None]:
    """Take pixels without a superpixel out of the data."""
    if regions is None:
        return masks
    return [as_mask(labels, labels.shape) for labels in regions]


def _network(method: Method, image: Array, start: Fit | None) -> nn.Module:
    generator = torch.Generator().manual_seed(method.seed)
    network = method.network(len(image), image.ndim - 1, generator)
    if start is None:
        return network
    try:
        network.load_state_dict(dict(start.weights))
    except RuntimeError:
        raise ValueError(
            f"The fit to start from ({start.method.title}, {start.in_channels} channels, "
            f"{start.ndim}-D) does not fit this method or image: use the same parameters."
        ) from None
    return network
