"""What is done between two passes: what the tiles have found is brought together."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import whole_file
from napari_selfseg.scale._joining import joined
from napari_selfseg.scale._plan import Plan
from napari_selfseg.scale._tile_work import loaded, read_face
from napari_selfseg.scale._voting import Votes, winners

__all__ = ["WINNERS", "brought_together"]

WINNERS: Final = "winners.npz"


def brought_together(plan: Plan, name: str) -> None:
    """Bring together what the tiles of a pass have found; may be done again.

    Parameters
    ----------
    plan : Plan
        Of the tiles.
    name : str
        The pass that all of them are through.
    """
    if name == "predict" and plan.superpixels is not None:
        _vote(plan)
    last = "vote" if plan.superpixels is not None else "predict"
    if name == last and plan.objects is not None:
        _join(plan, plan.objects)


def _vote(plan: Plan) -> None:
    tiles = range(len(plan.grid))
    votes = (Votes(*loaded(plan, "votes", n, *Votes._fields)) for n in tiles)
    names, classes = winners(votes)
    with whole_file(plan.beside(WINNERS)) as part, part.open("wb") as file:
        np.savez(file, superpixels=names, classes=classes)


def _join(plan: Plan, minimum_size: int) -> None:
    sizes = [loaded(plan, "faces", n, "sizes")[0] for n in range(len(plan.grid))]
    faces = (
        (a, read_face(plan, a, axis, True), b, read_face(plan, b, axis, False))
        for axis, a, b in plan.grid.faces()
    )
    plan.beside("numbers").mkdir(exist_ok=True)
    for number, found in enumerate(joined(sizes, faces, minimum_size=minimum_size)):
        _save(plan, number, found)


def _save(plan: Plan, number: int, numbers: NDArray[Any]) -> None:
    with whole_file(plan.beside("numbers", f"{number}.npy")) as part, part.open("wb") as file:
        np.save(file, numbers)
