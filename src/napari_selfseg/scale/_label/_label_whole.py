"""An image of a batch that is done as a whole, in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import over_segment
from napari_selfseg.io import ImageFile, load_fit, read_image
from napari_selfseg.protocol import Method, Run, evolve
from napari_selfseg.scale._label._label_files import written
from napari_selfseg.scale._label._task import LabelResult, LabelTask, as_input
from napari_selfseg.scale._segments import hierarchy_of, recorded_cut
from napari_selfseg.scale._training._apply_fit import apply_fit

__all__ = ["as_a_whole"]


def as_a_whole(task: LabelTask, image: ImageFile) -> LabelResult:
    """Make the labels of an image in memory.

    Parameters
    ----------
    task : LabelTask
        What to do.
    image : ImageFile
        As it was opened.
    """
    if not isinstance(task.image, ImageFile) and not isinstance(image.data, np.ndarray):
        image = read_image(task.image)
    labels, record = _labelled(task, image)
    return written(task, image, labels, record)


def _labelled(task: LabelTask, image: ImageFile) -> tuple[NDArray[Any], dict[str, Any]]:
    if task.recipe.method is None:
        return _applied(task, image)
    run = _run(task, image, task.recipe.method)
    wanted = task.recipe.segments
    if wanted is None:
        return run.labels(), run.record()
    found = hierarchy_of(run, image, image.mask)
    # Another image may have fewer superpixels: then it gets as many segments as there can be.
    tree = found.tree
    n = None if wanted == "auto" else min(max(wanted, tree.fewest), tree.most)
    labels = run.outlined(found.cut(n))
    return labels, recorded_cut(run, labels)


def _run(task: LabelTask, image: ImageFile, method: Method) -> Run:
    run = evolve(
        image.data,
        method,
        superpixels=task.recipe.superpixels,
        precision=task.recipe.precision,
        device=task.device,
        threads=task.threads,
        **as_input(image),
        name=image.name,
    )
    task.observer.follow(task.number, run)
    return run


def _applied(task: LabelTask, image: ImageFile) -> tuple[NDArray[Any], dict[str, Any]]:
    algorithm = task.recipe.superpixels
    voting = None if algorithm is None else over_segment(image.data, algorithm, **as_input(image))
    labels, record = apply_fit(
        load_fit(task.recipe.model),
        image.data,
        channel_axis=image.channel_axis,
        mask=image.seen(),
        superpixels=None if voting is None else voting[0],
        spacing=image.spacing,
        device=task.device,
        threads=task.threads,
        name=image.name,
    )
    record["superpixels"] = None if algorithm is None else algorithm.as_dict()
    return labels, record
