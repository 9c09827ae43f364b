"""What labelling a large image is going to take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import while_compiling
from napari_selfseg.io import load_fit, open_labels
from napari_selfseg.protocol import (
    Estimate,
    available_memory,
    bytes_to_predict,
    limited_threads,
    resolve_threads,
)
from napari_selfseg.scale._estimates._tile_estimate import lay_out_tiles
from napari_selfseg.scale._plan._in_blocks import picture_of
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._whole import objects_of
from napari_selfseg.scale._tiles._tile_work import predicted

__all__ = ["PlanEstimate", "estimate_plan"]


@dataclass(frozen=True)
class PlanEstimate:
    """An estimate.

    Attributes
    ----------
    tiles : int
        How many there are.
    worker : Estimate
        Time for one worker, and its memory beyond an idle process, at most.
    disk : int
        Bytes of the labels and what is kept on the way, before compression.
    """

    tiles: int
    worker: Estimate
    disk: int


def estimate_plan(plan: Plan) -> PlanEstimate:
    """Predict one tile from the middle of the image, and say what all of them will take.

    Raises
    ------
    ValueError, OSError
        When that tile cannot be read or predicted.
    """
    fit, grid = load_fit(plan.model), plan.grid
    middle = grid.number(tuple(n // 2 for n in grid.counts))
    box = grid.outer(middle)
    if plan.blockwise:
        return _of_blocks(plan, middle)
    how = {"device": plan.device, "threads": plan.threads}
    with _timed() as each:
        image, valid = plan.source.read(box, fit.ndim)
        if plan.tilewise:
            objects_of(plan, fit, middle, (image, valid))
        else:
            predicted(fit, image, valid, plan.source.channel_axis, **how)
    share = prod(plan.shape) / prod(s.stop - s.start for s in grid.inner(middle))
    wide = tuple(t + 2 * h for t, h in zip(plan.tile, plan.halo, strict=True))[-fit.ndim :]
    # Coarser levels add a third; pieces of objects are kept beside them, 4 bytes a pixel.
    pieces = plan.objects is not None or plan.tilewise
    depth = open_labels(plan.labels).dtype.itemsize * 4 / 3 + 4 * pieces
    return PlanEstimate(
        tiles=len(grid),
        worker=_of_one(each.seconds, share, bytes_to_predict(fit.method, fit.in_channels, wide)),
        disk=int(prod(plan.shape) * depth),
    )


def _of_blocks(plan: Plan, number: int) -> PlanEstimate:
    """Cut and compare a block, alone: what lies beyond it has no superpixels yet."""
    blockwise, known, picture = picture_of(plan)
    inner, outer = plan.grid.inner(number), plan.grid.outer(number)
    with limited_threads(resolve_threads(plan.threads)), _timed() as each:
        alone = np.zeros([s.stop - s.start for s in outer], np.int64)
        alone[plan.grid.crop(number)] = blockwise.cut(known, picture, number)
        blockwise.compare(known, picture, _Moved(alone, outer), number)
    share = prod(plan.shape) / prod(s.stop - s.start for s in inner)
    found = lay_out_tiles(
        plan.shape,
        plan.source.n_channels,
        load_fit(plan.model).method,
        memory=available_memory(),
        ndim=len(plan.shape),
        learned=True,
    )
    return PlanEstimate(len(plan.grid), _of_one(each.seconds, share, found.bytes), found.disk)


def _of_one(seconds: float, share: float, n_bytes: int) -> Estimate:
    return Estimate(seconds, seconds * share, n_bytes)


class _Took:
    seconds = 0.0


@contextmanager
def _timed() -> Iterator[_Took]:
    """Take the time, less what is compiled once for all."""
    found, start = _Took(), time.perf_counter()
    with while_compiling() as compiling:
        yield found
        found.seconds = time.perf_counter() - start - compiling()


class _Moved:
    """An array that lies somewhere in an image, sliced by places in that."""

    def __init__(self, array: NDArray[np.int64], box: tuple[slice, ...]) -> None:
        self._array, self._box = array, box

    def __getitem__(self, box: tuple[slice, ...]) -> NDArray[np.int64]:
        moved = (
            slice(max(each.start - origin.start, 0), each.stop - origin.start)
            for each, origin in zip(box, self._box, strict=True)
        )
        return self._array[tuple(moved)]
