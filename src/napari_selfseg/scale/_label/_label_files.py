"""What is written of an image: labels, objects, a picture, and what was learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import are_objects, as_objects
from napari_selfseg.io import (
    ImageFile,
    name_objects,
    save_fit,
    write_labels,
    write_objects,
    write_preview,
    write_table,
    written_together,
)
from napari_selfseg.io.formats import is_by_blocks
from napari_selfseg.objects import connected, object_features, with_class_names
from napari_selfseg.protocol import Fit
from napari_selfseg.scale._label._label_kinds import ObjectKinds
from napari_selfseg.scale._label._label_rows import write_rows
from napari_selfseg.scale._label._task import LabelFiles, LabelResult, LabelTask
from napari_selfseg.scale._plan._source import Source

__all__ = ["draw", "write_files", "write_others", "written"]

# Longest side of the picture of a large image.
SIDE: Final = 1024


def written(
    task: LabelTask,
    image: ImageFile,
    labels: NDArray[Any],
    record: dict[str, Any],
    error: str = "",
    fit: Fit | None = None,
    kinds: ObjectKinds | None = None,
) -> LabelResult:
    """Write labels that are in memory, before objects are made of them, and what goes with them.

    `error` says what of it failed; `fit` is given where what was learned is to be written, `kinds`
    where objects are of several.
    """
    labels = as_objects(labels, task.recipe.objects)
    if task.recipe.objects:
        record["objects"] = task.recipe.objects
    if kinds is not None:
        record["classes"] = kinds.as_record()
    n_labels = len(np.unique(labels[labels > 0]))
    for path in (*task.files.others, task.files.labels):
        path.parent.mkdir(parents=True, exist_ok=True)
    task.observer.check()
    record = task.recorded(record, n_labels)
    write_files(task.files, image, labels, record, fit, simplify=task.simplify, kinds=kinds)
    return LabelResult(n_labels, error=error)


def draw(path: Path, image: ImageFile, labels: Any, *, side: int | None = None) -> None:
    """Write a picture of labels over their image; of more than a plane the middle one is shown.

    Both may lie on a disk. Of a plane longer than `side` only every second pixel is taken, or third
    and so on.
    """
    shape = image.shape
    step = 1 if side is None else -(-max(shape[-2:]) // side)
    box = [slice(n // 2, n // 2 + 1) for n in shape[:-2]] + [slice(None, None, step)] * 2
    seen, _ = Source(image, image.channel_axis).read(box, 2)
    shown = np.asarray(labels[tuple(box)]).reshape(seen.shape[:2])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_preview(path, seen, shown, channel_axis=None if image.channel_axis is None else -1)


def write_files(
    files: LabelFiles,
    image: ImageFile,
    labels: NDArray[Any],
    record: Mapping[str, Any],
    fit: Fit | None = None,
    *,
    simplify: float = 0.0,
    kinds: ObjectKinds | None = None,
) -> None:
    """Write all or nothing, the labels last: where they are, the image is done.

    `simplify` is how far, in pixels, outlines of objects are simplified.

    Raises
    ------
    OSError
        When one of them cannot be written: then none is.
    """
    paths = (*files.others, files.labels)
    with written_together(*paths, size=_size(files, image, labels, fit)) as places:
        at = dict(zip(paths, places, strict=True))
        _write_others(at, files, image, labels, record, simplify, kinds)
        if files.fit is not None and fit is not None:
            save_fit(fit, at[files.fit])
        write_labels(at[files.labels], labels, record=record, **image.place)
        if kinds is not None and is_by_blocks(files.labels):
            name_objects(at[files.labels], kinds.classes, kinds.names)


def write_others(
    files: LabelFiles,
    image: ImageFile,
    labels: Any,
    record: Mapping[str, Any],
    *,
    simplify: float = 0.0,
    kinds: ObjectKinds | None = None,
) -> None:
    """Write what belongs to labels that are there: all or nothing, and not the labels.

    Image and labels are in memory where objects are measured, but for those of a stack.
    """
    with written_together(*files.others) as places:
        at = dict(zip(files.others, places, strict=True))
        _write_others(at, files, image, labels, record, simplify, kinds)


def _write_others(
    at: Mapping[Path, Path],
    files: LabelFiles,
    image: ImageFile,
    labels: Any,
    record: Mapping[str, Any],
    simplify: float,
    kinds: ObjectKinds | None,
) -> None:
    if files.objects is not None and "stack" in record:
        write_rows(at[files.objects], image, labels, record)
    elif files.objects is not None:
        _write_objects(at[files.objects], image, labels, record, simplify, kinds)
    if files.preview is not None:
        draw(at[files.preview], image, labels)
    if files.table is not None:
        _write_table(at[files.table], image, labels, files.labels.name, kinds)


def _size(files: LabelFiles, image: ImageFile, labels: NDArray[Any], fit: Fit | None) -> int:
    """Bound what is written, but for the objects: they are counted when they are made."""
    plane = image.shape[-2] * image.shape[-1]
    tensors = [*fit.weights.values(), *fit.training_state.values()] if fit else []
    learned = sum(each.numel() * each.element_size() for each in tensors)
    # A picture has image and labels side by side, of three bytes a pixel.
    return labels.nbytes + (6 * plane if files.preview else 0) + learned


def in_words(record: Mapping[str, Any]) -> str:
    """Say in a line what made labels: the method with its parameters, and the superpixels."""
    parts = [record.get("method") or record.get("fitted"), record.get("superpixels")]
    return "; ".join(_line(each) for each in parts if isinstance(each, Mapping))


def _line(settings: Mapping[str, Any]) -> str:
    values = [f"{key}={value}" for key, value in settings.items() if key != "name"]
    return f"{settings.get('name', 'labels')} {', '.join(values)}".strip()


def _write_objects(
    path: Path,
    image: ImageFile,
    labels: NDArray[Any],
    record: Mapping[str, Any],
    simplify: float,
    kinds: ObjectKinds | None,
) -> None:
    """Measure objects by their own numbers, and of anything else the connected pieces."""
    own = are_objects(record)
    classes = None if own else labels
    if kinds is not None:
        classes = kinds.classes[labels]
    write_objects(
        path,
        labels if own else connected(labels),
        **image.measure,
        georeference=image.georeference,
        classes=classes,
        image=np.asarray(image.data),
        channel_axis=image.channel_axis,
        names=None if kinds is None else kinds.names,
        source=Path(image.name).name,
        settings=in_words(record),
        simplify=simplify,
    )


def _write_table(
    path: Path, image: ImageFile, labels: NDArray[Any], name: str, kinds: ObjectKinds | None
) -> None:
    columns = object_features(
        labels,
        np.asarray(image.data),
        channel_axis=image.channel_axis,
        classes=None if kinds is None else kinds.classes[labels],
        **image.measure,
    )
    if kinds is not None:
        columns = with_class_names(columns, kinds.names)
    write_table(path, columns, name)
