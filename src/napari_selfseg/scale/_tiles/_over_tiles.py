"""Plan how to label an image that is larger than memory."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_selfseg.io import TakenError, check_zarr, create_labels, load_fit, save_fit
from napari_selfseg.protocol import Fit, label_dtype
from napari_selfseg.record import weights_hash
from napari_selfseg.remedies import CHANNEL_AXIS, CHANNELS
from napari_selfseg.scale._plan._cutting import in_blocks, tiled
from napari_selfseg.scale._plan._identity import keep_hashes
from napari_selfseg.scale._plan._in_blocks import PIECES, known_of
from napari_selfseg.scale._plan._ledger import Ledger
from napari_selfseg.scale._plan._plan import (
    FINISHED,
    PLAN,
    Plan,
    as_json,
    load_plan,
    save_plan,
    work_folder,
)
from napari_selfseg.scale._plan._plan_checks import check_grid, check_in_parts
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._plan._tile_record import ACROSS
from napari_selfseg.scale._plan._whole import halo_known, keep_whole, whole_known
from napari_selfseg.scale._runners import Runner
from napari_selfseg.scale._tiles._granularity import TREE, cut_again
from napari_selfseg.scale._tiles._tile_run import TileRun

__all__ = ["over_tiles", "plan_tiles"]

MODEL = "model.safetensors"
_FOLDERS = ("done", "faces", "votes", "blocks", "ids", "compared", "found", "met", "kept")


def over_tiles(
    image: Any,
    fit: Fit,
    out: str | os.PathLike[str],
    *,
    channel_axis: int | None = None,
    nodata: float | None = None,
    runner: Runner | None = None,
    **options: Any,
) -> TileRun:
    """Label an image that is larger than memory; iterate the result to advance.

    Where the fit's `reach` is finite the labels are those of the whole image, pixel by pixel; so
    are those of a fit from `block_fit` (Consensus), whose tiles are the blocks of the method.
    Where any other method sees the whole image (DeepCut, SGSeg with superpixels), each tile is
    labelled as an image of its own, with the classes of the fit.

    Parameters
    ----------
    image : str or array_like
        A file or folder, or anything with a shape that is sliced as NumPy arrays are (of zarr, or
        dask). Spatial axes before those of the fit are cut into single planes.
    fit : Fit
        From `Run.fit` or `load_fit`.
    out : path_like
        OME-Zarr to write, ending in ``.zarr``. What is known on the way is kept beside it.
    channel_axis : int, optional
        Axis of the channels.
    nodata : float, optional
        Value of pixels without data.
    runner : Runner, optional
        Where tiles are predicted; in this process by default.
    **options
        As of `plan_tiles`: ``tile``, ``memory``, ``superpixels``, ``objects``, ``spacing``,
        ``resume``, ...

    Returns
    -------
    TileRun
        Not begun.

    Raises
    ------
    ValueError
        When something given cannot be used; the message says what to do.
    OSError
        When the image cannot be read or `out` cannot be written.
    """
    source = Source(os.fspath(image), channel_axis, nodata) if _is_path(image) else None
    plan = plan_tiles(source or Source(image, channel_axis, nodata), fit, os.fspath(out), **options)
    return TileRun(plan, runner)


def plan_tiles(
    source: Source,
    fit: Fit,
    out: str,
    *,
    tile: int | None = None,
    memory: int | None = None,
    sample: int | None = None,
    superpixels: Any = None,
    objects: int | None = None,
    segments: int | None = None,
    axes: str = "",
    spacing: Sequence[float | None] | None = None,
    unit: str = "pixel",
    time_unit: str = "",
    translation: Sequence[float] = (),
    unnamed: str = "",
    device: str = "auto",
    threads: int | None = None,
    told: dict[str, Any] | None = None,
    resume: bool = False,
    made: bool = False,
    every_hash: bool = False,
) -> Plan:
    """Plan the tiles of a large image, and make the empty labels.

    Parameters
    ----------
    source : Source
        The image.
    fit : Fit
        What predicts.
    out : str
        OME-Zarr to write.
    tile : int, optional
        Side of a tile in pixels; what `memory` allows by default.
    memory : int, optional
        Bytes that a worker may use in all; half of what is free by default.
    sample : int, optional
        Side of the samples that tell what holds for the whole image where objects are to be found;
        what suits the method and the memory by default.
    superpixels : str or array_like of int, optional
        Labels of the image's shape that vote, and may cross tiles.
    objects : int, optional
        Number connected objects of at least so many pixels; classes by default.
    segments : int, optional
        How many segments, where the image is labelled as one; what the method finds by default.
    axes : str
        Names of the spatial axes, such as ``"zyx"``; the last ones of these by default.
    spacing : sequence of float or None, optional
        Physical size of a pixel along each spatial axis; None where it is not known.
    unit : str
        Unit of the spacing in space.
    time_unit : str
        Unit of the step in time.
    translation : sequence of float, optional
        Where the centre of the first pixel is along each spatial axis.
    unnamed : str
        Letters of the axes that nobody has named.
    device : str
        As for `evolve`.
    threads : int, optional
        CPU threads of a worker.
    told : dict, optional
        What the record says beside what was applied, ready for JSON.
    resume : bool
        Go on with what is there, if it is of the same plan.
    made : bool
        Whether the labels were made already, all 0 and with a tile a chunk, so that they can be
        looked at before.
    every_hash : bool
        Whether to read an image in a file once, so that each tile of it that changes before it is
        labelled is noticed; by default that is looked at in the first tile, and in those done.

    Raises
    ------
    ValueError
        When something given cannot be used, or there are labels already.
    OSError
        When nothing can be written there.
    """
    shape = source.shape
    _check_source(source, shape, fit)
    check_in_parts(fit.method)
    blockwise, work = known_of(fit) is not None, work_folder(out)
    if blockwise or fit.method.instances:
        _check_alone(fit, superpixels, objects)
    if segments is not None and not blockwise:
        raise ValueError(
            "A number of segments needs a tree of the whole image, as Consensus without networks "
            "makes it: take that, or leave segments out."
        )
    whole = whole_known(source, fit, work, memory, size=sample, device=device, threads=threads)
    halo = None if whole is None else halo_known(fit, whole)
    grid = in_blocks(fit, shape, memory) if blockwise else tiled(fit, shape, tile, memory, halo)
    plan = Plan(
        source=source,
        model=str(work / MODEL),
        labels=str(os.path.abspath(out)),
        work=str(work),
        shape=shape,
        tile=grid.tile,
        halo=grid.halo,
        superpixels=None if superpixels is None else _voters(superpixels, shape),
        objects=objects,
        device=device,
        threads=threads,
        told=told or {},
        blockwise=blockwise,
        tilewise=whole is not None,
        segments=segments,
    )
    check_grid(plan.grid)
    check_zarr(out)
    work.mkdir(parents=True, exist_ok=True)
    with Ledger(work).claim_all() as held:
        if not held:
            raise TakenError(f"{out} is being planned by another process: wait for it.")
        if (work / PLAN).is_file():
            return _again(plan, fit, resume)
        _clear(work)
        place: dict[str, Any] = {"spacing": spacing, "unit": unit, "time_unit": time_unit}
        place |= {"translation": translation, "unnamed": unnamed}
        _make_labels(plan, fit, made, axes, **place)
        save_fit(fit, plan.model)
        if whole is not None:
            keep_whole(plan, whole)
        keep_hashes(plan, every=every_hash)
        save_plan(plan)
    return plan


def _make_labels(plan: Plan, fit: Fit, made: bool, axes: str, **place: Any) -> None:
    last = "tzyx"[-len(plan.shape) :]
    chunks = tuple(min(size, n) for size, n in zip(plan.tile, plan.shape, strict=True))
    if not made:
        dtype = np.uint32 if plan.numbered else label_dtype(fit.method.n_classes)
        layout: dict[str, Any] = {"dtype": dtype, "chunks": chunks, "axes": axes or last}
        create_labels(plan.labels, plan.shape, **layout, **place)
    if plan.numbered and not plan.tilewise:
        pieces = plan.beside(PIECES)
        create_labels(pieces, plan.shape, dtype=np.int32, chunks=chunks, axes=last)


def _clear(work: Path) -> None:
    """Make an empty work folder, first of all: labels without a record are known by it."""
    for folder in _FOLDERS:
        # Markers of a plan that is gone would be believed.
        if (work / folder).exists():
            shutil.rmtree(work / folder)
        (work / folder).mkdir(parents=True)
    for mark in (FINISHED, ACROSS, TREE):
        (work / mark).unlink(missing_ok=True)


def _is_path(image: Any) -> bool:
    return isinstance(image, str | os.PathLike)


def _check_source(source: Source, shape: tuple[int, ...], fit: Fit) -> None:
    if source.n_channels != fit.in_channels:
        raise ValueError(
            f"The image has {source.n_channels} channels, the fit was made with {fit.in_channels}: "
            f"{CHANNELS}."
        )
    if not fit.ndim <= len(shape) <= 4 or 0 in shape:
        raise ValueError(
            f"An image of shape {shape} cannot be cut into tiles of {fit.ndim} axes: "
            f"{CHANNEL_AXIS}."
        )


def _check_alone(fit: Fit, superpixels: Any, objects: int | None) -> None:
    """Refuse what numbered segments of the whole image have no need of."""
    if superpixels is not None:
        raise ValueError(f"{fit.method.title} needs no superpixels that vote: leave them out.")
    if objects is not None:
        raise ValueError(
            f"The labels of {fit.method.title} are connected and numbered as they are: leave out "
            "connected objects."
        )


def _voters(superpixels: Any, shape: tuple[int, ...]) -> Source:
    named = _is_path(superpixels)
    found = Source(os.fspath(superpixels) if named else superpixels, None, numbers=named)
    if found.shape != shape:
        raise ValueError(f"The superpixels have shape {found.shape} and the image {shape}.")
    return found


def _again(plan: Plan, fit: Fit, resume: bool) -> Plan:
    """Return the plan that is there already, if it is the same."""
    if not resume:
        raise ValueError(
            f"{plan.labels} was begun before: go on with --resume (resume=True), or delete it and "
            f"{plan.work}."
        )
    known = load_plan(plan.work)
    same = dataclasses.replace(
        plan,
        tile=known.tile,
        device=known.device,
        threads=known.threads,
        segments=known.segments,
    )
    trained = weights_hash(load_fit(known.model).weights)
    if as_json(known) != as_json(same) or trained != weights_hash(fit.weights):
        raise ValueError(
            f"{plan.labels} was begun in another way: do as before, or delete it and {plan.work}."
        )
    found = dataclasses.replace(known, source=plan.source, superpixels=plan.superpixels)
    return cut_again(found, plan.segments)
