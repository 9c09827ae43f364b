"""Several files as one collection of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_selfseg.io import ImageFile, Opacity, read_image
from napari_selfseg.scale._patterns import meant
from napari_selfseg.scale._training._collection import planes as apart
from napari_selfseg.scale._training._collection import tiles

__all__ = ["files_of", "gathered"]

UNSET = object()


def files_of(paths: Sequence[str]) -> list[Path]:
    """Replace folders and patterns such as ``"data/**/*.tif"`` by the images in them, each once.

    The order is that given; files of a folder or pattern come by name.

    Raises
    ------
    ValueError
        When a folder or a pattern holds no images.
    """
    found: dict[Path, Path] = {}
    for path, _ in (each for text in paths for each in meant(text)):
        found.setdefault(path.resolve(), path)
    return list(found.values())


class Gathered(NamedTuple):
    """A collection.

    Attributes
    ----------
    images : list of ndarray
        With channels last, if any.
    channel_axis : int or None
        Of all of them.
    names : list of str
        The files.
    masks : list of (ndarray of bool or None)
        Where each has data; None where that is everywhere.
    """

    images: list[Any]
    channel_axis: int | None
    names: list[str]
    masks: list[Any]

    @property
    def mask(self) -> list[Any] | None:
        """The masks, or None where all images have data everywhere."""
        return self.masks if any(mask is not None for mask in self.masks) else None

    @property
    def with_data(self) -> list[int]:
        """Return which images have any data at all; ValueError when none has."""
        found = [k for k, mask in enumerate(self.masks) if mask is None or mask.any()]
        if not found and self.names:
            raise ValueError(
                f"{self.names[0]} holds no data, and so it is with all of the images: there is "
                "nothing to learn from."
            )
        return found

    def only(self, which: Sequence[int]) -> Gathered:
        """Return some of the images, by their numbers."""
        images, names, masks = (
            [each[k] for k in which] for each in (self.images, self.names, self.masks)
        )
        return Gathered(images, self.channel_axis, names, masks)


def gathered(
    paths: Sequence[str],
    *,
    planes: bool,
    tile: int | None,
    axis: Any = UNSET,
    opacity: Opacity = "mask",
    channels: Sequence[str] = (),
) -> Gathered:
    """Read a collection of files, folders and patterns.

    `planes` takes stacks apart, and planes are cut into tiles of at most `tile` pixels a side. The
    channel axis is that of the first by default, and all must have it.

    Raises
    ------
    ValueError
        When some have channels and others have none, or one cannot be used.
    OSError
        When a file cannot be read.
    """
    images: list[Any] = []
    names: list[str] = []
    masks: list[Any] = []
    for path in files_of(paths):
        file = read_image(path, opacity=opacity, channels=channels)
        axis = file.channel_axis if axis is UNSET else axis
        _check_kind(file, path, axis, planes)
        parts = _parts(file.data, file.channel_axis, planes, tile)
        images += parts
        names += [str(path)] * len(parts)
        masks += _masks(file, planes, tile) or [None] * len(parts)
    return Gathered(images, axis, names, masks)


def _check_kind(file: ImageFile, path: Path, axis: int | None, planes: bool) -> None:
    if file.channel_axis != axis:
        raise ValueError(
            f"{path.name} {'has' if axis is None else 'has no'} channels and others "
            f"{'have none' if axis is None else 'have'}: give images of one kind."
        )
    if "t" in file.axes and (not planes or len(file.shape) > 3):
        raise ValueError(
            f"{path.name} has the axes {file.axes}: take it apart into planes, or give one "
            "time point."
        )


def _masks(file: ImageFile, planes: bool, tile: int | None) -> list[Any] | None:
    if file.mask is None:
        return None
    parts = _parts(np.asarray(file.mask), None, planes, tile)
    return [None if part.all() else part for part in parts]


def _parts(data: Any, channel_axis: int | None, planes: bool, tile: int | None) -> list[Any]:
    stack = data.ndim - (channel_axis is not None) == 3 and planes
    flat = apart(data, channel_axis) if stack else [data]
    if tile is None:
        return flat
    return [part for each in flat for part in tiles(each, channel_axis, tile)]
