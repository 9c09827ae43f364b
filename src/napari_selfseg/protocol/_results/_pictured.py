"""An image with labels over it, as small as a screen takes it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.pictures.drawing import as_bytes, enlarged, overlaid, plane_of
from napari_selfseg.protocol._given._scaling import Scaling

__all__ = ["as_rgb", "pictured", "seen_plane"]

# Pixels along a side, at most.
MOST: Final = 640
# Smaller planes are enlarged to at most so many.
LEAST: Final = 384
# What lies behind labels whose image is not at hand.
GREY: Final = 0.5


def as_rgb(channels: NDArray[Any]) -> NDArray[np.float32]:
    """Bring a plane to colours.

    Parameters
    ----------
    channels : ndarray
        ``(C, y, x)``; of many the first three are taken, of fewer than three the first.

    Returns
    -------
    ndarray of float32
        ``(y, x, 3)`` in 0..1.
    """
    finite = np.isfinite(channels).all(axis=0) if channels.dtype.kind == "f" else None
    mask = None if finite is None or finite.all() or not finite.any() else finite
    scaled = Scaling.measured([channels], [mask])(channels, mask)
    three = scaled[[0, 0, 0]] if len(scaled) < 3 else scaled[:3]
    return np.ascontiguousarray(np.moveaxis(three, 0, -1))


def seen_plane(image: Any, channel_axis: int | None) -> NDArray[np.float32]:
    """Return the middle plane of an image in colours.

    Parameters
    ----------
    image : array_like
        ``(*spatial)``, with channels along `channel_axis`.
    channel_axis : int, optional
        Axis of the channels; None when there is none.

    Returns
    -------
    ndarray of float32
        ``(y, x, 3)`` in 0..1.
    """
    array = np.asarray(image)
    array = array[np.newaxis] if channel_axis is None else np.moveaxis(array, channel_axis, 0)
    return as_rgb(plane_of(array, array.ndim - 1, MOST))


def pictured(labels: NDArray[Any], picture: NDArray[np.float32] | None) -> NDArray[np.uint8]:
    """Draw the middle plane of labels over that of their image.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)``; where it is 0 the image is seen as it is.
    picture : ndarray of float32 or None
        From `seen_plane`; None draws labels alone.

    Returns
    -------
    ndarray of uint8
        ``(y, x, 3)``.
    """
    plane = plane_of(labels, labels.ndim, MOST)
    if picture is None:
        picture = np.full((*plane.shape, 3), GREY, np.float32)
    return as_bytes(overlaid(enlarged(picture, LEAST), enlarged(plane, LEAST)))
