"""A stack of a batch, gone along plane by plane."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, cast

import numpy as np

from napari_selfseg.io import ImageFile, finish_labels, written_together
from napari_selfseg.io.formats import is_by_blocks
from napari_selfseg.protocol import Method
from napari_selfseg.scale._label._label_files import draw, written
from napari_selfseg.scale._label._memory_check import check_planes
from napari_selfseg.scale._label._task import LabelResult, LabelTask, as_input
from napari_selfseg.scale._planes._axes import axes_along
from napari_selfseg.scale._planes._over_stack import over_stack
from napari_selfseg.scale._planes._slices import Planes
from napari_selfseg.scale._planes._stack import StackRun
from napari_selfseg.scale._planes._stack_estimate import planes_together
from napari_selfseg.scale._planes._stack_labels import create_stack_labels, stack_dtype

__all__ = ["by_planes", "planes_failed"]


def by_planes(task: LabelTask, image: ImageFile) -> LabelResult:
    """Make the labels of a stack; in OME-Zarr they are written plane by plane.

    Parameters
    ----------
    task : LabelTask
        What to do, with a carry in its recipe.
    image : ImageFile
        As it was opened.

    Returns
    -------
    LabelResult
        With what is wrong with planes that could not be used; their labels are 0.

    Raises
    ------
    ValueError
        When something cannot be used, or no plane could.
    """
    axes = axes_along(task.recipe.axis, _method(task), image)
    # Objects are made, and measured, of the whole stack.
    whole = not is_by_blocks(task.target) or task.recipe.objects or task.table is not None
    if task.memory is not None:
        _check_memory(task, image, axes, bool(whole), task.memory)
    return _in_memory(task, image, axes) if whole else _on_disk(task, image, axes)


def planes_failed(record: Mapping[str, Any]) -> str:
    """Say which planes of a stack failed.

    Parameters
    ----------
    record : mapping
        Of any labels.

    Returns
    -------
    str
        A sentence; empty when none did.
    """
    told = record.get("stack") or {}
    failed: Mapping[str, str] = told.get("failed") or {}
    if not failed:
        return ""
    plane, why = next(iter(failed.items()))
    return f"{len(failed)} of {len(told['order'])} planes failed, plane {plane} with: {why}"


def _in_memory(task: LabelTask, image: ImageFile, axes: tuple[int, ...]) -> LabelResult:
    run = _run(task, image, axes)
    record = run.record()
    return written(task, image, run.out, record, planes_failed(record))


def _on_disk(task: LabelTask, image: ImageFile, axes: tuple[int, ...]) -> LabelResult:
    carry = cast(str, task.recipe.carry)
    others = [] if task.preview is None else [task.preview]
    for path in (*others, task.target):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_together(*others, task.target) as places:
        part = places[-1]
        out = create_stack_labels(part, image, _method(task), carry)
        record = _run(task, image, axes, out).record()
        found = {label for plane in Planes(out, axes) for label in np.unique(plane).tolist()}
        record |= {"recipe": task.recipe.as_dict(), "n_labels": len(found - {0})}
        if others:
            draw(places[0], image, out)
        finish_labels(part, record=record)
        task.observer.check()
    return LabelResult(record["n_labels"], error=planes_failed(record))


def _run(task: LabelTask, image: ImageFile, axes: tuple[int, ...], out: Any = None) -> StackRun:
    recipe = task.recipe
    run = over_stack(
        image.data,
        _method(task),
        carry=cast(Any, recipe.carry),
        axis=axes,
        iterations=recipe.stack_iterations,
        planes_fitted=recipe.planes_fitted,
        superpixels=recipe.superpixels,
        precision=recipe.precision,
        out=out,
        device=task.device,
        threads=task.threads,
        **as_input(image),
        name=image.name,
    )
    task.observer.follow(task.number, run)
    if not run.done.any():
        raise ValueError(run.stop_reason)
    return run


def _method(task: LabelTask) -> Method:
    return cast(Method, task.recipe.method)


def _check_memory(
    task: LabelTask, image: ImageFile, axes: tuple[int, ...], whole: bool, memory: int
) -> None:
    method, carry = _method(task), cast(str, task.recipe.carry)
    count = prod(image.shape[axis] for axis in axes)
    together = planes_together(carry, count, task.recipe.planes_fitted)
    how = {"device": task.device, "precision": task.recipe.precision}
    check_planes(image, axes, method, together, memory, **how)
    labels = np.dtype(stack_dtype(method, carry)).itemsize
    room = prod(image.shape) * labels
    if task.table is not None:
        # Objects are numbered beside the labels, and measured on the image.
        room = 2 * room + prod(image.data.shape) * image.data.dtype.itemsize
    if whole and room > memory:
        raise ValueError(
            f"The labels of this stack, with their objects, would take {room / 1e6:.0f} MB, and "
            f"{memory / 1e6:.0f} MB are allowed: write OME-Zarr without objects, or allow more."
        )
