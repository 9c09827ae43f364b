"""All that can be chosen by name, and the functions that need the names.

A package adds methods by the entry points ``napari_selfseg.methods``, whose values are classes
derived from `Method`, and superpixel algorithms by ``napari_selfseg.superpixels``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg import record as _record
from napari_selfseg.consensus import Consensus, ConsensusSuperpixels
from napari_selfseg.declared import with_declared
from napari_selfseg.instances import FINISHES, AsObjects, Objects
from napari_selfseg.methods import DIC, DSC, Backprop, DeepCut, SGSeg
from napari_selfseg.objects import connected, merged_small
from napari_selfseg.outlines import Outlines
from napari_selfseg.parameters import parse, refuse_class, restore
from napari_selfseg.protocol import (
    Finish,
    Fit,
    Method,
    Run,
    as_superpixels,
    evolve,
    prepare,
)
from napari_selfseg.superpixels import (
    AutomaticWatershed,
    CompactWatershed,
    ContourWatershed,
    Felzenszwalb,
    LineWatershed,
    Lsc,
    MeanShift,
    Patches,
    Quickshift,
    Slic,
    Spnn,
    Superpixels,
)

__all__ = [
    "METHODS",
    "METHOD_GROUP",
    "PIECES",
    "SUPERPIXELS",
    "SUPERPIXEL_GROUP",
    "are_objects",
    "as_objects",
    "default_method",
    "finish_named",
    "known_methods",
    "known_superpixels",
    "method_for",
    "over_segment",
    "segment",
]

METHOD_GROUP: Final = "napari_selfseg.methods"
SUPERPIXEL_GROUP: Final = "napari_selfseg.superpixels"

# Those of this package: all there are say `known_methods` and `known_superpixels`.
METHODS: Final[tuple[type[Method], ...]] = (
    Consensus,
    Objects,
    Backprop,
    DIC,
    DSC,
    DeepCut,
    SGSeg,
)

SUPERPIXELS: Final[tuple[type[Superpixels], ...]] = (
    Slic,
    Felzenszwalb,
    MeanShift,
    Quickshift,
    CompactWatershed,
    ContourWatershed,
    LineWatershed,
    AutomaticWatershed,
    Lsc,
    Patches,
    Spnn,
    ConsensusSuperpixels,
)

# What segments are made of where a run has no superpixels of its own.
PIECES: Final[Superpixels] = Slic(n_segments=1000, compactness=10.0)


def default_method() -> Method:
    """Return the method used when none is named."""
    return Consensus()


def method_for(finish: Finish | None) -> Method:
    """Return the method used when none is named.

    Objects that are asked for are found by the method for them.
    """
    return Objects() if isinstance(finish, AsObjects) else default_method()


def finish_named(given: Finish | Mapping[str, Any] | str | None) -> Finish | None:
    """Return what labels are to become: itself, read from a record, or by name.

    ``"objects"`` is a name; ``"segments"`` means None. What cannot be used raises ValueError.
    """
    if given is None or given == "segments":
        return None
    if isinstance(given, Finish):
        return given
    values = {"name": given} if isinstance(given, str) else given
    return cast(Finish, restore(values, FINISHES, "way to finish labels"))


def known_methods() -> tuple[type[Method], ...]:
    """Return all methods: `METHODS`, and those that installed packages declare.

    Warns
    -----
    UserWarning
        When what a package declares is no method, or has the name of another one.
    """
    return with_declared(METHODS, METHOD_GROUP, "method", Method)


def known_superpixels() -> tuple[type[Superpixels], ...]:
    """Return all superpixel algorithms: `SUPERPIXELS`, and those that installed packages declare.

    Warns
    -----
    UserWarning
        When what a package declares is no algorithm, or has the name of another one.
    """
    return with_declared(SUPERPIXELS, SUPERPIXEL_GROUP, "superpixel algorithm", Superpixels)


def segment(
    image: Any,
    method: Method | str | None = None,
    *,
    superpixels: Superpixels | str | Any = None,
    channel_axis: int | None = None,
    mask: Any = None,
    scribbles: Any = None,
    spacing: Sequence[float] | None = None,
    outlines: Outlines | None = None,
    device: str | torch.device = "auto",
    threads: int | None = None,
    precision: str = "auto",
    start: Fit | None = None,
    finish: Finish | str | None = None,
    name: str | Sequence[str] = "",
) -> Run:
    """Segment an image to the end.

    Parameters
    ----------
    image : array_like, or list of array_like
        ``(*spatial)`` with channels along `channel_axis`; several images get one common fit.
    method : Method or str, optional
        With its parameters, or the name of one, as ``"objects"``; the default one otherwise.
    superpixels : Superpixels, str, array_like of int, or list of those, optional
        An algorithm, or labels from 1 of the image's shape; the method's own choice by default.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    mask : array_like of bool, or list of those, optional
        True where there are data.
    scribbles : array_like of int, or list of those, optional
        Classes from 1 where the user drew, 0 elsewhere.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis; ones by default.
    outlines : {"superpixels", "image"}, optional
        What the borders of the labels follow; as the method says by default.
    device : str or torch.device
        ``"auto"`` takes CUDA, then MPS, then the CPU.
    threads : int, optional
        CPU threads; what torch would use by default.
    precision : {"auto", "float32", "bfloat16"}
        Type of the training; auto takes the faster one of the device.
    start : Fit, optional
        What to begin with.
    finish : Finish or str, optional
        What labels become at last: ``"objects"``, or `AsObjects` with its parameters. With it and
        no method, `Objects` is the method. Labels are left as they are by default.
    name : str or list of str
        What to call the image in the record.

    Returns
    -------
    Run
        Finished; ``labels()`` are its labels.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    """
    wanted = finish_named(finish)
    chosen = _method_called(method) or method_for(wanted)
    if outlines is not None:
        chosen = chosen.replace(outlines=outlines)
    return evolve(
        image,
        chosen,
        superpixels=_superpixels_called(superpixels),
        channel_axis=channel_axis,
        mask=mask,
        scribbles=scribbles,
        spacing=spacing,
        device=device,
        threads=threads,
        precision=precision,
        start=start,
        finish=wanted,
        name=name,
    ).finish()


def _method_called(given: Method | str | None) -> Method | None:
    """Return a method itself, or the one of a name with its defaults."""
    if isinstance(given, str):
        return cast(Method, parse(given, known_methods(), "method"))
    return given


def _superpixels_called(given: Any) -> Any:
    """Return what was given, or the algorithm of a name with its defaults."""
    if isinstance(given, str):
        return parse(given, known_superpixels(), "superpixel algorithm")
    return given


def over_segment(
    image: Any,
    superpixels: Superpixels | str | Any,
    *,
    channel_axis: int | None = None,
    mask: Any = None,
    spacing: Sequence[float] | None = None,
    name: str = "",
) -> tuple[NDArray[np.int32], dict[str, Any]]:
    """Cut an image into superpixels, exactly those a run uses.

    Parameters
    ----------
    image : array_like
        ``(*spatial)`` with channels along `channel_axis`.
    superpixels : Superpixels, str or array_like of int
        An algorithm with its parameters, or the name of one, as ``"slic"``; or labels, which are
        numbered through.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    mask : array_like of bool, optional
        True where there are data.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis.
    name : str
        What to call the image in the record.

    Returns
    -------
    labels : ndarray of int32
        ``(*spatial)``, contiguous from 1, 0 where there are no data.
    record : dict
        As from `Run.record`, with no method.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    """
    superpixels = _superpixels_called(superpixels)
    refuse_class(superpixels, "superpixels")
    algorithm = superpixels if isinstance(superpixels, Superpixels) else None
    ndims = algorithm.ndims if algorithm else (2, 3)
    scaled, valid, spaced = prepare(image, channel_axis, ndims, mask, spacing)
    if algorithm:
        labels = algorithm(np.moveaxis(scaled, 0, -1), spacing=spaced, mask=valid)
    else:
        labels = as_superpixels(superpixels, scaled.shape[1:], valid)
    record = {
        "software": _record.software(),
        "method": None,
        "superpixels": algorithm.as_dict() if algorithm else [labels.copy()],
        "images": [_record.fingerprint(image, name)],
        "several": False,
        "channel_axis": channel_axis,
        "mask": None if valid is None else [valid],
        "spacing": list(spaced),
        "iterations": 0,
        "shown": 0,
    }
    return labels, record


def are_objects(record: Mapping[str, Any]) -> bool:
    """Say whether recorded labels are objects, each with a number of its own.

    Parameters
    ----------
    record : mapping
        Of labels that a method made, or a fit.
    """
    if record.get("finish") is not None:
        return True
    name = (record.get("method") or record.get("fitted") or {}).get("name")
    return any(each.instances for each in known_methods() if each.name == name)


def as_objects(
    labels: NDArray[Any], wanted: Mapping[str, Any] | None, keep: Any = None
) -> NDArray[Any]:
    """Merge the small pieces of a class map, and number its pieces.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` classes from 1.
    wanted : mapping or None
        ``"objects"`` of a record: whether pieces are numbered (``"connected"``), and which are
        too small (``"minimum_size"``, in pixels).
    keep : array_like, optional
        As for `merged_small`, such as the scribbles of the run.

    Returns
    -------
    ndarray of int
        The labels themselves where nothing is wanted.
    """
    if not wanted:
        return labels
    size = int(wanted["minimum_size"])
    if wanted["connected"]:
        return connected(labels, minimum_size=size, keep=keep)
    return merged_small(labels, size, keep=keep)
