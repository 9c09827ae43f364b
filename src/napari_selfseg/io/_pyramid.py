"""A zarr image with all its levels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import zarr

from napari_selfseg.io._images import open_image
from napari_selfseg.io._pixels._image_file import ImageFile
from napari_selfseg.io._zarr._zarr import described, image_in, open_zarr
from napari_selfseg.io._zarr._zarr_paths import is_zarr

__all__ = ["open_pyramid"]


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
        Whether the file says that it holds labels, or lists it among the labels of an image.

    Raises
    ------
    ValueError
        When it is no image that can be read.
    """
    finest = open_image(path)
    folder, node = image_in(Path(path).absolute())
    image = described(node, folder) if isinstance(node, zarr.Group) else None
    if image is None:
        return [finest], any(map(_is_labels, (folder, folder.parent)))
    coarser = [open_zarr(folder / each.path) for each in image.datasets[1:]]
    return [finest, *(c for c in coarser if c.axes == finest.axes)], _is_labels(folder)


def _is_labels(folder: Path) -> bool:
    listed = _told(folder.parent).get("labels")
    return "image-label" in _told(folder) or (isinstance(listed, list) and folder.name in listed)


def _told(folder: Path) -> dict[str, Any]:
    """Return what OME-Zarr says of a group, in whatever version."""
    node = zarr.open(str(folder), mode="r") if is_zarr(folder) else None
    attributes: dict[str, Any] = {} if node is None else node.attrs.asdict()
    newer = attributes.get("ome")
    return attributes | (newer if isinstance(newer, dict) else {})
