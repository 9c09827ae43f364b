"""Label maps that need no network: regions at six scales, clusters of colour and texture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.cluster.vq import vq

from napari_selfseg.superpixels._base import lab
from napari_selfseg.superpixels._felzenszwalb import felzenszwalb_at

__all__ = ["classical"]

# Scale and smallest size, of regions from small to large, in an image of as many pixels or more.
# A smaller image has as many superpixels, smaller ones, and its regions are smaller as well.
LARGE: Final = 481 * 321
REGIONS: Final = ((50, 50), (100, 100), (200, 150), (400, 200), (800, 400), (1600, 600))
CLUSTERS: Final = (3, 5, 8, 12, 18)
# Widths of the windows in which texture is measured, in pixels.
WINDOWS: Final = (1.5, 3.0, 6.0)
# Weight of all texture features together against all colours.
TEXTURE = 0.6
SAMPLE = 8000
ROUNDS = 20


def classical(
    image: NDArray[np.float32], mask: NDArray[np.bool_] | None, seed: int
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Make label maps of an image one after the other.

    Parameters
    ----------
    image : ndarray of float32
        ``(*spatial, C)`` between 0 and 1.
    mask : ndarray of bool or None
        True where there are data; None when that is everywhere.
    seed : int
        Of the first centres of the clusters.

    Yields
    ------
    family : str
        Maps of one name count as one vote.
    labels : ndarray of int
        ``(*spatial)`` from 1; 0, or anything, where there are no data.
    """
    seen = np.ones(image.shape[:-1], bool) if mask is None else mask
    share = min(seen.sum() / LARGE, 1.0)
    scales = [(share * scale, max(round(share * size), 1)) for scale, size in REGIONS]
    for regions in felzenszwalb_at(image, mask, scales):
        yield "regions", regions
    colour = lab(image).astype(np.float64)
    colour[~seen] = colour[seen].mean(axis=0)
    for features in (_smooth(colour, 1.0), _textured(colour)):
        for k in CLUSTERS:
            yield "clusters", _clusters(features, seen, k, np.random.default_rng(seed)) + 1


def _smooth(channels: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    widths = [width] * (channels.ndim - 1) + [0.0]
    found: NDArray[np.float64] = ndimage.gaussian_filter(channels, widths)
    return found


def _textured(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return colour and texture, each together of the same variance but for its weight."""
    smooth = _smooth(colour, 2.0)
    spread = [
        np.sqrt(np.maximum(_smooth(colour**2, w) - _smooth(colour, w) ** 2, 0)) for w in WINDOWS
    ]
    light = _smooth(colour, 1.0)[..., :1]
    long = [axis for axis, size in enumerate(light.shape[:-1]) if size > 1]
    slopes = [np.gradient(light, axis=axis) for axis in long]
    energy = [np.sqrt(_smooth(each**2, 4.0)) for each in slopes]
    texture = np.concatenate([*spread, *energy], axis=-1)
    return np.concatenate([_standard(smooth), TEXTURE * _standard(texture)], axis=-1)


def _standard(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring the mean standard deviation of the features to 1 over the root of their number."""
    spread = float(features.reshape(-1, features.shape[-1]).std(axis=0).mean())
    scale: float = max(spread, 1e-6) * features.shape[-1] ** 0.5
    return features / scale


def _clusters(
    features: NDArray[np.float64], seen: NDArray[np.bool_], k: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Return the cluster of each pixel, by k-means on a sample."""
    points = features[seen]
    chosen = rng.choice(len(points), min(SAMPLE, len(points)), replace=False)
    labels = np.zeros(seen.shape, np.int32)
    labels[seen] = vq(points, _centres(points[chosen], k, rng))[0]
    return labels


def _centres(sample: NDArray[np.float64], k: int, rng: np.random.Generator) -> NDArray[np.float64]:
    centres = sample[:1]
    nearest = np.square(sample - centres).sum(axis=1)
    while len(centres) < k and nearest.any():  # k-means++
        drawn = rng.choice(len(sample), p=nearest / nearest.sum())
        centres = np.concatenate([centres, sample[drawn : drawn + 1]])
        nearest = np.minimum(nearest, np.square(sample - sample[drawn]).sum(axis=1))
    for _ in range(ROUNDS):
        code = vq(sample, centres)[0]
        count = np.bincount(code, minlength=len(centres))[:, None]
        total = np.stack([np.bincount(code, column, len(centres)) for column in sample.T], axis=1)
        centres = np.where(count > 0, total / np.maximum(count, 1), centres)
    return centres
