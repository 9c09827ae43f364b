"""Where it is chosen how an image is labelled: as a whole, plane by plane or tile by tile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_selfseg.io import (
    ImageFile,
    alone,
    list_labels,
    list_table,
    load_fit,
    read_record,
)
from napari_selfseg.record import fingerprint
from napari_selfseg.scale._label._label_measured import measured_before
from napari_selfseg.scale._label._label_missing import add_missing
from napari_selfseg.scale._label._label_planes import by_planes, planes_failed
from napari_selfseg.scale._label._label_tiles import by_tiles
from napari_selfseg.scale._label._label_whole import as_a_whole
from napari_selfseg.scale._label._memory_check import fits_with_fit, fits_with_method
from napari_selfseg.scale._label._observer import Observer
from napari_selfseg.scale._label._resume import may_go_on
from napari_selfseg.scale._label._task import Given, LabelFiles, LabelResult, LabelTask
from napari_selfseg.scale._label._way import Way, choose_way
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._plan._tile_record import is_same_image
from napari_selfseg.scale._recipe._recipe import Recipe
from napari_selfseg.scale._tiles._large import begun, forget
from napari_selfseg.work import WorkStep, seeing

__all__ = ["do_alone", "do_task", "label"]


def label(
    image: str | os.PathLike[str] | ImageFile,
    recipe: Recipe,
    out: str | os.PathLike[str],
    *,
    memory: int | None = None,
    resume: bool = False,
    preview: str | os.PathLike[str] | None = None,
    objects: str | os.PathLike[str] | None = None,
    table: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    seen: Callable[[WorkStep], None] | None = None,
    device: str = "auto",
    threads: int | None = None,
) -> LabelResult:
    """Label an image as a recipe says, whatever its size, and write the labels.

    A stack goes plane by plane where the recipe has a carry. An image that fits into `memory` is
    done as a whole, and any other tile by tile.

    Parameters
    ----------
    image : path_like or ImageFile
        A file, or an image in memory.
    recipe : Recipe
        What to do.
    out : path_like
        The labels, in a format that holds them: TIFF, OME-Zarr.
    memory : int, optional
        Bytes that a run may take beyond what the process holds. Without it nothing goes by tiles.
    resume : bool
        Leave labels that are there, and go on with tiles, if they are of this recipe and of an
        image that is still the same.
    preview : path_like, optional
        A picture to write, PNG.
    objects : path_like, optional
        A table or polygons of the connected pieces to write, CSV or GeoJSON.
    table : path_like, optional
        From `table_in`: a table of the labels in their image, where the labels go as well.
    overwrite : bool
        Make labels that are there anew; without, they are refused where nobody asked to resume.
    seen : callable, optional
        Called with every step; its ``progress`` says how far the work is.
    device : str
        As for `evolve`.
    threads : int, optional
        As for `evolve`.

    Raises
    ------
    ValueError
        When the image or the recipe cannot be used, or there are labels already and nobody asked
        to go on with them; the message says what to do.
    OSError
        When the image cannot be read or the labels cannot be written, or another process writes
        them.
    """
    files = LabelFiles.checked(out, preview, objects, table=table)
    again = not overwrite and may_go_on(files.labels, recipe, resume)
    if files.table is not None and not files.table.exists():
        again = False  # it is made of the labels, and written with them
    task = LabelTask(
        image=image if isinstance(image, ImageFile) else Path(image),
        files=files,
        recipe=recipe,
        again=again,
        memory=memory,
        device=device,
        threads=threads,
        observer=Observer(seeing(seen)),
    )
    return do_alone(task)


def do_alone(task: LabelTask, *, tidy: bool = True) -> LabelResult:
    """Do a task while no other process writes its files.

    It raises what `do_task` does, and OSError when another process writes the labels. `tidy` is as
    for `alone`.
    """
    with alone(task.files.labels, *task.files.others, tidy=tidy):
        return do_task(task)


def do_task(task: LabelTask) -> LabelResult:
    """Make the labels of an image and write them, whole or not at all.

    Raises
    ------
    ValueError
        When the image cannot be used; the message says why.
    OSError
        When it cannot be read, or the labels cannot be written.
    LeftError
        When it was stopped; no labels are written, but tiles that are done stay.
    """
    start = time.perf_counter()
    task.observer.check()
    if not isinstance(task.image, ImageFile):
        task.files.check_apart(task.image)
    image = task.opened()
    made = _before(task, image) or _made(task, image)
    list_labels(task.files.labels)
    if task.files.table is not None:
        list_table(task.files.table)
    return made._replace(seconds=time.perf_counter() - start)


def _made(task: LabelTask, image: ImageFile) -> LabelResult:
    way = _way(task, image)
    given = task.prepare(image, way) if task.prepare else Given()
    if way == "tiles":
        return by_tiles(task, image)
    return (by_planes if way == "planes" else as_a_whole)(task, image, given)


def _before(task: LabelTask, image: ImageFile) -> LabelResult | None:
    """Return what an earlier batch made of the same image; None where that is to be done."""
    if not (task.again and task.by_recipe and task.files.labels.exists()):
        return None
    try:
        record = read_record(task.files.labels)
    except ValueError:
        # Tiles that were begun have none yet.
        return None
    if not _is_same(record, image):
        return None
    if begun(task.files.labels) is not None and not measured_before(task):
        return None  # killed between the last tile and what is measured
    forget(task.files.labels)
    add_missing(task, image)
    return LabelResult(record["n_labels"], before=True, error=planes_failed(record))


def _is_same(record: dict[str, Any], image: ImageFile) -> bool:
    if "tile" in record:
        return is_same_image(record, Source(image, image.channel_axis))
    was: dict[str, Any] = record["images"][0]
    return fingerprint(image.data, was["name"]) == was


def _way(task: LabelTask, image: ImageFile) -> Way:
    left = task.again and task.by_recipe and begun(task.files.labels) is not None
    return choose_way(
        len(image.shape),
        along=task.recipe.carry is not None,
        tiled=left or task.tiling is not None,
        fits=lambda: _fits(task, image),
    )


def _fits(task: LabelTask, image: ImageFile) -> bool:
    if task.memory is None:
        return True
    if task.recipe.method is None:
        return fits_with_fit(image, task.fit or load_fit(task.recipe.model), task.memory)
    how = {"device": task.device, "precision": task.recipe.precision}
    return fits_with_method(image, task.recipe.method, task.memory, **how)
