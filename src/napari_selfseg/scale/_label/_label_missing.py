"""What is asked for beside labels that were there before, and is missing: made of these labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_selfseg.io import ImageFile, open_numbers, read_image, read_record
from napari_selfseg.scale._label._label_files import SIDE, draw, write_others
from napari_selfseg.scale._label._label_kinds import ObjectKinds
from napari_selfseg.scale._label._label_measured import measured_before, write_measured
from napari_selfseg.scale._label._label_rows import check_rows
from napari_selfseg.scale._label._task import LabelFiles, LabelTask
from napari_selfseg.scale._plan._source import Source

__all__ = ["add_missing"]


def add_missing(task: LabelTask, image: ImageFile) -> bool:
    """Write the picture, table and outlines that are missing; say whether there were any.

    The labels, which are whole, stay as they are.

    Raises
    ------
    ValueError, OSError
        As `do_task`.
    """
    missing = _missing(task.files)
    if not missing.others:
        return False
    left, record = dataclasses.replace(task, files=missing), read_record(missing.labels)
    for path in missing.others:
        path.parent.mkdir(parents=True, exist_ok=True)
    if "tile" in record:
        _of_tiles(left, image)
    else:
        _of_whole(left, image, record)
    return True


def _missing(files: LabelFiles) -> LabelFiles:
    """Leave out what is there, and what was learned, which no labels tell."""
    left = (None if each is None or each.exists() else each for each in files[1:])
    return LabelFiles(files.labels, *left)._replace(fit=None)


def _of_tiles(left: LabelTask, image: ImageFile) -> None:
    labels = left.files.labels
    if not measured_before(left):
        write_measured(left, image, Source(image, image.channel_axis), labels)
    if left.files.preview is not None:
        draw(left.files.preview, image, open_numbers(labels).data, side=SIDE)


def _of_whole(left: LabelTask, image: ImageFile, record: Mapping[str, Any]) -> None:
    files, labels = left.files, open_numbers(left.files.labels).data
    if "stack" in record:
        # Plane by plane, as it was made.
        letters, axes = image.axes.replace("c", ""), record["stack"]["axis"]
        check_rows(files.objects, files.table, "".join(letters[k] for k in axes))
    elif files.objects is not None or files.table is not None:
        labels = np.asarray(labels[...])
        if not isinstance(left.image, ImageFile):
            image = read_image(left.image, opacity=left.opacity)
    kinds = ObjectKinds.of_record(record)
    write_others(files, image, labels, record, simplify=left.simplify, kinds=kinds)
