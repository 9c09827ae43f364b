"""Clusters of colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.consensus._sources._clusters import labels_by_clusters
from napari_selfseg.consensus._sources._seen import LabelMap, Seen

__all__ = ["colour", "smooth"]

WIDTH: Final = 1.0


def colour(seen: Seen) -> Iterator[LabelMap]:
    """Make one map of clusters of the smoothed colours.

    Parameters
    ----------
    seen : Seen
        The image.

    Yields
    ------
    LabelMap
    """
    yield labels_by_clusters(seen, smooth(seen.colours, WIDTH))


def smooth(channels: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Smooth each channel by a Gaussian.

    Parameters
    ----------
    channels : ndarray of float32
        ``(*spatial, C)``.
    width : float
        Standard deviation in pixels.

    Returns
    -------
    ndarray of float32
        Same shape.
    """
    found = np.empty_like(channels)
    for channel in range(channels.shape[-1]):
        ndimage.gaussian_filter(channels[..., channel], width, output=found[..., channel])
    return found
