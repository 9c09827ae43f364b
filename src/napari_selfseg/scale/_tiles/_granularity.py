"""How fine segments of a large image are: its tree is kept, so that it can be cut again."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.hierarchy import Tree
from napari_selfseg.io import atomic_file, finish_labels, open_levels
from napari_selfseg.protocol import Joined
from napari_selfseg.scale._plan._cut_level import CutLevel
from napari_selfseg.scale._plan._in_blocks import PIECES
from napari_selfseg.scale._plan._plan import FINISHED, Plan, save_plan
from napari_selfseg.scale._plan._tile_record import ACROSS
from napari_selfseg.scale._tiles._joining import across_seams

__all__ = ["TREE", "TileCuts", "cut_again", "keep_tree", "tree_of"]

TREE: Final = "tree.npz"


def keep_tree(plan: Plan, found: Joined) -> None:
    """Keep the tree of all superpixels, and how many segments it is cut into by itself."""
    rest = found._asdict()
    arrays: dict[str, Any] = dataclasses.asdict(rest.pop("tree"))
    with atomic_file(plan.beside(TREE)) as part, part.open("wb") as file:
        np.savez(file, **rest, **arrays)


def tree_of(plan: Plan) -> Joined | None:
    """Return what was kept; None where there is nothing."""
    if not plan.beside(TREE).is_file():
        return None
    with np.load(plan.beside(TREE)) as found:
        names = [each.name for each in dataclasses.fields(Tree)]
        rest = {name: found[name].item() for name in found if name not in names}
        return Joined(Tree(*(found[name] for name in names)), **rest)


class TileCuts:
    """Segments of a large image that is done, as few or as many as are wanted.

    Nothing is written for another number: `levels` make labels of superpixels where they are read.
    It reads and writes in the work folder when it is made, and takes a while then.

    Attributes
    ----------
    fewest, most, automatic : int
        How many segments there can be, and how many there are by themselves.
    wanted : int
        How many the labels were made with where that is another number.
    words : str
        Which kind of tree it is, in a sentence.
    maps : int
        How many label maps were compared.

    Raises
    ------
    ValueError
        When no tree was kept.
    """

    def __init__(self, plan: Plan) -> None:
        if (found := tree_of(plan)) is None:
            raise ValueError(f"{plan.labels} has no tree to cut again: make the labels anew.")
        self._plan, self._tree = plan, found.tree
        self.words, self.maps = found.words, found.maps
        self.fewest, self.most = found.tree.fewest, found.tree.most
        self.wanted = min(max(found.wanted, self.fewest), self.most)
        self.automatic = min(max(found.automatic or found.wanted, self.fewest), self.most)
        ids = [np.load(plan.beside("ids", f"{n}.npy")) for n in range(len(plan.grid))]
        self._first = np.cumsum([0, *map(len, ids)])
        self._ids = np.concatenate(ids).astype(np.min_scalar_type(self.most))
        finish_labels(plan.beside(PIECES))
        self._pieces = open_levels(plan.beside(PIECES))

    def labels(self, n_segments: int) -> NDArray[np.uint32]:
        """Return the label of each superpixel of each block, as `CutLevel` has them."""
        found = np.zeros(len(self._tree.order) + 1, np.uint32)
        found[1:] = self._tree.cut(n_segments)
        return np.take(found, self._ids)

    @cached_property
    def levels(self) -> tuple[CutLevel, ...]:
        """The labels at every level, the finest first; of the wanted number until replaced."""
        labels = self.labels(self.wanted)
        return tuple(
            CutLevel(each, level, self._plan.grid, self._first, labels)
            for level, each in enumerate(self._pieces)
        )

    def recorded(self, record: Mapping[str, Any], n_segments: int) -> dict[str, Any]:
        """Return the record of the labels with another number of segments.

        How many segments a seam goes through is left out, see `counted`.
        """
        told = {key: value for key, value in record.items() if key not in ("segments", ACROSS)}
        told["n_labels"] = n_segments
        return told if n_segments == self.wanted else {**told, "segments": n_segments}

    def counted(self, record: Mapping[str, Any], labels: CutLevel) -> dict[str, Any]:
        """Return the record of labels with how many of them a seam goes through; reads seams."""
        return {**record, ACROSS: across_seams(labels, self._plan.grid)}


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
