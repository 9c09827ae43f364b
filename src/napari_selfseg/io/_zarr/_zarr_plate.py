"""Plates of OME-Zarr: their wells and fields, in the order in which the plate lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zarr

from napari_selfseg.io._pixels._image_file import UnsuitableError
from napari_selfseg.io._zarr._zarr_inside import is_zarr, named, told_of

__all__ = ["fields_of"]


def fields_of(path: str | os.PathLike[str]) -> list[Path]:
    """Find the images of a plate or a well.

    Parameters
    ----------
    path : path_like
        Of anything.

    Returns
    -------
    list of pathlib.Path
        Well by well, and in each field by field; empty for what is neither plate nor well.

    Raises
    ------
    ValueError
        When a plate lists no wells, or a well that is not there.
    """
    folder = Path(path)
    told = _told(folder)
    if "plate" in told:
        wells = _paths(told["plate"], "wells", folder)
        return [field for well in wells for field in _fields(folder / well)]
    return _fields(folder) if "well" in told else []


def _fields(well: Path) -> list[Path]:
    told = _told(well)
    if "well" not in told:
        raise UnsuitableError(f"{named(well)} is listed in its plate, and is no well.")
    return [well / each for each in _paths(told["well"], "images", well)]


def _told(folder: Path) -> Mapping[str, Any]:
    if not is_zarr(folder):
        return {}
    node = zarr.open(str(folder), mode="r", use_consolidated=False)
    return told_of(node) if isinstance(node, zarr.Group) else {}


def _paths(told: Any, what: str, folder: Path) -> Sequence[str]:
    listed = told.get(what) if isinstance(told, dict) else None
    paths = [
        str(each["path"]) for each in listed or () if isinstance(each, dict) and "path" in each
    ]
    if not paths:
        raise UnsuitableError(f"{named(folder)} lists no {what}.")
    return paths
