"""Several files as one collection of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_selfseg.io import ImageFile, Opacity, read_image
from napari_selfseg.scale._collection import planes as apart
from napari_selfseg.scale._collection import tiles
from napari_selfseg.scale._patterns import meant

__all__ = ["files_of", "gathered"]

UNSET = object()


def files_of(paths: Sequence[str]) -> list[Path]:
    """Replace folders and patterns by the images in them.

    Parameters
    ----------
    paths : sequence of str
        Files, folders and patterns such as ``"data/**/*.tif"``.

    Returns
    -------
    list of pathlib.Path
        Files in the order given, those of a folder or pattern by name; each once.

    Raises
    ------
    ValueError
        When a folder or a pattern holds no images.
    """
    found: dict[Path, Path] = {}
    for path, _ in (each for text in paths for each in meant(text)):
        found.setdefault(path.resolve(), path)
    return list(found.values())


def gathered(
    paths: Sequence[str],
    *,
    planes: bool,
    tile: int | None,
    axis: Any = UNSET,
    opacity: Opacity = "mask",
) -> tuple[list[Any], int | None, list[str]]:
    """Read a collection.

    Parameters
    ----------
    paths : sequence of str
        Files and folders.
    planes : bool
        Whether to take stacks apart.
    tile : int or None
        Longest side of the tiles that planes are cut into; None leaves them whole.
    axis : int or None
        Axis of the channels that all have to have; that of the first by default.
    opacity : {"mask", "channel"}
        As for `read_image`.

    Returns
    -------
    images : list of ndarray
        With channels last, if any.
    channel_axis : int or None
        Of all of them.
    names : list of str
        The files.

    Raises
    ------
    ValueError
        When some have channels and others have none, or one cannot be used.
    OSError
        When a file cannot be read.
    """
    images: list[Any] = []
    names: list[str] = []
    for path in files_of(paths):
        file = read_image(path, opacity=opacity)
        axis = file.channel_axis if axis is UNSET else axis
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
        parts = _parts(file, planes, tile)
        images += parts
        names += [str(path)] * len(parts)
    return images, axis, names


def _parts(file: ImageFile, planes: bool, tile: int | None) -> list[Any]:
    stack = len(file.shape) == 3 and planes
    flat = apart(file.data, file.channel_axis) if stack else [file.data]
    if tile is None:
        return flat
    return [part for each in flat for part in tiles(each, file.channel_axis, tile)]
