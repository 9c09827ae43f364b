"""OME-Zarr and plain zarr, read whole or when sliced."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import zarr
from pydantic import ValidationError
from yaozarrs import v04, v05

from napari_selfseg.io._image_file import ImageFile, UnsuitableError
from napari_selfseg.io._lazy import View
from napari_selfseg.io._units import any_unit, short_unit

__all__ = ["inside_zarr", "is_zarr", "open_pyramid", "open_zarr", "read_zarr"]

ORDER = "tzyxc"
METADATA = ("zarr.json", ".zgroup", ".zarray")
WAY_OUT = "give the path of one image in it, such as {}."


class _Axes(NamedTuple):
    """A letter, a size of step and a unit for every axis of an array."""

    letters: str
    sizes: Sequence[float]
    unit: str


def is_zarr(path: Path) -> bool:
    """Say whether a path is that of a zarr array or group, whatever its name.

    Parameters
    ----------
    path : pathlib.Path
        Any.

    Returns
    -------
    bool
    """
    return any((path / name).is_file() for name in METADATA)


def inside_zarr(path: Path) -> bool:
    """Say whether a path is that of a zarr folder, or of something in one.

    Parameters
    ----------
    path : pathlib.Path
        Any.

    Returns
    -------
    bool
    """
    named = any(part.lower().endswith(".zarr") for part in path.absolute().parts)
    return path.is_dir() and (named or is_zarr(path))


def read_zarr(folder: Path) -> ImageFile:
    """Read a zarr image into memory.

    Parameters
    ----------
    folder : pathlib.Path
        That is there.

    Returns
    -------
    ImageFile
    """
    image = open_zarr(folder)
    return dataclasses.replace(image, data=np.ascontiguousarray(image.data[...]))


def open_zarr(folder: Path) -> ImageFile:
    """Open a zarr image, to read what is sliced out of it.

    Parameters
    ----------
    folder : pathlib.Path
        That is there.

    Returns
    -------
    ImageFile
        Of `View`.
    """
    try:
        node = zarr.open(str(folder), mode="r")
    except FileNotFoundError:
        raise UnsuitableError(f"{folder.name} is no zarr folder, or a damaged one.") from None
    array, axes = _level(node, folder) if isinstance(node, zarr.Group) else _array(node, folder)
    return _image(array, axes, folder)


def open_pyramid(path: str | os.PathLike[str]) -> tuple[list[ImageFile], bool]:
    """Open every level of a zarr image, to read what is sliced out of them.

    Parameters
    ----------
    path : path_like
        Of a folder.

    Returns
    -------
    levels : list of ImageFile
        The finest first; it alone where no others are described.
    labels : bool
        Whether the file says that it holds labels.

    Raises
    ------
    ValueError
        When it is no image that can be read.
    """
    folder = Path(path)
    finest = open_zarr(folder)
    node = zarr.open(str(folder), mode="r")
    image = _multiscale(node, folder) if isinstance(node, zarr.Group) else None
    if image is None:
        return [finest], False
    coarser = [open_zarr(folder / each.path) for each in image.datasets[1:]]
    attributes = node.attrs.asdict()
    told = {**attributes, **cast("dict[str, Any]", attributes.get("ome", {}))}
    return [finest, *(c for c in coarser if c.axes == finest.axes)], "image-label" in told


def _image(array: Any, axes: _Axes, folder: Path) -> ImageFile:
    kept = {a: k for k, a in enumerate(axes.letters) if array.shape[k] > 1 or a in "yx"}
    if set(kept) - set(ORDER) or not set("yx") <= set(kept):
        raise UnsuitableError(
            f"{folder.name} has axes named {', '.join(axes.letters)} of lengths {array.shape}: "
            "give an image of t, c, z, y and x at most."
        )
    names = "".join(sorted(kept, key=ORDER.index))
    return ImageFile(
        data=View(array, [kept[axis] for axis in names], folder.name),
        channel_axis=-1 if "c" in names else None,
        spacing=tuple(float(axes.sizes[kept[axis]]) for axis in names.replace("c", "")),
        unit=axes.unit,
        mask=None,
        name=str(folder),
        axes=names,
    )


def _level(group: zarr.Group, folder: Path) -> tuple[Any, _Axes]:
    """Return the finest level of an image, and its axes."""
    image = _multiscale(group, folder)
    if image is None:
        return _level(_only_image(group, folder), folder)
    path = image.datasets[0].path
    array = group.get(path)
    if not isinstance(array, zarr.Array):
        raise UnsuitableError(f"{folder.name} is damaged: its level {path} is missing.")
    return array, _axes(image, 0)


def _only_image(group: zarr.Group, folder: Path) -> zarr.Group:
    """Look into what bioformats2raw writes: a folder an image, numbered."""
    groups = [name for name in sorted(group.group_keys()) if name.isdecimal()]
    if len(groups) == 1:
        found = group[groups[0]]
        if isinstance(found, zarr.Group) and _multiscale(found, folder) is not None:
            return found
    inside = groups or sorted(group.keys())
    if not inside:
        raise UnsuitableError(f"{folder.name} holds no image.")
    way = WAY_OUT.format(folder / inside[0])
    raise UnsuitableError(f"{folder.name} is not a single OME-Zarr image: {way}")


def _multiscale(group: zarr.Group, folder: Path) -> v04.Multiscale | v05.Multiscale | None:
    """Return what OME-Zarr 0.4 or 0.5 says of an image, None where it says nothing."""
    attributes = group.attrs.asdict()
    newer: Any = attributes.get("ome", {})
    found: Any = newer if isinstance(newer, dict) and "multiscales" in newer else attributes
    if "multiscales" not in found:
        return None
    model = v05.Multiscale if found is newer else v04.Multiscale
    try:
        with any_unit():
            return model.model_validate(found["multiscales"][0])
    except (ValidationError, LookupError, TypeError) as error:
        raise UnsuitableError(
            f"{folder.name} is not OME-Zarr of version 0.4 or 0.5: {_first(error)}."
        ) from None


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "its multiscales are empty"
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place} {' '.join(first['msg'].split())}".strip().rstrip(".")


def _axes(image: v04.Multiscale | v05.Multiscale, level: int) -> _Axes:
    sizes = np.ones(len(image.axes))
    for each in (*image.datasets[level].coordinateTransformations, *_common(image)):
        if each.type == "scale":
            sizes = sizes * each.scale
    letters = "".join(_letter(axis.name, axis.type) for axis in image.axes)
    units = [axis.unit for axis in image.axes if axis.type == "space" and axis.unit]
    return _Axes(letters, sizes.tolist(), short_unit(units[-1]) if units else "pixel")


def _common(image: v04.Multiscale | v05.Multiscale) -> Sequence[Any]:
    return image.coordinateTransformations or ()


def _letter(name: str, kind: str | None) -> str:
    letter = {"time": "t", "channel": "c"}.get(kind or "", name.lower())
    return letter if len(letter) == 1 else "?"


def _array(array: Any, folder: Path) -> tuple[Any, _Axes]:
    """Return an array and its axes: those of the image it is a level of, or what it says itself."""
    described = _described_above(folder)
    if described is not None:
        return array, described
    letters = _own_letters(array)
    if letters is None:
        raise UnsuitableError(
            f"{folder.name} is an array of {array.ndim} axes without names: give OME-Zarr, or a "
            "plane or volume."
        )
    return array, _Axes(letters, [1.0] * array.ndim, "pixel")


def _described_above(folder: Path) -> _Axes | None:
    """Look for the image of which a folder is a level."""
    try:
        above = zarr.open_group(str(folder.parent), mode="r")
    except (OSError, ValueError, KeyError):
        return None
    image = _multiscale(above, folder.parent)
    levels = [each.path for each in image.datasets] if image else []
    if image is None or folder.name not in levels:
        return None
    return _axes(image, levels.index(folder.name))


def _own_letters(array: Any) -> str | None:
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    if names and all(names):
        return "".join(_letter(str(name), None) for name in names)
    if array.ndim == 3 and array.shape[-1] in (3, 4):
        return "yxc"
    return {2: "yx", 3: "zyx"}.get(array.ndim)
