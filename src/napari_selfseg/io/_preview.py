"""A picture of labels over their image."""

from __future__ import annotations

import colorsys
import os
from typing import Any

import imageio.v3 as iio
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import find_boundaries

from napari_selfseg.io._writing._whole import check_target, whole_file
from napari_selfseg.protocol import Scaling

__all__ = ["write_picture", "write_preview"]

COVER = 0.45
GOLDEN_ANGLE = 0.381966


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
    picture = _as_rgb(channels)
    gap = np.ones((len(picture), 6, 3), np.float32)
    both = np.concatenate((picture, gap, _overlaid(picture, labels)), axis=1)
    write_picture(target, (both * 255).round().astype(np.uint8))


def write_picture(path: str | os.PathLike[str], picture: NDArray[np.uint8]) -> None:
    """Write a plane, grey or RGB, as a PNG, whole or not at all."""
    # Encoded first: the encoder leaves a file open that it cannot finish, and complains later.
    encoded = iio.imwrite("<bytes>", picture, extension=".png")
    with whole_file(check_target(path, (".png",))) as part:
        part.write_bytes(encoded)


def _as_rgb(channels: NDArray[Any]) -> NDArray[np.float32]:
    finite = np.isfinite(channels).all(axis=0) if channels.dtype.kind == "f" else None
    mask = None if finite is None or finite.all() or not finite.any() else finite
    scaled = Scaling.measured([channels], [mask])(channels, mask)
    three = scaled[[0, 0, 0]] if len(scaled) < 3 else scaled[:3]
    return np.ascontiguousarray(np.moveaxis(three, 0, -1))


def _overlaid(
    picture: NDArray[np.float32], labels: NDArray[np.integer[Any]]
) -> NDArray[np.float32]:
    values, index = np.unique(labels, return_inverse=True)
    hues = [colorsys.hsv_to_rgb(value * GOLDEN_ANGLE % 1, 0.75, 1.0) for value in values]
    colour = np.array(hues, np.float32)[index.reshape(labels.shape)]
    mixed = np.where((labels > 0)[..., None], (1 - COVER) * picture + COVER * colour, picture)
    mixed[find_boundaries(labels, mode="inner")] = 1.0
    return mixed.astype(np.float32)
