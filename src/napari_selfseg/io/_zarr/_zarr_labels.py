"""Labels as OME-Zarr: made empty to be filled, or written whole."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from napari_selfseg.io._format import Place
from napari_selfseg.io._pixels._image_file import UnsuitableError
from napari_selfseg.io._writing._atomic import atomic_folder, check_target
from napari_selfseg.io._zarr._zarr_image_layout import make_in_image, squeezed
from napari_selfseg.io._zarr._zarr_in_image import image_of_labels
from napari_selfseg.io._zarr._zarr_levels import KEY, blocks, dimensions, finish, make
from napari_selfseg.record import loads

__all__ = ["check_zarr", "create_labels", "record_in", "write_zarr"]

ZARR = (".zarr",)
PLANE = (1024, 1024)


def create_labels(
    path: str | os.PathLike[str],
    shape: Sequence[int],
    *,
    dtype: Any,
    chunks: Sequence[int],
    axes: str,
    spacing: Sequence[float | None] | None = None,
    unit: str = "pixel",
    time_unit: str = "",
    translation: Sequence[float] = (),
    shards: Sequence[int] | None = None,
    unnamed: str = "",
) -> Any:
    """Make an OME-Zarr image of labels, all 0, to be filled piece by piece.

    Another process opens the same array with `open_labels`. Every chunk is written under another
    name first and then renamed, so that no reader sees half of one; a chunk of 0 alone is not
    written at all. Pieces that are written at the same time must not share a chunk, nor a shard
    where there are such.

    Parameters
    ----------
    path : path_like
        Ending in ``.zarr``, or labels in an image: from `labels_in`. These have the axes, sizes and
        levels of their image. Labels of ours that are there are replaced.
    chunks : sequence of int
        Shape of a block that is read in one.
    axes : str
        A letter an axis, of t, z, y and x in this order.
    spacing : sequence of float or None, optional
        Size of a pixel along each axis; None where it is not known.
    unit : str
        Unit of the spacing in space, such as ``"µm"``.
    time_unit : str
        Unit of the step in time, such as ``"s"``.
    translation : sequence of float, optional
        Where the centre of the first pixel is along each axis, in the unit of the spacing.
    shards : sequence of int, optional
        Shape of the blocks that are files, multiples of the chunks; a file a chunk by default.
    unnamed : str
        Letters of the axes that nobody has named, as for `write_labels`.

    Raises
    ------
    ValueError
        When the ending is another one, something else is there, or the arguments do not fit
        together.
    OSError
        When it cannot be written.
    """
    target = check_zarr(path)
    _check_fit(shape, axes, spacing, dtype)
    layout = {"dtype": dtype, "chunks": chunks, "shards": shards}
    place = Place(axes, spacing, unit, time_unit, translation, unnamed=unnamed)
    with atomic_folder(target) as part:
        _make(part, target, shape, place, layout)
    return squeezed(zarr.open_array(str(target / "0"), mode="r+"))


def _make(
    part: Path, target: Path, shape: Sequence[int], place: Place, layout: Mapping[str, Any]
) -> Any:
    image_folder = image_of_labels(target)
    if image_folder is not None:
        return make_in_image(part, image_folder, shape, layout, {KEY: {}})
    axes = dimensions(place.axes, place.spacing, place.unit, place.time_unit, place.translation)
    return make(part, shape, axes, layout, place.unnamed)


def write_zarr(target: Path, labels: Any, place: Place, record: Mapping[str, Any] | None) -> None:
    """Write labels to OME-Zarr, whole or not at all.

    `target` is from `check_zarr`; `labels` have ``shape``, ``dtype`` and slicing.
    """
    axes, spacing = place.axes, place.spacing
    _check_fit(labels.shape, axes, spacing, labels.dtype)
    chunks = [1] * (len(axes) - 2) + [
        min(size, limit) for size, limit in zip(labels.shape[-2:], PLANE, strict=True)
    ]
    layout = {"dtype": labels.dtype, "chunks": chunks, "shards": None}
    with atomic_folder(target) as part:
        array = _make(part, target, labels.shape, place, layout)
        for block in blocks(array.shape, chunks):
            array[block] = labels[block]
        finish(part, record)


def check_zarr(path: str | os.PathLike[str]) -> Path:
    """Refuse a folder to which no labels can be written.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When something else is there, or nothing can be written.
    """
    in_image = image_of_labels(path) is not None
    target = check_target(path, (Path(path).suffix.lower(),) if in_image else ZARR, folder=True)
    if target.exists() and not _ours(target):
        raise FileExistsError(
            f"{target} is there and was not written by napari-selfseg: choose another name."
        )
    return target


def _ours(folder: Path) -> bool:
    try:
        return KEY in zarr.open_group(str(folder), mode="r", use_consolidated=False).attrs
    except (OSError, ValueError, KeyError):
        return False


def record_in(folder: Path) -> dict[str, Any]:
    """Read the record from labels in OME-Zarr.

    Raises
    ------
    ValueError
        When it has none, or it is damaged.
    """
    ours: Any = zarr.open_group(str(folder), mode="r").attrs.asdict().get(KEY)
    if not isinstance(ours, dict) or "record" not in ours:
        raise UnsuitableError(f"{folder.name} has no record of napari-selfseg: it is not finished.")
    return loads(json.dumps(ours["record"]))


def _check_fit(
    shape: Sequence[int], axes: str, spacing: Sequence[float | None] | None, dtype: Any
) -> None:
    if "".join(axis for axis in "tzyx" if axis in axes) != axes or axes[-2:] != "yx":
        raise ValueError(f"Axes of labels are of t, z, y and x in this order, not {axes!r}.")
    if len(shape) != len(axes) or (spacing is not None and len(spacing) != len(axes)):
        raise ValueError(f"Labels of the axes {axes} need a length and a spacing for each.")
    if np.dtype(dtype).kind not in "ui":
        raise ValueError(f"Labels are whole numbers, not {np.dtype(dtype)}.")
