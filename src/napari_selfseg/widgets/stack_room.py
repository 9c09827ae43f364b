"""Where the labels of a stack go: into memory, or into an OME-Zarr where they are large."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np

from napari_selfseg.widgets.stacking import Along

__all__ = ["IN_MEMORY", "Room", "make_room", "save_room"]

IN_MEMORY: Final = 1 << 28  # bytes
BLOCK: Final = 1024
FOLDER: Final = "napari-selfseg-"
LABELS: Final = "labels.ome.zarr"


@dataclass(frozen=True)
class Room:
    """An array for labels.

    Attributes
    ----------
    array : array
        All 0.
    path : Path or None
        Where it lies; None for memory.
    """

    array: Any
    path: Path | None = None

    def finish(self, record: Mapping[str, Any]) -> None:
        """Make what lies on the disk whole, with the record of the labels.

        Parameters
        ----------
        record : mapping
            From `StackRun.record`.
        """
        if self.path is not None:
            from napari_selfseg.io import finish_labels

            finish_labels(self.path, record=record)


def make_room(along: Along, dtype: Any, spacing: Sequence[float], unit: str) -> Room:
    """Make an array for the labels of a stack; files that are read by planes for a large one.

    Parameters
    ----------
    along : Along
        The stack.
    dtype : dtype_like
        Of the labels.
    spacing : sequence of float
        Size of a pixel along each axis.
    unit : str
        Of the spacing.

    Returns
    -------
    Room
    """
    axes, size = _letters(along.names), prod(along.shape) * np.dtype(dtype).itemsize
    if size <= IN_MEMORY or axes is None:
        return Room(np.zeros(along.shape, dtype))
    from napari_selfseg.io import create_labels

    path = Path(tempfile.mkdtemp(prefix=FOLDER)) / LABELS
    layout: dict[str, Any] = {"dtype": dtype, "chunks": _chunks(along), "axes": axes}
    return Room(create_labels(path, along.shape, spacing=spacing, unit=unit, **layout), path)


def save_room(
    path: str,
    room: Room,
    along: Along,
    spacing: Sequence[float],
    unit: str,
    record: Mapping[str, Any],
) -> None:
    """Write the labels of a stack to a file of the user.

    Parameters
    ----------
    path : str
        As for `napari_selfseg.write_labels`.
    room : Room
        With the labels.
    along : Along
        The stack.
    spacing : sequence of float
        Size of a pixel along each axis.
    unit : str
        Of the spacing.
    record : mapping
        Of the labels.

    Raises
    ------
    ValueError
        When no such file can hold them.
    OSError
        When it cannot be written.
    """
    from napari_selfseg.io import write_labels

    axes = _letters(along.names)
    write_labels(path, room.array, spacing=spacing, unit=unit, record=record, axes=axes)


def _letters(names: Sequence[str]) -> str | None:
    """Return a letter for each axis, as OME-Zarr wants them; None where there are too few."""
    if len(names) > 4:
        return None
    film = len(names) == 3 and names[0].lower().startswith("t")
    return "tyx" if film else "tzyx"[-len(names) :]


def _chunks(along: Along) -> list[int]:
    """Give each plane chunks of its own: one that is being written is read by nobody else."""
    rest = [axis for axis in range(len(along.shape)) if axis not in along.axes][-2:]
    return [min(n, BLOCK) if axis in rest else 1 for axis, n in enumerate(along.shape)]
