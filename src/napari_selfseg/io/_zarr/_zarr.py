"""OME-Zarr and plain zarr, read whole or when sliced."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from napari_selfseg.io._pixels._guard import check_image_file, check_whole
from napari_selfseg.io._pixels._image_file import ImageFile, UnsuitableError
from napari_selfseg.io._pixels._lazy import BROKEN, View
from napari_selfseg.io._units._units import Steps, steps_of
from napari_selfseg.io._zarr._zarr_metadata import (
    Axis,
    Multiscale,
    axes_of,
    channel_names,
    multiscale,
    own_axes,
)
from napari_selfseg.io._zarr._zarr_paths import is_image_group, is_zarr, named, nodes_below
from napari_selfseg.io._zarr._zarr_remote import address_of, open_remote

__all__ = ["described", "image_in", "open_zarr", "read_zarr"]

ORDER = "tzyxc"
NUMBERS = "buif"
DEEPEST = 6


def read_zarr(folder: Path) -> ImageFile:
    """Read an existing zarr image into memory."""
    image = open_zarr(folder)
    check_image_file(image)
    check_whole(folder.name, image.data.shape, image.data.dtype)
    return dataclasses.replace(image, data=np.ascontiguousarray(image.data[...]))


def open_zarr(folder: Path) -> ImageFile:
    """Open an existing zarr image, of which only what is sliced out is read."""
    name = address_of(folder) or str(folder)
    return dataclasses.replace(_image(*image_in(folder)), name=name)


def image_in(folder: Path) -> tuple[Path, Any]:
    """Return path and open node of the image that a folder is, or of the only one in it.

    Raises
    ------
    ValueError
        When there are several, the message names one; or none.
    """
    node = _node(folder)
    if isinstance(node, zarr.Array) or (node is not None and is_image_group(node)):
        return folder, node
    if (address := address_of(folder)) is not None:
        raise UnsuitableError(f"{address} is no zarr image: give the address of one in OME-Zarr.")
    # Two are enough to know that there is not a single one.
    found = list(itertools.islice(nodes_below(folder), 2))
    if len(found) == 1 and isinstance(found[0][1], zarr.Group):
        return found[0]  # where it is damaged, that is said of it
    usable = list(itertools.islice((each for each in nodes_below(folder) if _opens(*each)), 2))
    if len(usable) == 1:
        return usable[0]
    if not usable:
        what = "holds no image that is read" if is_zarr(folder) else "is no zarr folder"
        raise UnsuitableError(f"{named(folder)} {what}, or a damaged one.")
    raise UnsuitableError(
        f"{named(folder)} is not a single OME-Zarr image: give the path of one image in it, such "
        f"as {usable[0][0]}."
    )


def _node(path: Path) -> Any:
    """Open what is there; None where that is no zarr."""
    if (address := address_of(path)) is not None:
        return open_remote(address)
    return zarr.open(str(path), mode="r") if is_zarr(path) else None


def _opens(path: Path, node: Any) -> bool:
    try:
        _image(path, node)
    except BROKEN:
        return False
    return True


def described(group: zarr.Group, folder: Path) -> Multiscale | None:
    """Read the OME-Zarr metadata of a group; None where there are none.

    `folder` is named in errors.
    """
    return multiscale(group.attrs.asdict(), named(folder))


def _image(folder: Path, node: Any) -> ImageFile:
    array, axes = _level(folder, node) if isinstance(node, zarr.Group) else _array(folder, node)
    kept = _kept(array, axes, named(folder))
    names = "".join(axes[k].letter for k in kept)
    steps = steps_of(names.replace("c", ""), {a.letter: (a.size, a.unit) for a in axes})
    return ImageFile(
        data=View(array, kept, named(folder)),
        channel_axis=-1 if "c" in names else None,
        spacing=steps.spacing,
        unit=steps.unit,
        mask=None,
        name=str(folder),
        axes=names,
        time_unit=steps.time_unit,
        unknown=steps.unknown,
        notes=steps.notes,
        translation=_shifts([axes[k] for k in kept if axes[k].letter != "c"], steps),
        unnamed="".join(axes[k].letter for k in kept if not axes[k].said),
        channel_names=_channel_names(node, array, axes),
    )


def _channel_names(node: Any, array: Any, axes: Sequence[Axis]) -> tuple[tuple[str, ...], ...]:
    """Return the names of the channels of an image, where there is one for each."""
    names = channel_names(node.attrs.asdict()) if isinstance(node, zarr.Group) else ()
    sizes = zip(axes, array.shape, strict=True)
    count = next((size for axis, size in sizes if axis.letter == "c"), 1)
    return names if len(names) == count else ()


def _kept(array: Any, axes: Sequence[Axis], name: str) -> list[int]:
    """Say which axes are kept, in the order time, depth, y, x, channels."""
    long = [k for k, axis in enumerate(axes) if array.shape[k] > 1]
    # A plane of one row or column is one, too.
    short = [k for k, axis in enumerate(axes) if k not in long and axis.letter in set("yx")]
    for k in short:
        if axes[k].letter not in [axes[other].letter for other in long]:
            long.append(k)
    letters = [axes[k].letter for k in long]
    if "" in letters or len(set(letters)) < len(letters) or not set("yx") <= set(letters):
        told = ", ".join(axis.name for axis in axes) or "none"
        raise UnsuitableError(
            f"{name} has axes named {told} of lengths {array.shape}: give an image of one t, c, z, "
            "y and x each at most."
        )
    if np.dtype(array.dtype).kind not in NUMBERS:
        raise UnsuitableError(f"{name} holds {array.dtype}: give an image of numbers.")
    return sorted(long, key=lambda k: ORDER.index(axes[k].letter))


def _shifts(axes: Sequence[Axis], steps: Steps) -> tuple[float, ...]:
    """Return where the first pixel is, in the unit of the spacing; empty at the origin."""
    pairs = zip(axes, steps.spacing, strict=True)
    found = [
        0.0
        if axis.letter in steps.unknown or not math.isfinite(axis.shift)
        else axis.shift * size / abs(axis.size)
        for axis, size in pairs
    ]
    return tuple(found) if any(found) else ()


def _level(folder: Path, group: zarr.Group) -> tuple[Any, list[Axis]]:
    """Return the finest level of an image, and its axes."""
    image = described(group, folder)
    if image is None:
        raise UnsuitableError(f"{named(folder)} holds no image.")
    return _checked(folder, group.get(image.datasets[0].path), image, 0)


def _checked(folder: Path, array: Any, image: Multiscale, level: int) -> tuple[Any, list[Axis]]:
    axes, path = axes_of(image, level), image.datasets[level].path
    if not isinstance(array, zarr.Array):
        raise UnsuitableError(f"{named(folder)} is damaged: its level {path} is missing.")
    if array.ndim != len(axes):
        raise UnsuitableError(
            f"{named(folder)} is damaged: its level {path} has {array.ndim} axes, and {len(axes)} "
            "are described."
        )
    return array, axes


def _array(folder: Path, array: Any) -> tuple[Any, list[Axis]]:
    """Return an array and its axes: those of the image it is a level of, or what it says itself."""
    above = _image_above(folder)
    if above is not None:
        return _checked(folder, array, *above)
    axes = own_axes(array)
    if axes is None:
        raise UnsuitableError(
            f"{named(folder)} is an array of {array.ndim} axes without names: give OME-Zarr, or a "
            "plane or volume."
        )
    return array, axes


def _image_above(folder: Path) -> tuple[Multiscale, int] | None:
    """Look for the image of which a folder is a level, and say which."""
    whole = folder if address_of(folder) else folder.absolute()
    # The array may be a level of an image, whose group knows its axes.
    for above in itertools.islice(whole.parents, DEEPEST):
        node = _node(above)
        if isinstance(node, zarr.Group) and is_image_group(node):
            image = described(node, above)
            path = whole.relative_to(above).as_posix()
            levels = [each.path for each in image.datasets] if image else []
            return (image, levels.index(path)) if image and path in levels else None
    return None
