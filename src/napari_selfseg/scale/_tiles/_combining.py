"""What is done between two passes: what the tiles have found is brought together."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import atomic_file
from napari_selfseg.protocol import Joined
from napari_selfseg.scale._plan._in_blocks import compared, picture_of
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._tiles._granularity import keep_tree, tree_of
from napari_selfseg.scale._tiles._joining import joined
from napari_selfseg.scale._tiles._objects import keep
from napari_selfseg.scale._tiles._tile_arrays import load_arrays
from napari_selfseg.scale._tiles._tile_work import read_face
from napari_selfseg.scale._tiles._voting import Votes, winners

__all__ = ["HOMES", "WINNERS", "combine_tiles"]

WINNERS: Final = "winners.npz"
HOMES: Final = "homes.npy"


def combine_tiles(plan: Plan, name: str) -> None:
    """Combine what all tiles of a finished pass have found; may be done again."""
    if name == "cut" and tree_of(plan) is None:
        _number_through(plan)
    if name == "compare":
        _segment(plan)
    if name == "meet":
        keep(plan)
    if name == "predict" and plan.superpixels is not None:
        _vote(plan)
    last = "vote" if plan.superpixels is not None else "predict"
    if name == last and plan.objects is not None:
        _join(plan, plan.objects)


def _number_through(plan: Plan) -> None:
    """Number superpixels in the order in which they are first met in the image."""
    firsts = [load_arrays(plan, "blocks", n, "first")[0] for n in range(len(plan.grid))]
    counts = [len(each) for each in firsts]
    # By the first pixel of each in the whole image: numbers do not tell how it was cut.
    order = np.argsort(np.concatenate(firsts), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    for number, ids in enumerate(np.split(rank, np.cumsum(counts)[:-1])):
        _save(plan, number, np.concatenate(([0], ids)), "ids")
    with atomic_file(plan.beside(HOMES)) as part, part.open("wb") as file:
        np.save(file, np.repeat(np.arange(len(counts)), counts)[order])


def _segment(plan: Plan) -> None:
    """Make segments of all superpixels, as many as are wanted."""
    found = tree_of(plan) or _joined(plan)
    labels = np.concatenate(([0], found.tree.cut(plan.segments or found.wanted)))
    for number in range(len(plan.grid)):
        _save(plan, number, labels[np.load(plan.beside("ids", f"{number}.npy"))])


def _joined(plan: Plan) -> Joined:
    """Make the tree of all superpixels, and keep it for other numbers of segments."""
    blockwise, known, _ = picture_of(plan)
    homes = np.load(plan.beside(HOMES))
    # `homes` says in which block each superpixel lies.
    found = blockwise.join(known, plan.grid, homes, partial(compared, plan))
    keep_tree(plan, found)
    return found


def _vote(plan: Plan) -> None:
    tiles = range(len(plan.grid))
    votes = (Votes(*load_arrays(plan, "votes", n, *Votes._fields)) for n in tiles)
    names, classes = winners(votes)
    with atomic_file(plan.beside(WINNERS)) as part, part.open("wb") as file:
        np.savez(file, superpixels=names, classes=classes)


def _join(plan: Plan, minimum_size: int) -> None:
    sizes = [load_arrays(plan, "faces", n, "sizes")[0] for n in range(len(plan.grid))]
    faces = (
        (a, read_face(plan, a, axis, True), b, read_face(plan, b, axis, False))
        for axis, a, b in plan.grid.faces()
    )
    for number, found in enumerate(joined(sizes, faces, minimum_size=minimum_size)):
        _save(plan, number, found)


def _save(plan: Plan, number: int, numbers: NDArray[Any], folder: str = "numbers") -> None:
    plan.beside(folder).mkdir(exist_ok=True)
    with atomic_file(plan.beside(folder, f"{number}.npy")) as part, part.open("wb") as file:
        np.save(file, numbers)
