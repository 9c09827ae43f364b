"""What a batch writes for an image: labels, objects and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import as_objects
from napari_selfseg.io import (
    ImageFile,
    write_labels,
    write_objects,
    write_preview,
    written_together,
)
from napari_selfseg.objects import connected
from napari_selfseg.scale._label._task import LabelResult, LabelTask
from napari_selfseg.scale._plan._source import Source

__all__ = ["draw", "written"]

# Longest side of the picture of a large image.
SIDE: Final = 1024


def written(
    task: LabelTask, image: ImageFile, labels: NDArray[Any], record: dict[str, Any], error: str = ""
) -> LabelResult:
    """Write labels that are in memory, and what goes with them.

    Parameters
    ----------
    task : LabelTask
        Which files.
    image : ImageFile
        Of which they are.
    labels : ndarray of int
        Before objects are made of them.
    record : dict
        How they were made.
    error : str
        What of it failed.
    """
    labels = as_objects(labels, task.recipe.objects)
    record["recipe"] = task.recipe.as_dict()
    if task.recipe.objects:
        record["objects"] = task.recipe.objects
    record["n_labels"] = len(np.unique(labels[labels > 0]))
    _write(task, image, labels, record)
    return LabelResult(record["n_labels"], error=error)


def draw(path: Path, image: ImageFile, labels: Any, *, side: int | None = None) -> None:
    """Write a picture of labels over their image; of more than a plane the middle one is shown.

    Parameters
    ----------
    path : pathlib.Path
        The file; its folder is made where missing.
    image : ImageFile
        Which may lie on a disk.
    labels : array_like of int
        Which may lie on a disk as well.
    side : int, optional
        Of a larger plane take only every second pixel, or third and so on, to be no longer.
    """
    shape = image.shape
    step = 1 if side is None else -(-max(shape[-2:]) // side)
    box = [slice(n // 2, n // 2 + 1) for n in shape[:-2]] + [slice(None, None, step)] * 2
    seen, _ = Source(image, image.channel_axis).read(box, 2)
    shown = np.asarray(labels[tuple(box)]).reshape(seen.shape[:2])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_preview(path, seen, shown, channel_axis=None if image.channel_axis is None else -1)


def _write(task: LabelTask, image: ImageFile, labels: NDArray[Any], record: dict[str, Any]) -> None:
    """Write all or nothing, the labels last: where they are, the image is done."""
    others = [path for path in (task.preview, task.table) if path is not None]
    for path in (*others, task.target):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_together(*others, task.target, size=labels.nbytes) as places:
        at = dict(zip((*others, task.target), places, strict=True))
        _write_each(task, image, labels, record, at)


def _write_each(
    task: LabelTask,
    image: ImageFile,
    labels: NDArray[Any],
    record: dict[str, Any],
    at: dict[Path, Path],
) -> None:
    if task.preview is not None:
        draw(at[task.preview], image, labels)
    if task.table is not None:
        write_objects(
            at[task.table],
            connected(labels),
            **image.measure,
            georeference=image.georeference,
            classes=labels,
            image=np.asarray(image.data),
            channel_axis=image.channel_axis,
        )
    task.observer.check()
    write_labels(at[task.target], labels, record=record, **image.place)
