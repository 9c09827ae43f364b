"""k-means of pixels, on a sample of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import vq

from napari_selfseg.consensus._sources._seen import LabelMap, Seen

__all__ = ["labels_by_clusters"]

K: Final = 32
SAMPLE: Final = 8000
ROUNDS: Final = 20
# Pixels whose distances to all centres are in memory at once.
AT_ONCE: Final = 2**16


def labels_by_clusters(seen: Seen, features: NDArray[np.float32], k: int = K) -> LabelMap:
    """Label every pixel with the nearest of k centres.

    The first centres are drawn by k-means++ (Arthur and Vassilvitskii 2007,
    doi:10.5555/1283383.1283494), from a sample of the pixels on which k-means works as well.

    Parameters
    ----------
    seen : Seen
        Its mask and seed count.
    features : ndarray of float32
        ``(*spatial, D)``.
    k : int
        Clusters; fewer where the sample holds fewer different pixels.

    Returns
    -------
    LabelMap
        Mixed, of the family "clusters".
    """
    rows, inside = features.reshape(-1, features.shape[-1]), np.flatnonzero(seen.mask)
    rng = np.random.default_rng(seen.seed)
    chosen = rng.choice(len(inside), min(SAMPLE, len(inside)), replace=False)
    centres = _centres(rows[inside[chosen]].astype(np.float64), k, rng)
    labels = _nearest(rows, centres).reshape(seen.mask.shape)
    return LabelMap("clusters", labels, len(centres), mixed=True)


def _nearest(rows: NDArray[np.float32], centres: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the nearest centre of each row, by a matrix product."""
    C = centres.astype(np.float32)
    half = 0.5 * np.square(C).sum(axis=1)
    found = np.empty(len(rows), np.uint8)
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        found[part] = (half - rows[part] @ C.T).argmin(axis=1)
    return found


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
