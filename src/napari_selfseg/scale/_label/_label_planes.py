"""A stack, gone along plane by plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np

from napari_selfseg.io import ImageFile, finish_labels, save_fit, written_together
from napari_selfseg.io.formats import is_by_blocks
from napari_selfseg.protocol import Finish, Method
from napari_selfseg.scale._label._label_files import draw, written
from napari_selfseg.scale._label._label_rows import check_rows, write_rows
from napari_selfseg.scale._label._memory_check import check_planes
from napari_selfseg.scale._label._task import Given, LabelResult, LabelTask, as_input
from napari_selfseg.scale._planes._axes import axes_along
from napari_selfseg.scale._planes._over_stack import over_stack
from napari_selfseg.scale._planes._slices import Planes
from napari_selfseg.scale._planes._stack import StackRun
from napari_selfseg.scale._planes._stack_estimate import planes_together
from napari_selfseg.scale._planes._stack_labels import create_stack_labels, stack_dtype
from napari_selfseg.scale._recipe._sized import in_pixels

__all__ = ["by_planes", "planes_failed"]


def by_planes(task: LabelTask, image: ImageFile, given: Given) -> LabelResult:
    """Make the labels of a stack; in OME-Zarr they are written plane by plane.

    ValueError when something cannot be used, or no plane could.

    Returns
    -------
    LabelResult
        With what is wrong with planes that could not be used; their labels are 0.
    """
    axes = axes_along(task.recipe.axis, _method(task), image)
    check_rows(task.files.objects, task.files.table, "".join(image.axes[k] for k in axes))
    # Pieces, and rows of whole objects, are made of the whole stack.
    whole = not is_by_blocks(task.files.labels) or task.recipe.objects or task.files.table
    if task.memory is not None:
        _check_memory(task, image, axes, bool(whole), task.memory)
    return (_in_memory if whole else _on_disk)(task, image, given, axes)


def planes_failed(record: Mapping[str, Any]) -> str:
    """Say in a sentence which planes of a stack failed; empty when none did."""
    told = record.get("stack") or {}
    failed: Mapping[str, str] = told.get("failed") or {}
    if not failed:
        return ""
    plane, why = next(iter(failed.items()))
    return f"{len(failed)} of {len(told['order'])} planes failed, plane {plane} with: {why}"


def _in_memory(
    task: LabelTask, image: ImageFile, given: Given, axes: tuple[int, ...]
) -> LabelResult:
    run = _run(task, image, given, axes)
    record = run.record()
    fit = run.fit if task.files.fit else None
    return written(task, image, run.out, record, planes_failed(record), fit)


def _on_disk(task: LabelTask, image: ImageFile, given: Given, axes: tuple[int, ...]) -> LabelResult:
    carry = cast(str, task.recipe.carry)
    with _places(task) as at:
        part = at[task.files.labels]
        finished = task.recipe.finish is not None
        out = create_stack_labels(part, image, _method(task), carry, finished=finished)
        run = _run(task, image, given, axes, out)
        # Plane by plane: labels on the disk may be larger than memory.
        found = {label for plane in Planes(out, axes) for label in np.unique(plane).tolist()}
        record = task.recorded(run.record(), len(found - {0}))
        if task.files.preview is not None:
            draw(at[task.files.preview], image, out)
        if task.files.fit is not None:
            save_fit(run.fit, at[task.files.fit])
        if task.files.objects is not None:
            write_rows(at[task.files.objects], image, out, record, task.observer.follow)
        task.observer.check()
        finish_labels(part, record=record)
    return LabelResult(len(found - {0}), error=planes_failed(record))


@contextmanager
def _places(task: LabelTask) -> Iterator[dict[Path, Path]]:
    """Give where to write each file: beside it, or where it is to be, so that planes stay."""
    paths = (*task.files.others, task.files.labels)
    if not task.by_recipe:
        yield dict(zip(paths, paths, strict=True))
        return
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_together(*paths) as places:
        yield dict(zip(paths, places, strict=True))


def _run(
    task: LabelTask, image: ImageFile, given: Given, axes: tuple[int, ...], out: Any = None
) -> StackRun:
    recipe = task.recipe
    run = over_stack(
        image.data,
        _method(task),
        carry=cast(Any, recipe.carry),
        axis=axes,
        iterations=recipe.stack_iterations,
        planes_fitted=recipe.planes_fitted,
        superpixels=recipe.superpixels if given.superpixels is None else given.superpixels,
        precision=recipe.precision,
        out=out,
        finish=_finish(task, image, axes),
        device=task.device,
        threads=task.threads,
        **as_input(image, given.mask),
        name=image.name,
    )
    task.observer.follow(run)
    # A plane that was stopped on its way is shown, and not done.
    if not run.done.any() and not run.stops:
        raise ValueError(run.stop_reason)
    return run


def _finish(task: LabelTask, image: ImageFile, axes: tuple[int, ...]) -> Finish | None:
    """Return what becomes of a plane, with sizes in its pixels."""
    unit, spacing = image.measure["unit"], image.measure["spacing"]
    rest = [size for axis, size in enumerate(spacing) if axis not in axes]
    return in_pixels(task.recipe.finish, rest, unit)


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
    kind = stack_dtype(method, carry, finished=task.recipe.finish is not None)
    labels = np.dtype(kind).itemsize
    room = prod(image.shape) * labels
    if task.files.table is not None:
        # Objects are numbered beside the labels, and measured on the image.
        room = 2 * room + prod(image.data.shape) * image.data.dtype.itemsize
    if whole and room > memory:
        raise ValueError(
            f"The labels of this stack would take {room / 1e6:.0f} MB, and "
            f"{memory / 1e6:.0f} MB are allowed: write OME-Zarr, without pieces and tables in the "
            "image, or allow more."
        )
