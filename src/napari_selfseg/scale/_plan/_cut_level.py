"""Labels of a large image that are made of its superpixels where they are read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.grid import Box, Grid

__all__ = ["CutLevel"]


class CutLevel:
    """A level of the labels of an image, sliced as arrays are.

    Another cut costs nothing until it is looked at, and then as much as is looked at.

    Parameters
    ----------
    pieces : array_like of int
        The same level of the superpixels, which are numbered in each block from 1.
    level : int
        Which one: along y and x it has every ``2 ** level``-th pixel.
    grid : Grid
        The blocks of the whole.
    first : ndarray of int64
        ``(blocks + 1,)`` where in the labels those of a block begin.
    labels : ndarray of uint32
        The label of each superpixel of each block, 0 for 0 at the beginning of each. They may be
        replaced by others at any time.
    """

    def __init__(
        self,
        pieces: Any,
        level: int,
        grid: Grid,
        first: NDArray[np.int64],
        labels: NDArray[np.uint32],
    ) -> None:
        self.labels = labels
        self.shape: tuple[int, ...] = tuple(pieces.shape)
        self.dtype, self.ndim, self.size = labels.dtype, len(self.shape), prod(self.shape)
        # Whose folder it lies in is asked of the layer that shows it.
        self.store = getattr(pieces, "store", None)
        self._pieces, self._level, self._grid, self._first = pieces, level, grid, first
        d = self.ndim
        self._times = (1,) * (d - 2) + (2**level,) * min(d, 2)

    def at(self, labels: NDArray[np.uint32]) -> CutLevel:
        """Return the same level with labels that stay, whatever these become."""
        return CutLevel(self._pieces, self._level, self._grid, self._first, labels)

    def numbers(self) -> NDArray[np.int64]:
        """Return which of the labels each pixel has; in memory, so for the coarsest level."""
        found = np.array(self._pieces[...], np.int64)
        for number, part in self._parts(tuple(slice(0, n) for n in self.shape)):
            found[part] += self._first[number]
        return found

    def __getitem__(self, key: Any) -> NDArray[np.uint32]:
        asked = [] if key is Ellipsis else list(key) if isinstance(key, tuple) else [key]
        asked += [slice(None)] * (self.ndim - len(asked))
        pixels = [_asked(each, n) for each, n in zip(asked, self.shape, strict=True)]
        box = tuple(slice(min(each), max(each) + 1) if each else slice(0, 0) for each in pixels)
        inside = tuple(_within(each, a) for each, a in zip(pixels, asked, strict=True))
        return self._read(box)[inside]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)

    def _read(self, box: Box) -> NDArray[np.uint32]:
        labels = self.labels
        pieces = np.asarray(self._pieces[box])
        found = np.zeros(pieces.shape, labels.dtype)
        for number, part in self._parts(box):
            own = labels[self._first[number] : self._first[number + 1]]
            found[part] = own[pieces[part]]
        return found

    def _parts(self, box: Box) -> Iterator[tuple[int, Box]]:
        """Yield the blocks that a box meets, and the part of it that lies in each."""
        grid, axes = self._grid, list(zip(box, self._times, self._grid.tile, strict=True))
        met = [
            range(each.start * k // side, (each.stop - 1) * k // side + 1) for each, k, side in axes
        ]
        for place in product(*met):
            number = grid.number(place)
            inner = zip(grid.inner(number), axes, strict=True)
            yield (
                number,
                tuple(
                    slice(
                        max(-(-own.start // k) - each.start, 0),
                        min(-(-own.stop // k), each.stop) - each.start,
                    )
                    for own, (each, k, _) in inner
                ),
            )


def _asked(key: Any, length: int) -> range:
    if isinstance(key, slice):
        return range(*key.indices(length))
    return range(length)[int(key) : int(key) + 1 or None]


def _within(pixels: range, key: Any) -> slice | int:
    """Return what was asked for as it lies in the box of all these pixels."""
    if not isinstance(key, slice):
        return 0
    if not pixels:
        return slice(0, 0)
    return slice(None, None, pixels.step)
