"""Labels in OME-Zarr that are being filled piece by piece, and finished with coarser levels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zarr

from napari_selfseg.io._pixels._image_file import reason
from napari_selfseg.io._zarr._zarr_downsampling import update_coarser
from napari_selfseg.io._zarr._zarr_image_layout import squeezed
from napari_selfseg.io._zarr._zarr_labels import check_zarr, record_in
from napari_selfseg.io._zarr._zarr_levels import coarser, finish, write_record

__all__ = [
    "finish_labels",
    "open_labels",
    "open_levels",
    "sweep_chunks",
    "update_levels",
    "update_record",
]


def open_labels(path: str | os.PathLike[str]) -> Any:
    """Open labels from `create_labels`, which may still be being filled, to read and to write.

    Axes of length 1 that the image of the labels has are left out.

    Raises
    ------
    ValueError
        When it is damaged.
    OSError
        When it is not there, or not one of ours.
    """
    target = _there(path)
    try:
        return squeezed(zarr.open_array(str(target / "0"), mode="r+"))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{target.name} is damaged: {reason(error)}") from None


def finish_labels(path: str | os.PathLike[str], *, record: Mapping[str, Any] | None = None) -> None:
    """Add coarser levels and the record to labels that are filled.

    Each level takes every second pixel of the one before along y and x, until neither has more than
    1024; one file of it is made at a time. It may be called again; without `record` the one that is
    there stays.

    Raises
    ------
    ValueError
        When that is not one of ours.
    OSError
        When it cannot be read or written.
    """
    finish(_there(path), record)


def open_levels(path: str | os.PathLike[str]) -> list[Any]:
    """Open labels from `create_labels` with their coarser levels, the finest first.

    Levels that are missing are made; they follow with `update_levels` or `finish_labels`.

    Raises
    ------
    ValueError
        When that is not one of ours.
    OSError
        When it cannot be read or written.
    """
    return coarser(_there(path))


def update_levels(path: str | os.PathLike[str], box: Sequence[slice]) -> None:
    """Update the coarser levels after a box of the finest was written.

    Several processes must not update boxes of one image at the same time: the boxes may share a
    chunk of a coarser level.

    Raises
    ------
    ValueError
        When that is not one of ours.
    OSError
        When it cannot be read or written.
    """
    update_coarser(coarser(_there(path)), box)


def update_record(path: str | os.PathLike[str], entries: Mapping[str, Any]) -> None:
    """Add entries to the record of finished labels.

    Raises
    ------
    ValueError
        When that is not one of ours, or it has no record.
    OSError
        When it cannot be read or written.
    """
    folder = _there(path)
    write_record(folder, {**record_in(folder), **entries})


def sweep_chunks(path: str | os.PathLike[str]) -> None:
    """Remove temporary chunks of processes that were killed while they wrote.

    Nobody may write the labels meanwhile: a temporary chunk does not say whose it is.
    """
    for part in Path(path).rglob("*.partial"):
        part.unlink(missing_ok=True)


def _there(path: str | os.PathLike[str]) -> Path:
    target = check_zarr(path)
    if not target.is_dir():
        raise FileNotFoundError(f"There is no folder {target}.")
    return target
