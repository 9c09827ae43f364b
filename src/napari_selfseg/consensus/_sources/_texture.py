"""Clusters of colour and of how much it varies around a pixel."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.consensus._sources._clusters import Clusters
from napari_selfseg.consensus._sources._colour import smooth
from napari_selfseg.consensus._sources._image_blocks import Seen

__all__ = ["TEXTURE"]

# Widths of the windows in which texture is measured, in pixels.
WINDOWS: Final = (1.5, 3.0, 6.0)
ENERGY: Final = 4.0
# Weight of all texture features together against all colours.
WEIGHT: Final = 0.6


def _features(seen: Seen) -> NDArray[np.float32]:
    """Return smoothed colours, and their texture.

    Texture is the standard deviation of each channel in three Gaussian windows, and the energy of
    the light's slope along each axis.
    """
    C = seen.colours
    square = C**2
    spread = [np.sqrt(np.maximum(smooth(square, w) - smooth(C, w) ** 2, 0)) for w in WINDOWS]
    light = ndimage.gaussian_filter(seen.light, 1.0)
    long = [axis for axis, size in enumerate(light.shape) if size > 1]
    slopes = [np.gradient(light, axis=axis) for axis in long]
    energy = [np.sqrt(ndimage.gaussian_filter(each**2, ENERGY))[..., None] for each in slopes]
    return np.concatenate([smooth(C, 2.0), *spread, *energy], axis=-1)


def _factors(spread: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    """Bring colours, and texture, to a mean standard deviation of 1 over the root of their number.

    Texture weighs less.
    """
    factors = [
        np.full(len(part), weight / (max(float(part.mean()), 1e-6) * len(part) ** 0.5))
        for part, weight in ((spread[:channels], 1.0), (spread[channels:], WEIGHT))
    ]
    return np.concatenate(factors)


TEXTURE: Final = Clusters("texture", _features, _factors)
