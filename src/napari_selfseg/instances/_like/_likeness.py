r"""How much objects are like those that somebody has shown: in what they look like, and in size.

With the mean :math:`m` of all channels within an object, its size A, and the mean :math:`b_e`
around an example e, an object o is as far from it as

.. math::

    d_e^2(o) = \frac{|m_o - m_e|^2}{\max(|m_o - b_e|, |m_e - b_e|)^2}
             + \tfrac1{16} \log_4^2 \frac{A_o}{A_e},

and infinitely far where one is more than eight times as large as the other. In the order of the
distances from their nearest examples objects are alike up to the first gap: a group that goes on
from one object to the next is of one kind, however wide it is.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from napari_selfseg.instances._shapes import radius

__all__ = ["Examples", "described", "distances", "examples_of", "first_gap"]

# Of the logarithm of sizes to the base of 4: its weight, and the farthest it may be.
_WEIGHT: Final = 0.25
_FAR: Final = 1.5
_GAP: Final = 0.3
# Where the surroundings of an object begin and end, in its radius, and their least width.
_FROM: Final = 0.3
_TO: Final = 0.8
_WIDE: Final = 2.0
# Least contrast, of brightness 0 to 1.
_FAINTEST: Final = 0.02


class Examples(NamedTuple):
    """Objects that somebody has shown.

    Attributes
    ----------
    sizes : ndarray of float64
        ``(n,)`` pixels of the image.
    inside, around : ndarray of float64
        ``(n, C)`` means within, and of what is around.
    """

    sizes: NDArray[np.float64]
    inside: NDArray[np.float64]
    around: NDArray[np.float64]


def described(
    labels: NDArray[np.integer[Any]], image: NDArray[np.float32], pixels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sizes, ``(n,)`` in pixels of the image, and means, ``(n, C)``, of objects.

    Each pixel of the labels stands for `pixels` of the image.
    """
    n = int(labels.max(initial=0))
    flat = labels.ravel()
    counts = np.bincount(flat, minlength=n + 1)[1:].astype(np.float64)
    sums = [np.bincount(flat, each.ravel(), n + 1)[1:] for each in image]
    return counts * pixels, np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]


def examples_of(
    labels: NDArray[np.integer[Any]],
    numbers: list[int],
    image: NDArray[np.float32],
    pixels: int,
) -> Examples:
    """Describe the objects, one at least, that were shown."""
    sizes, inside = described(labels, image, pixels)
    which = np.array(numbers) - 1
    around = [_around(labels, number, image) for number in numbers]
    return Examples(sizes[which], inside[which], np.array(around))


def _around(
    labels: NDArray[np.integer[Any]], number: int, image: NDArray[np.float32]
) -> NDArray[np.float64]:
    own = labels == number
    r = radius(float(np.count_nonzero(own)), own.ndim)
    away = ndi.distance_transform_edt(~own)
    near = (away > _FROM * r) & (away <= max(_TO * r, _FROM * r + _WIDE))
    # The first of these that there is: in a crowd no background is near.
    for ring in (near & (labels == 0), near, labels == 0, ~own):
        if ring.any():
            return np.asarray(image[:, ring].mean(axis=1, dtype=np.float64))
    return np.asarray(image[:, own].mean(axis=1, dtype=np.float64))


def distances(
    sizes: NDArray[np.float64], inside: NDArray[np.float64], examples: Examples
) -> NDArray[np.float64]:
    """Return how far each object is from the nearest example."""
    apart = _norm(inside[:, None] - examples.inside)
    own = np.maximum(_norm(examples.inside - examples.around), _FAINTEST)
    apart /= np.maximum(_norm(inside[:, None] - examples.around), own)
    ratio = np.log(np.maximum(sizes, 1)[:, None] / examples.sizes) / math.log(4)
    d = np.sqrt(apart**2 + (_WEIGHT * ratio) ** 2)
    return np.asarray(np.where(np.abs(ratio) > _FAR, math.inf, d).min(axis=1))


def _norm(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(vectors, axis=-1))


def first_gap(d: NDArray[np.float64]) -> float:
    """Return the distance at which those of unlike objects begin; infinity where none does."""
    ordered = np.concatenate(([0.0], np.sort(d[np.isfinite(d)])))
    gaps = np.flatnonzero(np.diff(ordered) > _GAP)
    if not len(gaps):
        return math.inf
    return float(ordered[gaps[0]] + ordered[gaps[0] + 1]) / 2
