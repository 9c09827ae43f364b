"""A large image in tiles that are read with a halo and written without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

__all__ = ["Box", "Grid"]

Box = tuple[slice, ...]


@dataclass(frozen=True)
class Grid:
    """Tiles of equal size, cut off at the end of each axis.

    Attributes
    ----------
    shape : tuple of int
        Of the image, along its spatial axes.
    tile : tuple of int
        Of a tile.
    halo : tuple of int
        How far to read beyond a tile, to each side.
    """

    shape: tuple[int, ...]
    tile: tuple[int, ...]
    halo: tuple[int, ...]

    @classmethod
    def even(cls, shape: tuple[int, ...], side: int, halo: int = 0) -> Grid:
        """Divide an image into tiles of nearly one size, so that no narrow ones are left over.

        Parameters
        ----------
        side : int
            About how long a tile is: two thirds of that at least, where the image is as long, and
            one and a half at most.
        halo : int
            How far to read beyond a tile, along every axis.
        """
        tile = tuple(-(-n // max(round(n / side), 1)) for n in shape)
        return cls(shape, tile, (halo,) * len(shape))

    def __len__(self) -> int:
        return prod(self.counts)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many tiles lie along each axis."""
        return tuple(-(-n // size) for n, size in zip(self.shape, self.tile, strict=True))

    def place(self, number: int) -> tuple[int, ...]:
        """Return where a tile lies among the others, one index an axis.

        Tiles are counted along the last axis first.
        """
        found: list[int] = []
        for count in reversed(self.counts):
            number, place = divmod(number, count)
            found.append(place)
        return tuple(reversed(found))

    def number(self, place: tuple[int, ...]) -> int:
        """Return the number of the tile at a place."""
        found = 0
        for at, count in zip(place, self.counts, strict=True):
            found = found * count + at
        return found

    def inner(self, number: int) -> Box:
        """Return the pixels that a tile writes."""
        axes = zip(self.place(number), self.tile, self.shape, strict=True)
        return tuple(slice(at * size, min((at + 1) * size, n)) for at, size, n in axes)

    def outer(self, number: int) -> Box:
        """Return the pixels that a tile reads."""
        axes = zip(self.inner(number), self.halo, self.shape, strict=True)
        return tuple(slice(max(s.start - h, 0), min(s.stop + h, n)) for s, h, n in axes)

    def crop(self, number: int) -> Box:
        """Return the pixels that a tile writes, within those that it reads."""
        boxes = zip(self.inner(number), self.outer(number), strict=True)
        return tuple(slice(i.start - o.start, i.stop - o.start) for i, o in boxes)

    def faces(self) -> Iterator[tuple[int, int, int]]:
        """Find the tiles that touch: yield an axis, a tile, and the next one along that axis."""
        for place in product(*map(range, self.counts)):
            for axis, count in enumerate(self.counts):
                if place[axis] + 1 < count:
                    beside = (*place[:axis], place[axis] + 1, *place[axis + 1 :])
                    yield axis, self.number(place), self.number(beside)
