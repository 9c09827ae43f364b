"""How fine segments of a large image are: its tree is kept, so that it can be cut again."""

from __future__ import annotations

import dataclasses
import shutil
from typing import Any, Final

import numpy as np

from napari_selfseg.hierarchy import Tree
from napari_selfseg.io import atomic_file
from napari_selfseg.scale._plan._plan import FINISHED, Plan, save_plan
from napari_selfseg.scale._plan._tile_record import ACROSS

__all__ = ["TREE", "cut_again", "keep_tree", "tree_of"]

TREE: Final = "tree.npz"


def keep_tree(plan: Plan, tree: Tree, wanted: int) -> None:
    """Keep the tree of all superpixels, and how many segments it is cut into by itself."""
    arrays: dict[str, Any] = dataclasses.asdict(tree)
    with atomic_file(plan.beside(TREE)) as part, part.open("wb") as file:
        np.savez(file, wanted=wanted, **arrays)


def tree_of(plan: Plan) -> tuple[Tree, int] | None:
    """Return what was kept; None where there is nothing."""
    if not plan.beside(TREE).is_file():
        return None
    with np.load(plan.beside(TREE)) as found:
        names = [each.name for each in dataclasses.fields(Tree)]
        return Tree(*(found[name] for name in names)), int(found["wanted"])


def cut_again(plan: Plan, segments: int | None) -> Plan:
    """Plan another number of segments of blocks that are done: their last pass alone is left.

    Raises
    ------
    ValueError
        When finished labels were made without keeping their tree.
    """
    if plan.segments == segments:
        return plan
    if not plan.beside(TREE).is_file() and plan.beside(FINISHED).exists():
        raise ValueError(
            f"{plan.labels} is finished, and what it was cut from is not there: make the labels "
            f"anew in another file, or delete it and {plan.work}."
        )
    for mark in (FINISHED, ACROSS):
        plan.beside(mark).unlink(missing_ok=True)
    new = dataclasses.replace(plan, segments=segments)
    save_plan(new)
    shutil.rmtree(plan.beside("done", "number"), ignore_errors=True)
    return new
