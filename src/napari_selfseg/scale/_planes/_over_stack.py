"""Start on a stack: check what was given, and choose how planes are carried over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch

from napari_selfseg.catalogue import finish_named, method_for
from napari_selfseg.protocol import Finish, Method, StopRelay, SuperpixelAlgorithm
from napari_selfseg.scale._planes._carrying import Carrying, Independent, Warm
from napari_selfseg.scale._planes._joint import Joint
from napari_selfseg.scale._planes._order import Order, Viewed
from napari_selfseg.scale._planes._request import check_stack
from napari_selfseg.scale._planes._stack import StackRun
from napari_selfseg.scale._planes._stack_labels import StackLabels, stack_dtype

__all__ = ["CARRIES", "check_carry", "over_stack"]

CARRIES = ("independent", "warm", "joint")
# Updates and planes beyond which a run is a slip of the pen, as for the parameters of methods.
MOST = 100_000


def over_stack(
    image: Any,
    method: Method | None = None,
    *,
    carry: Literal["independent", "warm", "joint"] = "independent",
    axis: int | Sequence[int] = 0,
    channel_axis: int | None = None,
    mask: Any = None,
    superpixels: SuperpixelAlgorithm | Any = None,
    out: Any = None,
    done: Any = None,
    iterations: int | None = None,
    planes_fitted: int | None = None,
    viewed: Viewed = 0,
    spacing: Sequence[float] | None = None,
    device: str | torch.device = "auto",
    threads: int | None = None,
    precision: str = "auto",
    finish: Finish | str | None = None,
    name: str = "",
) -> StackRun:
    """Segment a stack or time series plane by plane; iterate the result to advance it.

    One plane at a time is read, or the few of a common fit together.

    Parameters
    ----------
    image : array_like
        ``(*spatial)`` with channels along `channel_axis`; NumPy, or sliced like it, such as zarr
        and dask arrays.
    method : Method, optional
        The default one otherwise.
    carry : {"independent", "warm", "joint"}
        What a plane takes over. ``independent``: each has a run of its own, and ids are matched to
        the neighbour's by overlap. ``warm``: a run begins with the weights of the neighbour, which
        keep the ids, and takes fewer iterations. ``joint``: one fit on planes spread over the
        stack labels them all.
    axis : int or sequence of int
        Spatial axes to go along, such as ``(0, 1)`` for time and z; the others are a plane, or a
        volume, which `method` has to take. Planes of several axes are counted with the last of
        them first.
    channel_axis : int, optional
        Axis of the channels of the stack; None when there is none.
    mask : array_like of bool, optional
        Of the stack's spatial shape, True where there are data.
    superpixels : SuperpixelAlgorithm or array_like of int, optional
        An algorithm, or labels of the stack's spatial shape. The method's own choice by default.
    out : array, optional
        Where the labels go, of the stack's spatial shape: NumPy, or written by slices like it.
        A new NumPy array by default.
    done : array_like, optional
        Planes of `out` that are there already, to go on with what was stopped: one bool a plane,
        or indices.
    iterations : int, optional
        With ``warm``, updates on a plane that begins with its neighbour's weights; a tenth of
        the method's by default.
    planes_fitted : int, optional
        With ``joint``, planes of the common fit; 5 by default.
    viewed : int, sequence of int or callable
        The plane in view, to begin with and stay near to; by its number or its index along each
        axis, or a function without arguments that is asked before each plane.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis of the stack.
    device, threads, precision
        As for `evolve`.
    finish : Finish or str, optional
        What the labels of each plane become, as for `segment`; ids are matched by overlap.
    name : str
        What to call the image in the record.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    """
    wanted = finish_named(finish)
    chosen = method or method_for(wanted)
    request = check_stack(
        image,
        chosen,
        axis=axis,
        channel_axis=channel_axis,
        mask=mask,
        superpixels=superpixels,
        spacing=spacing,
        how={"device": device, "threads": threads, "precision": precision},
        finish=wanted,
    )
    check_carry(carry, iterations, planes_fitted)
    if out is None:
        if done is not None:
            raise ValueError("Planes that are done are in out: give the array they are in.")
        out = np.zeros(
            request.planes.whole, stack_dtype(chosen, carry, finished=wanted is not None)
        )
    labels = StackLabels(out, axis, request.planes.whole, done)
    by_overlap = carry != "joint" or request.numbered_anew
    relay, order = StopRelay(), Order(request.planes.shape, touching=by_overlap)
    resumed = np.flatnonzero(labels.done).tolist()
    for plane in resumed:
        order.finish(plane)
    carrying = _carrying(carry, (request, labels, order, relay), iterations, planes_fitted)
    told = {
        "name": name,
        "channel_axis": channel_axis,
        "spacing": None if spacing is None else list(map(float, spacing)),
        "carry": carry,
        "axis": [axis] if isinstance(axis, int | np.integer) else list(axis),
        "iterations": carrying.iterations if isinstance(carrying, Warm) else None,
        "planes_fitted": carrying.wanted if isinstance(carrying, Joint) else None,
        "resumed": resumed,
    }
    return StackRun(request, carrying, viewed=viewed, relay=relay, told=told)


def _carrying(
    carry: str, parts: tuple[Any, ...], iterations: int | None, planes_fitted: int | None
) -> Carrying:
    if carry == "warm":
        return Warm(*parts, iterations=iterations)
    if carry == "joint":
        return Joint(*parts, planes_fitted=planes_fitted)
    return Independent(*parts)


def check_carry(carry: str, iterations: int | None, planes_fitted: int | None) -> None:
    """Refuse a way to go along a stack that is none; ValueError says what to do."""
    if carry not in CARRIES:
        raise ValueError(f"There is no carry {carry!r}: choose one of {', '.join(CARRIES)}.")
    for value, of, what in ((iterations, "warm", "iterations"), (planes_fitted, "joint", "planes")):
        if value is not None and carry != of:
            raise ValueError(f"The number of {what} of a stack is for {of}: leave it out.")
        if value is not None and value < 1:
            raise ValueError(f"{value} {what} are none: give 1 or more.")
        if value is not None and value > MOST:
            raise ValueError(f"{value} {what} would never end: give {MOST} at most.")
