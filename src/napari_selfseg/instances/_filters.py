r"""What the surroundings of a pixel look like: brightness, slope and curvature at several scales.

With the image smoothed by Gaussians of standard deviation s, of each channel

.. math:: G, \quad |\nabla G|, \quad \Delta G = \operatorname{tr} H, \quad
          \|H - \tfrac1d (\operatorname{tr} H) I\|

with its Hessian H in d dimensions: none changes when the image is turned. The last two are, in a
plane, sum and difference of the eigenvalues of H.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

__all__ = ["FEATURES", "REACH", "features"]

SCALES: Final = (0.7, 1.5, 3.0, 6.0)
# Of each channel.
FEATURES: Final = 4 * len(SCALES)
_CUT: Final = 3.0
# Pixels to each side that have a say: smoothing, and two differences.
REACH: Final = int(_CUT * max(SCALES)) + 3


def features(image: NDArray[np.floating[Any]], spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the features, ``(*spatial, FEATURES * C)``, of a ``(C, *spatial)`` image.

    The `spacing` of the pixels has a product of 1.
    """
    shape = image.shape[1:]
    found = np.empty((*shape, FEATURES * len(image)), np.float32)
    column = 0
    for channel in image:
        for scale in SCALES:
            g = ndi.gaussian_filter(
                np.asarray(channel, np.float32),
                scale / spacing,
                mode="nearest",
                truncate=_CUT,
            )
            for each in _invariants(g, spacing):
                found[..., column] = each
                column += 1
    return found


def _invariants(g: NDArray[np.float32], spacing: NDArray[np.float64]) -> list[NDArray[np.float32]]:
    d = g.ndim
    first = [_slope(g, axis, spacing[axis]) for axis in range(d)]
    own = [_curvature(g, axis, spacing[axis]) for axis in range(d)]
    trace = sum(own[1:], own[0])
    square = sum(((each - trace / d) ** 2 for each in own[1:]), (own[0] - trace / d) ** 2)
    for one in range(d):
        for other in range(one + 1, d):
            square += 2 * _slope(first[one], other, spacing[other]) ** 2
    slopes = sum((each**2 for each in first[1:]), first[0] ** 2)
    return [g, np.sqrt(slopes), trace, np.sqrt(square)]


def _neighbours(
    g: NDArray[np.float32], axis: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what comes before and after each pixel; at the rim the pixel itself."""
    at = np.arange(g.shape[axis])
    before, after = np.maximum(at - 1, 0), np.minimum(at + 1, len(at) - 1)
    return np.take(g, before, axis), np.take(g, after, axis)


def _slope(g: NDArray[np.float32], axis: int, size: float) -> NDArray[np.float32]:
    before, after = _neighbours(g, axis)
    found: NDArray[np.float32] = (after - before) / np.float32(2 * size)
    return found


def _curvature(g: NDArray[np.float32], axis: int, size: float) -> NDArray[np.float32]:
    before, after = _neighbours(g, axis)
    found: NDArray[np.float32] = (after - 2 * g + before) / np.float32(size**2)
    return found
