"""Outlines of objects that are found block by block: the arcs between them, kept in files."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, overload

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._vector._arcs import traced
from napari_selfseg.io._vector._chains import Chains, chained, fewest_of
from napari_selfseg.io._vector._corners import corners_of
from napari_selfseg.io._vector._known import Known, known_of
from napari_selfseg.io._vector._lines import Lines, mark_all, turning
from napari_selfseg.io._vector._outlines import Rings
from napari_selfseg.io._vector._rings import pieces_within, without_straight
from napari_selfseg.io._vector._simplifying import kept

__all__ = ["OutlinesOnDisk", "simplified"]

# Steps or points of arcs that are in memory together.
_AT_ONCE: Final = 2**19
# Pixels of an image in memory that are looked at together.
_BLOCK: Final = 2**20
# In a second round what neighbours have lost in the first is no longer in the way.
_ROUNDS: Final = 2


class OutlinesOnDisk(Sequence[list[Rings]]):
    """Outlines as from `outlines`, of which one object at a time is in memory.

    Blocks are added first; then it is a sequence of the objects, in increasing order of their
    numbers. Borders are arcs from where three objects meet to the next such point, so neighbours
    share them whatever becomes of them. Files have no names and are gone when it is closed.

    Parameters
    ----------
    folder : path_like or None
        Where there is room for them; None keeps all in memory.
    shape : sequence of int
        Of the image: ``(y, x)``.
    simplify : float
        In pixels, as for `simplified`; 0 keeps every corner.

    Raises
    ------
    ValueError
        When this is no plane.
    OSError
        When nothing can be written there.
    """

    def __init__(
        self, folder: str | Path | None, shape: Sequence[int], *, simplify: float = 0.0
    ) -> None:
        if len(shape) != 2:
            raise ValueError(
                "Polygons are of a plane, and these are objects of a volume: write .csv."
            )
        self._shape, self._folder = (int(shape[0]), int(shape[1])), folder
        # Twice the area of triangles that are left out.
        self._simplify, self._limit = simplify > 0, int(2 * simplify**2)
        self._files: list[IO[bytes]] = []
        self._steps, self._tables = self._file(), list[NDArray[np.int64]]()
        self._corners = self._marks()
        self._known: Known | None = None

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
        """Remove the files."""
        for file in self._files:
            file.close()

    def add(self, labels: NDArray[np.integer[Any]], origin: Sequence[int]) -> None:
        """Add a block, all of which are there before an outline is asked for.

        Parameters
        ----------
        labels : ndarray of int
            ``(y, x)`` objects from 1, 0 is left out; with one pixel around the block, which is 0
            beyond the image.
        origin : sequence of int
            Where the block begins, along y and x.
        """
        parts = traced(labels, (origin[0], origin[1]), self._shape, self._corners)
        self._steps.write(parts.steps.tobytes())
        self._tables.append(parts.table)
        self._known = None

    @property
    def numbers(self) -> NDArray[np.int64]:
        """``(n,)`` of the objects."""
        return self._all().numbers

    def __len__(self) -> int:
        return len(self._all().numbers)

    @overload
    def __getitem__(self, at: int) -> list[Rings]: ...
    @overload
    def __getitem__(self, at: slice) -> list[list[Rings]]: ...
    def __getitem__(self, at: int | slice) -> list[Rings] | list[list[Rings]]:
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(f"There is no object {at}.")
        pieces = pieces_within(self._all().around(at % len(self)))
        if self._simplify:
            return pieces
        return [[without_straight(ring) for ring in rings] for rings in pieces]

    def __iter__(self) -> Iterator[list[Rings]]:
        return (self[k] for k in range(len(self)))

    def _file(self) -> IO[bytes]:
        file: IO[bytes] = io.BytesIO()
        if self._folder is not None:
            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by `close`
        self._files.append(file)
        return file

    def _marks(self) -> NDArray[np.uint8]:
        return corners_of(self._shape, None if self._folder is None else self._file())

    def _all(self) -> Known:
        """Put arcs together, and simplify them, once."""
        if self._known is None:
            table = np.concatenate([np.zeros((0, 8), np.int64), *self._tables])
            self._tables = [table]
            chains = chained(table)
            lines = self._turning(table, chains)
            if self._simplify:
                fewest, corners = fewest_of(chains, table[:, 4]), self._corners
                for _ in range(_ROUNDS):
                    lines, corners = self._thinned(lines, chains.closed, fewest, corners)
            self._known = known_of(table, chains, lines)
        return self._known

    def _turning(self, table: NDArray[np.int64], chains: Chains) -> Lines:
        """Read the steps of arcs, and keep where they turn."""
        found, width = Lines(self._file()), self._shape[1]
        begin = np.concatenate(([0], np.cumsum(table[:, 4])))
        lengths = np.diff(np.concatenate(([0], np.cumsum(table[chains.parts, 4])))[chains.firsts])
        for start, stop in _portions(lengths):
            parts = chains.parts[chains.firsts[start] : chains.firsts[stop]].tolist()
            steps = np.frombuffer(b"".join(self._along(begin, k) for k in parts), np.uint8)
            firsts = np.concatenate(([0], np.cumsum(lengths[start:stop])))
            some = slice(start, stop)
            found.append(*turning(chains.ends[some, 0], steps, firsts, chains.closed[some], width))
        return found

    def _along(self, begin: NDArray[np.int64], part: int) -> bytes:
        self._steps.seek(int(begin[part]))
        return self._steps.read(int(begin[part + 1] - begin[part]))

    def _thinned(
        self,
        lines: Lines,
        closed: NDArray[np.bool_],
        fewest: NDArray[np.int64],
        corners: NDArray[np.uint8],
    ) -> tuple[Lines, NDArray[np.uint8]]:
        """Simplify arcs; return them and their corners."""
        found, marks, width = Lines(self._file()), self._marks(), self._shape[1]
        for start, stop in _portions(lines.counts):
            points, some = lines.read(start, stop), slice(start, stop)
            firsts = lines.firsts[start : stop + 1] - lines.firsts[start]
            stays = kept(points, firsts, closed[some], fewest[some], self._limit, corners, width)
            mark_all(marks, points[stays], width)
            found.append(points[stays], np.add.reduceat(stays, firsts[:-1]).astype(np.int64))
        return found, marks


def simplified(labels: NDArray[np.integer[Any]], tolerance: float) -> list[list[Rings]]:
    """Return outlines, as `outlines`, simplified so that neighbours keep one border.

    Parameters
    ----------
    labels : ndarray of int
        ``(y, x)`` objects from 1; 0 is left out.
    tolerance : float
        In pixels: corners that span triangles of no more than its square are left out, those of the
        smallest first, where nothing else lies in the triangle. A ring on its own keeps four.

    Raises
    ------
    ValueError
        When these are no objects of a plane.
    """
    with OutlinesOnDisk(None, labels.shape, simplify=tolerance) as found:
        height, width = labels.shape
        rows = max(_BLOCK // max(width, 1), 1)
        for top in range(0, height, rows):
            wide = labels[max(top - 1, 0) : top + rows + 1]
            beyond = (int(top == 0), int(top + rows >= height))
            found.add(np.pad(wide, (beyond, (1, 1))), (top, 0))
        return list(found)


def _portions(lengths: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Divide what follows each other so that no portion is longer than memory allows, but one."""
    ends, start = np.cumsum(lengths), 0
    while start < len(lengths):
        before = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, before + _AT_ONCE, side="right")), start + 1)
        yield start, stop
        start = stop
