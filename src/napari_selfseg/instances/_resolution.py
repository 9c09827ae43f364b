r"""The resolution at which objects stand out: coarser than the image where they have a texture.

Seen too closely, an object is a crowd of specks. Objects O of coarse pixels are taken in place of
those of fine ones, o, where they say more of the grey values u, by Otsu's criterion, and lie
between slopes that are as steep:

.. math::

    \sqrt{\frac{\eta(O)}{\eta(o)}} \left(\frac{s(O)}{s(o)}\right)^3 > \tfrac54, \qquad
    \eta = \frac{w (1 - w) (\bar u_1 - \bar u_0)^2}{\operatorname{var} u},

with w the share of pixels in objects, :math:`\bar u_1` and :math:`\bar u_0` the means within and
outside, and s the geometric mean over their borders of the steepest slope of u within half a coarse
pixel, u being smoothed by a quarter of one: a border must be steep all around, and still be there
when specks have gone. Shadows explain much and have no such borders.

References
----------
Otsu, A threshold selection method from gray-level histograms, IEEE Trans. Systems, Man, and
Cybernetics 9, 1979, doi:10.1109/TSMC.1979.4310076 (the criterion).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.segmentation import find_boundaries

from napari_selfseg.protocol import restored_size, steps_of

__all__ = [
    "COARSEST",
    "Explained",
    "Steps",
    "coarser_steps",
    "enlarged",
    "explaining",
    "relative",
    "stands_out",
]

Steps = tuple[int, ...]
# Pixels that become one, at most, along an axis.
COARSEST: Final = 8
_MOST: Final = (2, 4, COARSEST)
# Of a coarse pixel.
_SMOOTHING: Final = 0.25
_SHARE: Final = 0.5
_BORDERS: Final = 3
_BETTER: Final = 1.25
# Least slope that counts, of brightness 0 to 1.
_FLAT: Final = 1e-4


class Explained(NamedTuple):
    """How well objects explain an image.

    Attributes
    ----------
    share : float
        Of the variance, 0 to 1.
    slope : float
        At their borders; 0 without any.
    """

    share: float
    slope: float


def relative(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sizes of pixels along each axis in units in which a pixel has the volume 1."""
    found: NDArray[np.float64] = sizes / np.exp(np.log(sizes).mean())
    return found


def coarser_steps(shape: tuple[int, ...], spacing: NDArray[np.float64]) -> list[Steps]:
    """Return how many pixels along each axis may become one, from fine to coarse.

    Coarse pixels are as wide as long where they can be.
    """
    found: list[Steps] = []
    for most in _MOST:
        along = np.maximum(most * spacing.min() / spacing, 1)
        # The largest power of two in it, which rounding of the logarithm must not halve.
        wanted = (2 ** int(math.log2(each) + 1e-9) for each in along)
        steps = tuple(steps_of((n,), k)[0] for n, k in zip(shape, wanted, strict=True))
        if max(steps) > 1 and steps not in found:
            found.append(steps)
    return found


Values = TypeVar("Values", np.int32, np.float32)


def enlarged(labels: NDArray[Values], shape: tuple[int, ...], steps: Steps) -> NDArray[Values]:
    """Repeat labels, or other values, of coarse pixels on the pixels of an image.

    `steps` are from `coarser_steps`.
    """
    if max(steps) == 1:
        return labels
    return np.ascontiguousarray(restored_size(torch.from_numpy(labels), shape, steps).numpy())


def explaining(
    labels: NDArray[np.int32],
    u: NDArray[np.float32],
    valid: NDArray[np.bool_] | None,
    steps: Steps,
) -> Explained:
    """Measure how well objects explain the brightness `u`, 0 to 1.

    Borders are known to a coarse pixel.
    """
    inside, seen = labels > 0, u if valid is None else u[valid]
    within = u[inside if valid is None else inside & valid]
    if not 0 < within.size < seen.size:
        return Explained(0.0, 0.0)
    w, mean = within.size / seen.size, float(seen.mean(dtype=np.float64))
    # w (1 - w) (m1 - m0)^2 = w (m1 - m)^2 / (1 - w)
    between = w / (1 - w) * (float(within.mean(dtype=np.float64)) - mean) ** 2
    borders = find_boundaries(labels, mode="inner")
    slope = ndi.gaussian_gradient_magnitude(u, _SMOOTHING * np.array(steps))
    steepest = ndi.maximum_filter(slope, [step + 1 for step in steps])[borders]
    return Explained(
        between / max(float(seen.var(dtype=np.float64)), 1e-12),
        float(np.exp(np.log(steepest + _FLAT).mean(dtype=np.float64))),
    )


def stands_out(coarse: Explained, fine: Explained) -> float:
    """Return how much better coarse objects explain the image; above 1 they are taken.

    Both are from `explaining` with the steps of the coarse ones.
    """
    if not fine.share or not coarse.share:
        return math.inf if coarse.share else 0.0
    steeper = coarse.slope / max(fine.slope, 1e-12)
    return float((coarse.share / fine.share) ** _SHARE * steeper**_BORDERS / _BETTER)
