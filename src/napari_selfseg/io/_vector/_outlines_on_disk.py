"""Outlines of objects that were found block by block: kept in a file, and joined across blocks."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._tiff._geotiff import GET_RASTERIO
from napari_selfseg.io._vector._outlines import Rings, geometries, outlines, pieces_of

__all__ = ["OutlinesOnDisk"]


class OutlinesOnDisk(Sequence[list[Rings]]):
    """Outlines as from `outlines`, of which one object at a time is in memory.

    Blocks are added first; then it is a sequence of the objects, in increasing order of their
    numbers. The file has no name and is gone when it is closed.

    Parameters
    ----------
    folder : path_like
        Where there is room for it.

    Raises
    ------
    OSError
        When nothing can be written there.
    """

    def __init__(self, folder: str | Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        # Of each part: its object, where it begins in the file, and how long it is there.
        self._parts = [array("q"), array("q"), array("q")]
        self._objects: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def add(self, labels: NDArray[np.integer[Any]], origin: Sequence[int]) -> None:
        """Add a block; each pixel is in one block.

        Parameters
        ----------
        labels : ndarray of int
            ``(y, x)`` objects from 1; 0 is left out.
        origin : sequence of int
            Where the block begins, along y and x.

        Raises
        ------
        ValueError
            As `outlines`.
        """
        self._objects = None
        shift = np.array(origin[::-1], np.int64)
        numbers = np.unique(labels[labels > 0]).tolist()
        for number, pieces in zip(numbers, outlines(labels), strict=True):
            start = self._file.tell()
            size = self._file.write(_packed(pieces, shift).tobytes())
            for column, value in zip(self._parts, (number, start, size), strict=True):
                column.append(value)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """``(n,)`` of the objects."""
        order, firsts = self._in_order()
        found: NDArray[np.int64] = np.array(self._parts[0], np.int64)[order[firsts[:-1]]]
        return found

    def __len__(self) -> int:
        return len(self._in_order()[1]) - 1

    @overload
    def __getitem__(self, at: int) -> list[Rings]: ...
    @overload
    def __getitem__(self, at: slice) -> list[list[Rings]]: ...
    def __getitem__(self, at: int | slice) -> list[Rings] | list[list[Rings]]:
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(f"There is no object {at}.")
        order, firsts = self._in_order()
        at %= len(self)
        return _joined([self._part(k) for k in order[firsts[at] : firsts[at + 1]].tolist()])

    def __iter__(self) -> Iterator[list[Rings]]:
        return (self[k] for k in range(len(self)))

    def _part(self, k: int) -> list[Rings]:
        _, start, size = (column[k] for column in self._parts)
        self._file.seek(start)
        return _unpacked(np.frombuffer(self._file.read(size), np.int64))

    def _in_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the parts sorted by object, and where each object begins among these."""
        if self._objects is None:
            numbers = np.array(self._parts[0], np.int64)
            order = np.argsort(numbers, kind="stable")
            firsts = np.flatnonzero(
                np.diff(numbers[order], prepend=0, append=np.iinfo(np.int64).max)
            )
            self._objects = order, firsts
        return self._objects


def _packed(pieces: list[Rings], shift: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return pieces as numbers: how many, of each its rings, of each its corners and these."""
    found: list[Any] = [[len(pieces)]]
    for rings in pieces:
        found.append([len(rings)])
        for ring in rings:
            found += [[len(ring)], (ring.astype(np.int64) + shift).ravel()]
    return np.concatenate(found).astype(np.int64)


def _unpacked(numbers: NDArray[np.int64]) -> list[Rings]:
    at = 0

    def count() -> int:
        nonlocal at
        at += 1
        return int(numbers[at - 1])

    def ring() -> NDArray[np.float64]:
        nonlocal at
        at, start = at + 2 * int(numbers[at]) + 1, at + 1
        return numbers[start:at].reshape(-1, 2).astype(np.float64)

    return [[ring() for _ in range(count())] for _ in range(count())]


def _joined(parts: list[list[Rings]]) -> list[Rings]:
    """Make one object of what blocks have of it."""
    if len(parts) == 1:
        return parts[0]
    try:
        import shapely
    except ImportError:
        raise ValueError(f"Outlines are joined across blocks by shapely: {GET_RASTERIO}.") from None
    whole = shapely.union_all(geometries(parts))
    return [
        [_bare(ring) for ring in rings]
        for rings in pieces_of(shapely.orient_polygons(whole, exterior_cw=True))
    ]


def _bare(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out corners on straight lines, such as those where blocks meet."""
    corners = ring[:-1]
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    kept = corners[turns]
    return np.concatenate((kept, kept[:1]))
