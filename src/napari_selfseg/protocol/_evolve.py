"""Start a run: check what was given, resolve what was left open, build the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from napari_selfseg import record
from napari_selfseg.convolving import recording_ways
from napari_selfseg.hierarchy import divided
from napari_selfseg.machine.memory import keep_freed_memory
from napari_selfseg.parameters import refuse_class
from napari_selfseg.protocol._fit import Fit
from napari_selfseg.protocol._given._checks import (
    as_channels_first,
    as_list,
    as_mask,
    as_spacing,
    check_images,
)
from napari_selfseg.protocol._given._device import (
    resolve_device,
    resolve_precision,
    resolve_threads,
)
from napari_selfseg.protocol._given._failures import explaining
from napari_selfseg.protocol._given._given import Given, check_drawn, check_given, paired
from napari_selfseg.protocol._given._scaling import Scaling
from napari_selfseg.protocol._memory_check import check_memory
from napari_selfseg.protocol._method._blockwise import Found
from napari_selfseg.protocol._method._control import Control
from napari_selfseg.protocol._method._finish import Finish
from napari_selfseg.protocol._method._inputs import gather
from napari_selfseg.protocol._method._labels import as_superpixels
from napari_selfseg.protocol._method._method import Finding, Method, SuperpixelAlgorithm
from napari_selfseg.protocol._method._training_state import TrainingState
from napari_selfseg.protocol._results._outlining import Outlining
from napari_selfseg.protocol._run import Run

__all__ = ["evolve", "network_of", "prepare", "seen_by"]

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
    finish: Finish | None = None,
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
        Classes from 1 where the user drew, 0 elsewhere. What was drawn on has its class in every
        label map and every cut, and no label has two classes.
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
    finish : Finish, optional
        What labels become that leave the run, such as `napari_selfseg.AsObjects()`; they are left
        as the method makes them by default.
    name : str or list of str
        What to call the image in the record.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    OutOfMemory, DeviceLost
        When the run needs more memory than there is, or the device fails already here.
    """
    if finish is not None:
        finish.check()
    where = resolve_device(device)
    dtype = resolve_precision(precision, where)
    used_threads = resolve_threads(threads)
    if where.type == "cpu":
        keep_freed_memory()
    # Where a caller is in inference mode nothing that is made there could be trained.
    with explaining(), torch.inference_mode(False):
        given = check_given(image, method, channel_axis, mask, scribbles, spacing)
        refuse_class(superpixels, "superpixels")
        method = given.steering(method)
        check_memory(given, method, superpixels, where, dtype)
        scaling, scaled = _scaled(given, start)
        ways: dict[str, str] = {}
        with recording_ways(ways):
            regions, source, findings = _over_segmented(superpixels, method, scaled, given)
        seen = seen_by(given.masks, regions)
        check_drawn(given.scribbles, seen)
        # From here on a superpixel has strokes of one class at most.
        regions = _divided(regions, given)
        provenance = {
            "software": record.software(),
            "method": method.as_dict(),
            "superpixels": source,
            **given.as_record(image, name, channel_axis, mask is not None),
            **_how(where, dtype, used_threads, start),
            "ways": ways,
        }
        return Run(
            method,
            network_of(method, given.images[0], start).to(where),
            gather(
                scaled,
                seen,
                regions,
                given.scribbles,
                where,
                dtype,
                Control(),
                TrainingState(start.training_state if start else None),
                findings,
                given.spacing,
            ),
            scaling=scaling,
            shapes=[i.shape[1:] for i in given.images],
            superpixels=regions,
            scribbles=given.scribbles,
            provenance=provenance,
            outlining=Outlining(
                as_list(image),
                given.masks,
                scaling,
                provenance,
                background=method.instances,
            ),
            threads=used_threads,
            finish=finish,
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


def _how(
    device: torch.device, precision: torch.dtype, threads: int, start: Fit | None
) -> dict[str, Any]:
    """Describe for the record how the run computes."""
    return {
        "device": str(device),
        "precision": str(precision).removeprefix("torch."),
        "threads": threads,
        "start": None if start is None else record.weights_hash(start.weights),
    }


def _scaled(given: Given, start: Fit | None) -> tuple[Scaling, list[NDArray[np.float32]]]:
    pairs = list(zip(given.images, given.masks, strict=True))
    if start is None:
        scaling = Scaling.measured(given.images, given.masks)
    else:
        scaling = start.scaling
        for i, m in pairs:
            scaling.check_units(i, m)
    return scaling, [scaling(i, m) for i, m in pairs]


def _over_segmented(
    superpixels: SuperpixelAlgorithm | Any,
    method: Method,
    scaled: list[NDArray[np.float32]],
    given: Given,
) -> tuple[list[NDArray[np.int32]] | None, dict[str, Any] | list[Array] | None, Sequence[Found]]:
    """Return the superpixels of each image, what the record says of them, and findings."""
    if superpixels is not None and method.default_superpixels() is None:
        raise ValueError(f"{method.title} uses no superpixels as it is set: leave them out.")
    algorithm = method.default_superpixels() if superpixels is None else superpixels
    if algorithm is None:
        return None, None, ()
    if callable(algorithm):
        made = [
            _with_findings(algorithm, np.moveaxis(i, 0, -1), given.spacing, m)
            for i, m in zip(scaled, given.masks, strict=True)
        ]
        return [each for each, _ in made], algorithm.as_dict(), [found for _, found in made]
    labels = [
        as_superpixels(s, i.shape[1:], mask=m)
        for (s, i), m in zip(paired(superpixels, scaled, "superpixel"), given.masks, strict=True)
    ]
    return labels, list(labels), ()


def _with_findings(
    algorithm: SuperpixelAlgorithm, image: Array, spacing: tuple[float, ...], mask: Any
) -> tuple[NDArray[np.int32], Found]:
    if isinstance(algorithm, Finding):
        return algorithm.with_findings(image, spacing=spacing, mask=mask)
    return algorithm(image, spacing=spacing, mask=mask), {}


def _divided(
    regions: list[NDArray[np.int32]] | None, given: Given
) -> list[NDArray[np.int32]] | None:
    """Divide superpixels on which several classes were drawn."""
    if regions is None:
        return None
    pairs = zip(regions, given.scribbles, strict=True)
    return [r if s is None else divided(r, s, given.spacing) for r, s in pairs]


def seen_by(
    masks: list[NDArray[np.bool_] | None], regions: list[NDArray[np.int32]] | None
) -> list[NDArray[np.bool_] | None]:
    """Take pixels without a superpixel out of the data of each image.

    A mask is None where there are data everywhere; regions are None where the method uses none.
    """
    if regions is None:
        return masks
    return [as_mask(labels, labels.shape) for labels in regions]


def network_of(method: Method, image: Array, start: Fit | None) -> nn.Module:
    """Build the network of a run, on the CPU, with the weights of `start` if there is one.

    ValueError when those are the weights of another network.
    """
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
