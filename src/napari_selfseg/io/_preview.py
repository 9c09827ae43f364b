"""A picture of labels over their image."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._writing._atomic import atomic_file, check_target
from napari_selfseg.pictures.drawing import as_bytes, as_png, overlaid
from napari_selfseg.protocol import as_rgb

__all__ = ["write_picture", "write_preview"]


def write_preview(
    path: str | os.PathLike[str],
    image: NDArray[Any],
    labels: NDArray[np.integer[Any]],
    *,
    channel_axis: int | None = None,
) -> None:
    """Write the image and the labels over it, side by side, as a PNG.

    Parameters
    ----------
    path : path_like
        Ending in ``.png``.
    image : ndarray
        ``(*spatial)`` with channels along `channel_axis`; of a volume the middle plane is shown,
        of many channels the first three.
    labels : ndarray of int
        ``(*spatial)``, 0 shows the image alone.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    target = check_target(path, (".png",))
    channels = image[np.newaxis] if channel_axis is None else np.moveaxis(image, channel_axis, 0)
    if labels.ndim == 3:
        middle = len(labels) // 2
        channels, labels = channels[:, middle], labels[middle]
    picture = as_rgb(channels)
    gap = np.ones((len(picture), 6, 3), np.float32)
    both = np.concatenate((picture, gap, overlaid(picture, labels)), axis=1)
    write_picture(target, as_bytes(both))


def write_picture(path: str | os.PathLike[str], picture: NDArray[np.uint8]) -> None:
    """Write a plane, grey or RGB, as a PNG, whole or not at all."""
    # Encoded first: the encoder leaves a file open that it cannot finish, and complains later.
    encoded = as_png(picture)
    with atomic_file(check_target(path, (".png",))) as part:
        part.write_bytes(encoded)
