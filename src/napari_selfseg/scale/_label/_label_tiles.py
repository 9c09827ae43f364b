"""An image that is labelled tile by tile, by what is learned from samples of it or by a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from napari_selfseg.io import (
    ImageFile,
    image_of_labels,
    load_fit,
    open_labels,
    read_record,
    sweep_chunks,
)
from napari_selfseg.io.formats import is_by_blocks
from napari_selfseg.outlines import SUPERPIXELS
from napari_selfseg.protocol import Fit, Method, available_memory
from napari_selfseg.scale._estimates._tile_estimate import lay_out_tiles
from napari_selfseg.scale._label._label_files import SIDE, draw
from napari_selfseg.scale._label._label_measured import measured_before, write_measured
from napari_selfseg.scale._label._label_missing import add_missing
from napari_selfseg.scale._label._task import LabelResult, LabelTask, Tiling
from napari_selfseg.scale._plan._plan import FINISHED, Plan
from napari_selfseg.scale._plan._tile_record import ACROSS, is_unchanged
from napari_selfseg.scale._recipe._recipe import Recipe
from napari_selfseg.scale._tiles._granularity import cut_again
from napari_selfseg.scale._tiles._large import LargeImage, forget
from napari_selfseg.scale._tiles._tile_run import TileRun
from napari_selfseg.scale._training._fit_samples import axes_of_sample, fit_samples, known_at_once

__all__ = ["by_tiles", "plan_label"]


def by_tiles(task: LabelTask, image: ImageFile) -> LabelResult:
    """Label an image tile by tile.

    Tiles that are done stay, whatever happens afterwards.

    Raises
    ------
    ValueError
        When something cannot be used, or the recipe asks for what needs the whole image.
    """
    if task.tiling is None:
        _check_parts(task)
    target = task.files.labels
    target.parent.mkdir(parents=True, exist_ok=True)
    large = _large(task)
    plan = _begun(task, large)
    if plan is None and _finished(task, large):
        return _result(target, before=not add_missing(task, image))
    plan = cut_again(plan, _segments(task)) if plan else _planned(task, large)
    # A table that is older than the last tile is of other labels.
    mark = plan.beside(FINISHED)
    before = mark.exists() and measured_before(task, mark)
    task.observer.follow(TileRun(plan, task.tiling.runner if task.tiling else None))
    if not before:
        write_measured(task, image, large.source, Path(plan.labels))
    if task.files.preview is not None:
        draw(task.files.preview, image, open_labels(plan.labels), side=SIDE)
    large.finish(plan)
    if task.by_recipe or image_of_labels(target):
        # Nothing but labels stays in an image.
        forget(target)
    return _result(target, before=before)


def _result(target: Path, *, before: bool = False) -> LabelResult:
    if is_by_blocks(target):
        # Left by who was killed after the last tile: what was left before is gone by then.
        sweep_chunks(target)
    record = read_record(target)
    return LabelResult(record["n_labels"], before=before, across=record.get(ACROSS))


def plan_label(task: LabelTask, **options: Any) -> Plan:
    """Learn what labels an image, and plan its tiles, so that others can do them.

    Options are those of `plan_tiles`. It raises what `by_tiles` does, and ValueError when tiles are
    begun there.
    """
    return _planned(task, _large(task), **options)


def _large(task: LabelTask) -> LargeImage:
    return LargeImage(task.image, task.files.labels, **task.reading)


def _begun(task: LabelTask, large: LargeImage) -> Plan | None:
    """Return what was begun earlier, if it is to be gone on with."""
    if not task.again:
        return None
    if not task.by_recipe:
        plan = large.gone_on(_by(task))
        if plan is not None:
            votes = None if plan.superpixels is None else plan.superpixels.name
            _check_same(task, plan.objects, votes)
        return plan
    plan = large.begun
    if plan is None or is_unchanged(plan):
        return plan
    forget(large.target)
    return None


def _finished(task: LabelTask, large: LargeImage) -> bool:
    """Say whether all is done; labels that are known by their recipe were looked at before."""
    if not task.again or task.by_recipe or not large.finished_before(_by(task)):
        return False
    record = read_record(large.target)
    _check_same(task, record.get("objects"), (record.get("superpixels") or {}).get("name"))
    return True


def _check_same(task: LabelTask, objects: int | None, votes: str | None) -> None:
    """Refuse labels that are there where others are asked for; what is left out stays as it was.

    `objects` and `votes` are those of the labels: the least size, and the file of superpixels.
    """
    recipe, asked = task.recipe, None if task.tiling is None else task.tiling.votes
    why = ""
    if recipe.connected and objects != recipe.minimum_size:
        made = "classes" if objects is None else f"objects of {objects} pixels or more"
        why = f"holds {made}, and not objects of {recipe.minimum_size} pixels or more"
    elif asked is not None and (votes is None or Path(votes).resolve() != Path(asked).resolve()):
        voted = "without superpixels that vote" if votes is None else f"with the votes of {votes}"
        why = f"was made {voted}, and not with those of {asked}"
    if why:
        raise ValueError(f"{task.files.labels} {why}: ask for the same, or name another file.")


def _planned(task: LabelTask, large: LargeImage, **options: Any) -> Plan:
    recipe, fit = task.recipe, _fit(task)
    tiling = task.tiling or _laid_out(task, large, fit)
    if task.by_recipe:
        options["told"] = {"recipe": recipe.as_dict()}
    elif recipe.channels:
        options["told"] = {"channels": list(recipe.channels)}
    return large.plan_tiles(
        fit or _learned(task, large, tiling),
        tile=tiling.tile,
        memory=tiling.memory,
        sample=tiling.sample_size,
        superpixels=tiling.votes,
        objects=recipe.minimum_size if recipe.connected else None,
        segments=_segments(task),
        device=task.device,
        threads=task.threads or tiling.threads,
        **options,
    )


def _laid_out(task: LabelTask, large: LargeImage, fit: Fit | None) -> Tiling:
    """Choose samples and tiles that keep to the memory."""
    source, method = large.source, fit.method if fit else _method(task)
    layout = lay_out_tiles(
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
    return Tiling(max(layout.tile), sample_size=layout.sample)


def _learned(task: LabelTask, large: LargeImage, tiling: Tiling) -> Fit:
    recipe, method = task.recipe, _method(task)
    known = known_at_once(large.source, method, superpixels=recipe.superpixels)
    if known is not None:
        return known
    run = fit_samples(
        large.source,
        method,
        count=tiling.samples,
        size=tiling.sample_size,
        memory=tiling.memory,
        superpixels=recipe.superpixels,
        precision=recipe.precision,
        device=task.device,
        threads=task.threads,
        spacing=large.file.spacing,
    )
    task.observer.follow(run)
    return run.fit


def _fit(task: LabelTask) -> Fit | None:
    return task.fit or (load_fit(task.recipe.model) if task.recipe.model else None)


def _segments(task: LabelTask) -> int | None:
    wanted = task.recipe.segments
    return wanted if isinstance(wanted, int) else None


def _method(task: LabelTask) -> Method:
    return cast(Method, task.recipe.method)


def _by(task: LabelTask) -> Fit | Method:
    return _fit(task) or _method(task)


def _as_one(recipe: Recipe) -> bool:
    return recipe.method is not None and recipe.method.blockwise() is not None


def _check_parts(task: LabelTask) -> None:
    """Refuse what needs the whole image."""
    recipe = task.recipe
    for asked, what in (
        (recipe.segments is not None and not _as_one(recipe), "segments of this method"),
        (recipe.finish is not None, "segments finished as objects"),
        (recipe.method and recipe.method.outlines != SUPERPIXELS, "outlines along the image"),
        (recipe.minimum_size and not recipe.connected, "merged small pieces (minimum_size)"),
        (recipe.model and recipe.superpixels is not None, "superpixels that vote"),
    ):
        if asked:
            raise ValueError(
                f"As a whole this image would take more memory than is allowed, and tile by tile "
                f"there are no {what}: allow more memory, or leave them out."
            )
