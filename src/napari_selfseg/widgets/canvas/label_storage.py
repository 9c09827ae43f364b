"""Where labels of stacks and tiles go: into memory, or into an OME-Zarr where they are large."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.temporary_folder import Lease
from napari_selfseg.widgets.model.axis_letters import lettered, place_of_axes
from napari_selfseg.widgets.model.image_source import Index
from napari_selfseg.widgets.model.padded_axes import Thick
from napari_selfseg.widgets.model.stacking import Along

__all__ = [
    "IN_MEMORY",
    "LabelStorage",
    "make_stack_storage",
    "make_tile_storage",
    "save_storage",
]

IN_MEMORY: Final = 1 << 28  # bytes
BLOCK: Final = 1024
LABELS: Final = "labels.ome.zarr"


@dataclass(frozen=True)
class LabelStorage:
    """An array for labels, all 0 at first.

    Attributes
    ----------
    array : array
        All 0.
    path : Path or None
        Where it lies; None for memory.
    levels : tuple of array
        For a viewer, the finest first and the coarsest in memory where it is a plane; empty where
        there is one alone.
    lease : Lease or None
        Of the folder; None for memory.
    """

    array: Any
    path: Path | None = None
    levels: tuple[Any, ...] = ()
    lease: Lease | None = None

    def shown(self, index: Index) -> Any:
        """Return what a layer shows: an array, or a list of levels.

        Along axes that were cut through the layer is one pixel thick.
        """
        whole = all(isinstance(each, slice) for each in index)
        arrays = self.levels or (self.array,)
        shown = [each if whole else Thick(each, index) for each in arrays]
        return shown if self.levels else shown[0]

    def follow(self, box: Sequence[slice]) -> None:
        """Update the coarser levels after a box was written."""
        if self.path is None or not self.levels:
            return
        from napari_selfseg.io import open_levels, update_levels

        update_levels(self.path, box)
        if (coarsest := self._in_memory) is None:
            return
        scales = [-(-n // m) for n, m in zip(self.array.shape, coarsest.shape, strict=True)]
        pairs = zip(box, scales, strict=True)
        part = tuple(slice(each.start // k, -(-each.stop // k)) for each, k in pairs)
        found = open_levels(self.path)[-1][part]
        # What a first look shows stays until there are labels.
        if np.any(found):
            coarsest[part] = found

    @property
    def early(self) -> tuple[int, ...] | None:
        """Shape of what a first look can be shown in; None where it cannot be shown."""
        return None if self._in_memory is None else tuple(self._in_memory.shape)

    def show_early(self, labels: NDArray[Any]) -> None:
        """Show the labels of a first look, of the shape `early`, until others are written."""
        if self._in_memory is not None:
            self._in_memory[...] = labels

    def settle(self) -> None:
        """Show what was written, and nothing else."""
        if self.path is not None and self._in_memory is not None:
            from napari_selfseg.io import open_levels

            self._in_memory[...] = open_levels(self.path)[-1][...]

    @property
    def _in_memory(self) -> NDArray[Any] | None:
        coarsest = self.levels[-1] if self.levels else None
        return coarsest if isinstance(coarsest, np.ndarray) else None

    @property
    def where(self) -> str:
        """Where it lies, in a sentence after others; empty for memory."""
        if self.path is None:
            return ""
        return (
            f" The labels lie in {self.path} until their layer is removed or napari is closed: "
            "Save labels keeps them."
        )

    def held(self) -> AbstractContextManager[None]:
        """Keep what lies on the disk while something reads or writes it."""
        return contextlib.nullcontext() if self.lease is None else self.lease.held()

    def finish(self, record: Mapping[str, Any]) -> None:
        """Finish what lies on the disk, with the record of the labels."""
        if self.path is not None:
            from napari_selfseg.io import finish_labels

            finish_labels(self.path, record=record)


def make_stack_storage(
    along: Along, dtype: Any, spacing: Sequence[float], unit: str
) -> LabelStorage:
    """Make an array for the labels of a stack; a large one lies in files read by planes."""
    size = prod(along.shape) * np.dtype(dtype).itemsize
    if size <= IN_MEMORY or lettered(along.names) is None:
        return LabelStorage(np.zeros(along.shape, dtype))
    path, lease, array = _made(along, dtype, spacing, unit, _chunks(along))
    return LabelStorage(array, path, lease=lease)


def make_tile_storage(
    along: Along, dtype: Any, spacing: Sequence[float], unit: str, tile: Sequence[int]
) -> LabelStorage:
    """Make files for the labels of tiles, one a tile, with coarser levels to look at."""
    from napari_selfseg.io import open_levels

    chunks = [min(size, n) for size, n in zip(tile, along.shape, strict=True)]
    path, lease, _ = _made(along, dtype, spacing, unit, chunks)
    levels: list[Any] = open_levels(path)
    finest, coarser = levels[0], levels[1:]
    # napari reads the coarsest level of a plane once and for all; this one can be written on.
    if coarser and len(along.shape) == 2:
        coarser[-1] = np.zeros(coarser[-1].shape, dtype)
    return LabelStorage(finest, path, (finest, *coarser) if coarser else (), lease)


def _made(
    along: Along, dtype: Any, spacing: Sequence[float], unit: str, chunks: Sequence[int]
) -> tuple[Path, Lease, Any]:
    from napari_selfseg.io import create_labels

    lease = Lease()
    path = lease.folder / LABELS
    layout: dict[str, Any] = {"dtype": dtype, "chunks": chunks, **place_of_axes(along.names)}
    return path, lease, create_labels(path, along.shape, spacing=spacing, unit=unit, **layout)


def save_storage(
    path: str,
    storage: LabelStorage,
    along: Along,
    spacing: Sequence[float],
    unit: str,
    record: Mapping[str, Any] | None,
) -> None:
    """Write labels to a file of the user.

    Raises
    ------
    ValueError
        When no such file can hold them.
    OSError
        When it cannot be written.
    """
    from napari_selfseg.io import write_labels

    place: dict[str, Any] = {**place_of_axes(along.names), "spacing": spacing, "unit": unit}
    with storage.held():
        write_labels(path, storage.array, record=record, **place)
    if storage.lease is not None and Path(path).resolve().is_relative_to(storage.lease.folder):
        storage.lease.keep()


def _chunks(along: Along) -> list[int]:
    """Give each plane chunks of its own: one that is being written is read by nobody else."""
    rest = [axis for axis in range(len(along.shape)) if axis not in along.axes][-2:]
    return [min(n, BLOCK) if axis in rest else 1 for axis, n in enumerate(along.shape)]
