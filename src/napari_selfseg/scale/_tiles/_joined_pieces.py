"""Connected pieces of labels on a disk, joined across blocks and numbered through the image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import create_labels, open_labels
from napari_selfseg.labelmaps import join
from napari_selfseg.objects import connected
from napari_selfseg.protocol import Grid
from napari_selfseg.scale._plan._in_blocks import first_pixels
from napari_selfseg.scale._tiles._joining import Face, face_of, touching

__all__ = ["JoinedPieces"]


class JoinedPieces:
    """Connected pieces, numbered as in an image as a whole; sliced as an array is.

    `grid` has the blocks in which labels are read; `folder` is a new one, for the pieces of each
    block.
    """

    def __init__(self, labels: Any, grid: Grid, folder: Path) -> None:
        self._labels, self._grid = labels, grid
        chunks = tuple(min(a, b) for a, b in zip(grid.tile, grid.shape, strict=True))
        axes = "tzyx"[-len(grid.shape) :]
        create_labels(folder, grid.shape, dtype=np.int32, chunks=chunks, axes=axes)
        self._pieces = open_labels(folder)
        self._numbers: list[NDArray[np.int64]] = []

    def join(self) -> Iterator[int]:
        """Find the pieces of each block, and join them after the last.

        Yield the block that was done.
        """
        firsts: list[NDArray[np.int64]] = []
        starts, pairs = [0], [np.zeros((0, 2), np.int64)]
        faces: dict[tuple[int, int], Face] = {}
        for number in range(len(self._grid)):
            box = self._grid.inner(number)
            classes = np.asarray(self._labels[box])
            pieces = connected(classes)
            self._pieces[box] = pieces
            firsts.append(first_pixels(pieces, box, self._grid))
            for axis, before in self._before(number):
                face = face_of(pieces, classes, axis, last=False)
                known = faces.pop((axis, before))
                pairs.append(touching(starts[before], known, starts[number], face))
            for axis in self._after(number):
                face = face_of(pieces, classes, axis, last=True)
                faces[axis, number] = Face(face.pieces.copy(), face.classes.copy())
            starts.append(starts[-1] + len(firsts[-1]))
            yield number
        self._number(np.concatenate(firsts), starts, np.concatenate(pairs))

    def _number(
        self, firsts: NDArray[np.int64], starts: list[int], pairs: NDArray[np.int64]
    ) -> None:
        """Number objects in the order in which they are met in the image."""
        owner = join(pairs, len(firsts))
        count = int(owner.max(initial=-1)) + 1
        first = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(first, owner, firsts)
        numbers = np.empty(count, np.int64)
        numbers[np.argsort(first)] = np.arange(1, count + 1)
        self._numbers = [np.concatenate(([0], numbers[owner[a:b]])) for a, b in pairwise(starts)]

    def __getitem__(self, box: tuple[slice, ...]) -> NDArray[np.int64]:
        pieces = np.asarray(self._pieces[box])
        found = np.zeros(pieces.shape, np.int64)
        for number in self._met(box):
            both = list(zip(self._grid.inner(number), box, strict=True))
            part = tuple(
                slice(max(i.start - b.start, 0), min(i.stop, b.stop) - b.start) for i, b in both
            )
            found[part] = self._numbers[number][pieces[part]]
        return found

    def _met(self, box: tuple[slice, ...]) -> Iterator[int]:
        sides = zip(box, self._grid.tile, strict=True)
        ranges = [range(each.start // side, -(-each.stop // side)) for each, side in sides]
        return (self._grid.number(place) for place in product(*ranges))

    def _before(self, number: int) -> Iterator[tuple[int, int]]:
        place = self._grid.place(number)
        for axis, at in enumerate(place):
            if at:
                yield axis, self._grid.number((*place[:axis], at - 1, *place[axis + 1 :]))

    def _after(self, number: int) -> Iterator[int]:
        places = zip(self._grid.place(number), self._grid.counts, strict=True)
        return (axis for axis, (at, count) in enumerate(places) if at + 1 < count)
