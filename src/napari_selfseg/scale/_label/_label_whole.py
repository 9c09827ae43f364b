"""An image that is done as a whole, in memory."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.catalogue import over_segment
from napari_selfseg.io import ImageFile, load_fit, read_image
from napari_selfseg.protocol import Fit, Method, Run, evolve
from napari_selfseg.record import fingerprint
from napari_selfseg.scale._label._label_files import written
from napari_selfseg.scale._label._label_kinds import kinds_of
from napari_selfseg.scale._label._task import Given, LabelResult, LabelTask, as_input
from napari_selfseg.scale._recipe._sized import in_pixels
from napari_selfseg.scale._segments import hierarchy_of, recorded_cut
from napari_selfseg.scale._training._apply_fit import apply_fit
from napari_selfseg.superpixels import Superpixels

__all__ = ["as_a_whole"]


def as_a_whole(task: LabelTask, image: ImageFile, given: Given) -> LabelResult:
    """Make the labels of an image in memory; `given` belongs to that image alone."""
    # It was opened to be read in pieces.
    if not isinstance(task.image, ImageFile) and not isinstance(image.data, np.ndarray):
        image = read_image(task.image, **task.reading)
    if task.recipe.method is None:
        model = task.fit or load_fit(task.recipe.model)
        labels, record = _applied(task, image, given, model)
        kinds = kinds_of(task, image, model, labels, given.mask)
        return written(task, image, labels, record, kinds=kinds)
    run = _run(task, image, task.recipe.method, given)
    fit = run.fit if task.files.fit else None
    labels, record = _labelled(task, image, run, given)
    learned = None
    # A run that was ended at once has none.
    with contextlib.suppress(ValueError):
        learned = run.fit
    kinds = None if learned is None else kinds_of(task, image, learned, labels, given.mask)
    return written(task, image, labels, record, fit=fit, kinds=kinds)


def _labelled(
    task: LabelTask, image: ImageFile, run: Run, given: Given
) -> tuple[NDArray[Any], dict[str, Any]]:
    wanted = task.recipe.segments
    if wanted is None:
        return run.labels(), run.record()
    tree = hierarchy_of(run, image, as_input(image, given.mask)["mask"])
    n = None if wanted == "auto" else wanted
    if n is not None and task.by_recipe:
        # Another image may have fewer superpixels: then it gets as many segments as there can be.
        n = min(max(n, tree.tree.fewest), tree.tree.most)
    labels = run.outlined(tree.cut(n))
    return labels, recorded_cut(run, labels)


def _run(task: LabelTask, image: ImageFile, method: Method, given: Given) -> Run:
    run = evolve(
        image.data,
        method,
        superpixels=_superpixels(task, given),
        scribbles=given.scribbles,
        precision=task.recipe.precision,
        finish=in_pixels(task.recipe.finish, **image.measure),
        device=task.device,
        threads=task.threads,
        **as_input(image, given.mask),
        name=image.name,
    )
    task.observer.follow(run)
    return run


def _applied(
    task: LabelTask, image: ImageFile, given: Given, model: Fit
) -> tuple[NDArray[Any], dict[str, Any]]:
    chosen = _superpixels(task, given)
    voting = None if chosen is None else over_segment(image.data, chosen, **as_input(image))[0]
    labels, record = apply_fit(
        model,
        image.data,
        channel_axis=image.channel_axis,
        mask=image.seen(),
        superpixels=voting,
        spacing=image.spacing,
        finish=in_pixels(task.recipe.finish, **image.measure),
        device=task.device,
        threads=task.threads,
        name=image.name,
    )
    record["superpixels"] = None if chosen is None else _told(chosen)
    return labels, record


def _told(superpixels: Any) -> dict[str, Any]:
    """Say which superpixels voted: an algorithm, or those of this image by their fingerprint."""
    if isinstance(superpixels, Superpixels):
        return superpixels.as_dict()
    return fingerprint(superpixels, "superpixels")


def _superpixels(task: LabelTask, given: Given) -> Any:
    return task.recipe.superpixels if given.superpixels is None else given.superpixels
