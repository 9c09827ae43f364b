"""Plates of OME-Zarr: their wells and fields, in the order in which the plate lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import zarr

from napari_selfseg.io._pixels._image_file import UnsuitableError
from napari_selfseg.io._zarr._zarr_paths import is_zarr, named, ome_metadata

__all__ = ["Plate", "PlateField", "fields_of", "plate_of"]


class PlateField(NamedTuple):
    """An image of a plate.

    Attributes
    ----------
    row, column : int
        Where its well is, from 0.
    """

    path: Path
    row: int
    column: int


class Plate(NamedTuple):
    """A plate as its metadata describe it.

    Attributes
    ----------
    rows, columns : tuple of str
        Their names.
    fields : tuple of PlateField
        All images, well by well.
    """

    path: Path
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    fields: tuple[PlateField, ...]


def fields_of(path: str | os.PathLike[str]) -> list[Path]:
    """Return the images of a plate or a well, well by well and field by field.

    The list is empty for anything else.

    Raises
    ------
    ValueError
        When a plate lists no wells, or a well that is not there.
    """
    folder = Path(path)
    metadata = _metadata(folder)
    if "plate" in metadata:
        wells = _paths(metadata["plate"], "wells", folder)
        return [field for well in wells for field in _fields(folder / well)]
    return _fields(folder) if "well" in metadata else []


def plate_of(field: str | os.PathLike[str]) -> Plate | None:
    """Return the plate of which an image is a field.

    None for an image outside a plate, or in one whose wells cannot be read.
    """
    above = Path(field).absolute().parents
    if len(above) < 3 or not is_zarr(above[0]):
        return None
    path, metadata = above[2], _metadata(above[2]).get("plate")
    if not isinstance(metadata, dict):
        return None
    try:
        return _plate(path, metadata)
    except (UnsuitableError, LookupError, TypeError, ValueError):
        return None


def _plate(path: Path, metadata: Mapping[str, Any]) -> Plate:
    rows, columns = (
        tuple(str(each["name"]) for each in metadata[kind]) for kind in ("rows", "columns")
    )
    fields = []
    for well in _paths(metadata, "wells", path):
        # Indices of wells came with 0.4; their paths say the same.
        row, column = well.split("/")
        place = rows.index(row), columns.index(column)
        fields += [PlateField(each, *place) for each in _fields(path / well)]
    return Plate(path, rows, columns, tuple(fields))


def _fields(well: Path) -> list[Path]:
    metadata = _metadata(well)
    if "well" not in metadata:
        raise UnsuitableError(f"{named(well)} is listed in its plate, and is no well.")
    return [well / each for each in _paths(metadata["well"], "images", well)]


def _metadata(folder: Path) -> Mapping[str, Any]:
    if not is_zarr(folder):
        return {}
    node = zarr.open(str(folder), mode="r", use_consolidated=False)
    return ome_metadata(node) if isinstance(node, zarr.Group) else {}


def _paths(metadata: Any, what: str, folder: Path) -> Sequence[str]:
    listed = metadata.get(what) if isinstance(metadata, dict) else None
    paths = [
        str(each["path"]) for each in listed or () if isinstance(each, dict) and "path" in each
    ]
    if not paths:
        raise UnsuitableError(f"{named(folder)} lists no {what}.")
    return paths
