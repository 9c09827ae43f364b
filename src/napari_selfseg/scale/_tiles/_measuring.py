"""Objects of labels on a disk, measured and outlined block by block."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Sequence
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import OutlinesOnDisk
from napari_selfseg.objects import (
    BEYOND,
    Parts,
    brought_together,
    channel_names,
    checked_spacing,
    classes_of,
    columns_of,
    parts_of,
)
from napari_selfseg.protocol import Grid, Progress, Work
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._tiles._joined_pieces import JoinedPieces
from napari_selfseg.scale._tiles._joining import across_seams
from napari_selfseg.scale._tiles._tile_pass import TileStep

__all__ = ["MeasureRun"]

# Pixels of a block: what is measured takes some hundred bytes each.
LARGEST: Final = 2**20
JOINING: Final = "Joining pieces"
MEASURING: Final = "Measuring objects"


class MeasureRun(Work[TileStep]):
    """Measure the objects of labels that lie on a disk; iterate it to advance.

    The columns are those of `napari_selfseg.objects.object_features`, and the outlines those of the
    labels as a whole. What is in memory is a block, and of each object some numbers.

    Parameters
    ----------
    labels : array_like of int
        ``(*spatial)`` from 1, of a plane or volume; sliced as arrays are.
    folder : pathlib.Path
        An empty one, for what is known on the way.
    own : bool
        Whether each label is an object; otherwise each connected piece of a label is one, and the
        label is its class.
    outlines : OutlinesOnDisk, optional
        Where to keep outlines as well.

    Attributes
    ----------
    objects : Parts
        Once it is through.
    across : int
        Objects that a seam between tiles goes through.

    Raises
    ------
    ValueError
        When these are no labels of a plane or volume.
    """

    def __init__(
        self,
        labels: Any,
        source: Source,
        tile: Sequence[int],
        folder: Path,
        *,
        own: bool,
        outlines: OutlinesOnDisk | None = None,
    ) -> None:
        shape = tuple(map(int, labels.shape))
        if len(shape) not in (2, 3):
            raise ValueError(
                f"Labels of shape {shape} are neither a plane nor a volume: measure a part."
            )
        self._labels, self._source, self._folder, self._own = labels, source, folder, own
        self._tiles = Grid(shape, tuple(tile), (0,) * len(shape))
        self._blocks = Grid(shape, _block(shape, tile), (BEYOND,) * len(shape))
        self._stopped, self._step = threading.Event(), Progress("tile", 0, len(self._blocks))
        self._outlines = outlines
        self.objects: Parts
        self.across = 0
        self._work: Generator[TileStep] = self._through()

    def __next__(self) -> TileStep:
        """Wait for a block."""
        step = next(self._work)
        self._step = step.progress
        return step

    @property
    def progress(self) -> Progress:
        """How many blocks are through, of this pass."""
        return self._step

    def stop(self) -> None:
        """Ask to end; nothing is kept. From any thread."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopped.is_set()

    def close(self) -> None:
        """End now; from the thread that iterates."""
        self._work.close()

    def columns(
        self, spacing: Sequence[float] | None, unit: str, names: Sequence[str] | None = None
    ) -> dict[str, NDArray[Any]]:
        """Return the columns of `object_features`; `names` are of channels."""
        sizes = checked_spacing(spacing, len(self._tiles.shape))
        if names is None:
            names = channel_names(self._source.n_channels, self._source.channel_axis)
        return columns_of(self.objects, sizes, unit, names)

    def _through(self) -> Generator[TileStep]:
        view, start = self._labels, time.monotonic()
        if not self._own:
            view = pieces = JoinedPieces(self._labels, self._blocks, self._folder / "pieces.zarr")
            for number in pieces.join():
                yield self._told(JOINING, number, start)
                if self._stopped.is_set():
                    return
        parts, start = [], time.monotonic()
        for number in range(len(self._blocks)):
            parts.append(self._part(view, number))
            yield self._told(MEASURING, number, start)
            if self._stopped.is_set():
                return
        self.objects = brought_together(parts)
        self.across = across_seams(view, self._tiles)

    def _part(self, view: Any, number: int) -> Parts:
        grid, ndim = self._blocks, len(self._blocks.shape)
        box, crop = grid.inner(number), grid.crop(number)
        labels = np.asarray(view[grid.outer(number)])
        inner, origin = labels[crop], [each.start for each in box]
        if self._outlines is not None:
            self._outlines.add(_with_next(labels, crop), origin)
        image, _ = self._source.read(box, ndim)
        channels = [image] if self._source.channel_axis is None else list(np.moveaxis(image, -1, 0))
        kinds = None if self._own else classes_of(inner, np.asarray(self._labels[box]))
        return parts_of(labels, crop, origin, channels, kinds)

    def _told(self, name: str, number: int, start: float) -> TileStep:
        done, total = number + 1, len(self._blocks)
        pace = (time.monotonic() - start) / done
        return TileStep(name, number, done, total, pace * (total - done))


def _block(shape: Sequence[int], tile: Sequence[int]) -> tuple[int, ...]:
    """Divide tiles until what is measured of one at a time takes little memory."""
    sides = [min(a, b) for a, b in zip(tile, shape, strict=True)]
    while prod(sides) > LARGEST:
        longest = sides.index(max(sides))
        sides[longest] = -(-sides[longest] // 2)
    return tuple(sides)


def _with_next(labels: NDArray[Any], crop: Sequence[slice]) -> NDArray[Any]:
    """Return a block with one pixel around it; 0 beyond the image, where nothing was read."""
    wide = tuple(slice(max(each.start - 1, 0), each.stop + 1) for each in crop)
    sides = zip(crop, labels.shape, strict=True)
    beyond = [(int(each.start == 0), int(each.stop == n)) for each, n in sides]
    return np.pad(labels[wide], beyond)
