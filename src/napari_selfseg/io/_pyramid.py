"""A zarr image with all its levels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import zarr

from napari_selfseg.io._image_file import ImageFile
from napari_selfseg.io._images import open_image
from napari_selfseg.io._zarr import described, image_in, open_zarr

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
        Whether the file says that it holds labels.

    Raises
    ------
    ValueError
        When it is no image that can be read.
    """
    finest = open_image(path)
    folder, node = image_in(Path(path))
    image = described(node, folder) if isinstance(node, zarr.Group) else None
    if image is None:
        return [finest], False
    coarser = [open_zarr(folder / each.path) for each in image.datasets[1:]]
    attributes: dict[str, Any] = node.attrs.asdict()
    told = {**attributes, **dict(attributes.get("ome") or {})}
    return [finest, *(c for c in coarser if c.axes == finest.axes)], "image-label" in told
