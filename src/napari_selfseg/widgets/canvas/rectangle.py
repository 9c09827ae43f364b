"""The pixels of an image inside a rectangle that was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Shapes
from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import Box

__all__ = ["rectangle_of"]


def rectangle_of(shapes: Any, image: Any) -> Box | None:
    """Return the first pixel and the one after the last, along each axis, of the last shape drawn.

    Any shape counts as its bounding box; None when nothing was drawn.
    """
    if not isinstance(shapes, Shapes) or not len(shapes.data):
        return None
    corners = [shapes.data_to_world(each) for each in np.asarray(shapes.data[-1])]
    pixels = np.array([_in_image(each, image) for each in corners])
    first = np.floor(pixels.min(axis=0) + 0.5).astype(int)
    stop = np.floor(pixels.max(axis=0) + 0.5).astype(int)
    return tuple(zip(first.tolist(), np.maximum(stop, first + 1).tolist(), strict=True))


def _in_image(point: Any, image: Any) -> NDArray[Any]:
    """Return a point of the world in pixels; axes it lacks are those napari adds in front."""
    world = np.zeros(image.ndim)
    n = min(len(point), image.ndim)
    world[image.ndim - n :] = np.asarray(point)[len(point) - n :]
    return np.asarray(image.world_to_data(world))
