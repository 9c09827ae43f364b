"""Clusters of colour."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.consensus._sources._clusters import Clusters
from napari_selfseg.consensus._sources._image_blocks import Seen

__all__ = ["COLOUR", "smooth"]

_WIDTH: Final = 1.0


def smooth(channels: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Smooth each channel, ``(*spatial, C)``, by a Gaussian of `width` pixels."""
    found = np.empty_like(channels)
    for channel in range(channels.shape[-1]):
        ndimage.gaussian_filter(channels[..., channel], width, output=found[..., channel])
    return found


def _features(seen: Seen) -> NDArray[np.float32]:
    return smooth(seen.colours, _WIDTH)


COLOUR: Final = Clusters("colour", _features)
