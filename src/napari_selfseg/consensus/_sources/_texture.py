"""Clusters of colour and of how much it varies around a pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.consensus._sources._clusters import labels_by_clusters
from napari_selfseg.consensus._sources._colour import smooth
from napari_selfseg.consensus._sources._seen import LabelMap, Seen

__all__ = ["texture"]

# Widths of the windows in which texture is measured, in pixels.
WINDOWS: Final = (1.5, 3.0, 6.0)
ENERGY: Final = 4.0
# Weight of all texture features together against all colours.
WEIGHT: Final = 0.6


def texture(seen: Seen) -> Iterator[LabelMap]:
    """Make one map of clusters of colours and their texture.

    Texture is the standard deviation of each channel in three Gaussian windows, and the energy of
    the light's slope along each axis.

    Parameters
    ----------
    seen : Seen
        The image.

    Yields
    ------
    LabelMap
    """
    C = seen.colours
    square = C**2
    spread = [np.sqrt(np.maximum(smooth(square, w) - smooth(C, w) ** 2, 0)) for w in WINDOWS]
    light = ndimage.gaussian_filter(seen.light, 1.0)
    long = [axis for axis, size in enumerate(light.shape) if size > 1]
    slopes = [np.gradient(light, axis=axis) for axis in long]
    energy = [np.sqrt(ndimage.gaussian_filter(each**2, ENERGY))[..., None] for each in slopes]
    features = np.concatenate([*spread, *energy], axis=-1)
    together = [_standard(smooth(C, 2.0)), np.float32(WEIGHT) * _standard(features)]
    yield labels_by_clusters(seen, np.concatenate(together, axis=-1))


def _standard(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring the mean standard deviation of the features to 1 over the root of their number."""
    rows = features.reshape(-1, features.shape[-1])
    spread = float(rows.std(axis=0, dtype=np.float64).mean())
    return features / np.float32(max(spread, 1e-6) * features.shape[-1] ** 0.5)
