"""An image of a batch that does not fit into memory, done tile by tile."""

from __future__ import annotations

from typing import cast

from napari_selfseg.io import ImageFile, load_fit, open_labels, read_record
from napari_selfseg.outlines import SUPERPIXELS
from napari_selfseg.protocol import Fit, Method, available_memory
from napari_selfseg.scale._estimates._tile_estimate import TileLayout, lay_out_tiles
from napari_selfseg.scale._label._label_files import SIDE, draw
from napari_selfseg.scale._label._task import LabelResult, LabelTask
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._tile_record import is_unchanged
from napari_selfseg.scale._tiles._large import LargeImage, forget
from napari_selfseg.scale._tiles._tile_run import TileRun
from napari_selfseg.scale._training._fit_samples import axes_of_sample, fit_samples, known_at_once

__all__ = ["by_tiles"]


def by_tiles(task: LabelTask, image: ImageFile) -> LabelResult:
    """Label an image tile by tile, by what is learned from samples of it or by a model.

    Tiles that are done stay, whatever happens afterwards.

    Parameters
    ----------
    task : LabelTask
        What to do.
    image : ImageFile
        As it was opened.

    Raises
    ------
    ValueError
        When something cannot be used, or the recipe asks for what needs the whole image.
    """
    _check(task)
    task.target.parent.mkdir(parents=True, exist_ok=True)
    large = LargeImage(task.image, task.target)
    plan = _begun(task, large) or _planned(task, large)
    task.observer.follow(task.number, TileRun(plan))
    if task.preview is not None:
        draw(task.preview, image, open_labels(plan.labels), side=SIDE)
    large.finish(plan)
    forget(task.target)
    return LabelResult(read_record(task.target)["n_labels"])


def _begun(task: LabelTask, large: LargeImage) -> Plan | None:
    """Return what an earlier batch began, if the image is still the same."""
    plan = large.begun if task.again else None
    if plan is None or is_unchanged(plan):
        return plan
    forget(large.target)
    return None


def _planned(task: LabelTask, large: LargeImage) -> Plan:
    recipe = task.recipe
    fit = None if recipe.method else load_fit(recipe.model)
    layout = _layout(task, large, fit)
    return large.plan_tiles(
        fit or _learned(task, large, layout),
        tile=max(layout.tile),
        objects=recipe.minimum_size if recipe.connected else None,
        device=task.device,
        threads=task.threads,
        told={"recipe": recipe.as_dict()},
    )


def _layout(task: LabelTask, large: LargeImage, fit: Fit | None) -> TileLayout:
    """Choose samples and tiles that keep to the memory."""
    source, method = large.source, fit.method if fit else cast(Method, task.recipe.method)
    return lay_out_tiles(
        source.shape,
        source.n_channels,
        method,
        memory=task.memory or available_memory(),
        ndim=fit.ndim if fit else axes_of_sample(method, source),
        learned=fit is not None,
        device=task.device,
        precision=task.recipe.precision,
        masked=large.file.mask is not None,
    )


def _learned(task: LabelTask, large: LargeImage, layout: TileLayout) -> Fit:
    recipe = task.recipe
    method = cast(Method, recipe.method)
    known = known_at_once(large.source, method, superpixels=recipe.superpixels)
    if known is not None:
        return known
    run = fit_samples(
        large.source,
        method,
        size=layout.sample,
        superpixels=recipe.superpixels,
        precision=recipe.precision,
        device=task.device,
        threads=task.threads,
    )
    task.observer.follow(task.number, run)
    return run.fit


def _check(task: LabelTask) -> None:
    """Refuse what needs the whole image."""
    recipe = task.recipe
    for asked, what in (
        (recipe.segments is not None, "segments"),
        (recipe.method and recipe.method.outlines != SUPERPIXELS, "outlines along the image"),
        (recipe.minimum_size and not recipe.connected, "merged small pieces (minimum_size)"),
        (recipe.model and recipe.superpixels is not None, "superpixels that vote"),
        (task.table is not None, "objects in a file"),
    ):
        if asked:
            raise ValueError(
                f"As a whole this image would take more memory than is allowed, and tile by tile "
                f"there are no {what}: allow more memory, or leave them out."
            )
