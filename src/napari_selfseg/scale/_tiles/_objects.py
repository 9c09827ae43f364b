"""What a worker does with a tile whose objects may reach beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import load_fit, open_labels
from napari_selfseg.machine.memory import release_freed_memory
from napari_selfseg.protocol import Grid
from napari_selfseg.scale._plan._identity import check_tile, hash_of
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._whole import objects_of
from napari_selfseg.scale._tiles._seams import (
    Candidates,
    Kept,
    Meeting,
    candidates,
    kept,
    meeting,
    painted,
)
from napari_selfseg.scale._tiles._tile_arrays import load_arrays, save_arrays

__all__ = ["find", "keep", "meet", "paint"]

# Numbers of a tile on the way, so that those of two tiles have other colours.
_APART = 2**16


def find(plan: Plan, number: int) -> dict[str, Any]:
    """Find the objects that have a pixel in a tile, and show those until all tiles are through."""
    fit, grid = load_fit(plan.model), plan.grid
    box, inner = grid.outer(number), grid.inner(number)
    image, valid = plan.source.read(box, fit.ndim)
    check_tile(plan, "source", number, image)
    sha256 = hash_of(image[grid.crop(number)[-fit.ndim :]])
    labels = objects_of(plan, fit, number, (image, valid))
    labels, found = candidates(labels, box, inner, plan.shape)
    save_arrays(plan, "found", number, labels=labels, **found._asdict())
    _show(plan, number, labels[grid.crop(number)].astype(np.int64))
    # Maps of many sizes leave gaps, which would grow from tile to tile.
    release_freed_memory()
    return {"sha256": sha256, "pieces": len(found.sizes)}


def meet(plan: Plan, number: int) -> dict[str, Any]:
    """Find out which objects of a tile and of later ones share pixels."""
    box = plan.grid.outer(number)
    (labels,) = load_arrays(plan, "found", number, "labels")
    arrays: dict[str, NDArray[Any]] = {}
    for other, common in _around(plan.grid, box):
        if other > number:
            one = labels[_within(common, box)]
            found = meeting(one, _found(plan, other, common))
            arrays |= {f"{other}.{name}": each for name, each in found._asdict().items()}
    save_arrays(plan, "met", number, **arrays)
    return {}


def keep(plan: Plan) -> None:
    """Decide which objects of all tiles are kept, once all of them have met."""
    tiles = range(len(plan.grid))
    found = [Candidates(*load_arrays(plan, "found", n, *Candidates._fields)) for n in tiles]
    for number, each in enumerate(kept(found, _meetings(plan))):
        save_arrays(plan, "kept", number, **each._asdict())


def paint(plan: Plan, number: int) -> dict[str, Any]:
    """Write the labels of a tile."""
    inner = plan.grid.inner(number)
    layers = (
        (_within(common, inner), _found(plan, other, common), _kept(plan, other))
        for other, common in _around(plan.grid, inner)
    )
    labels = painted([each.stop - each.start for each in inner], layers)
    target = open_labels(plan.labels)
    target[inner] = labels.astype(target.dtype)
    return {"highest": int(labels.max(initial=0))}


def _show(plan: Plan, number: int, labels: NDArray[np.int64]) -> None:
    target = open_labels(plan.labels)
    highest = np.iinfo(target.dtype).max
    shown = np.where(labels > 0, (labels + number * _APART - 1) % highest + 1, 0)
    target[plan.grid.inner(number)] = shown.astype(target.dtype)


def _meetings(plan: Plan) -> Iterator[tuple[int, int, Meeting]]:
    for number in range(len(plan.grid)):
        with np.load(plan.beside("met", f"{number}.npz")) as found:
            # `meet` names its arrays after the other tile, as in ``12.pixels``.
            for other in sorted({int(name.partition(".")[0]) for name in found}):
                met = Meeting(*(found[f"{other}.{name}"] for name in Meeting._fields))
                yield number, other, met


def _kept(plan: Plan, number: int) -> Kept:
    return Kept(*load_arrays(plan, "kept", number, *Kept._fields))


def _found(plan: Plan, number: int, common: tuple[slice, ...]) -> NDArray[Any]:
    """Return what a tile has found in a part of the image."""
    (labels,) = load_arrays(plan, "found", number, "labels")
    return labels[_within(common, plan.grid.outer(number))]


def _around(grid: Grid, box: tuple[slice, ...]) -> Iterator[tuple[int, tuple[slice, ...]]]:
    """Find the tiles that look into a box, and where."""
    # Along each axis, the tiles whose halo reaches into the box.
    ranges = [
        range(max((s.start - halo) // side, 0), min((s.stop - 1 + halo) // side + 1, count))
        for s, side, halo, count in zip(box, grid.tile, grid.halo, grid.counts, strict=True)
    ]
    for place in product(*ranges):
        number = grid.number(place)
        common = tuple(
            slice(max(a.start, b.start), min(a.stop, b.stop))
            for a, b in zip(grid.outer(number), box, strict=True)
        )
        if all(each.start < each.stop for each in common):
            yield number, common


def _within(part: tuple[slice, ...], box: tuple[slice, ...]) -> tuple[slice, ...]:
    return tuple(slice(p.start - b.start, p.stop - b.start) for p, b in zip(part, box, strict=True))
