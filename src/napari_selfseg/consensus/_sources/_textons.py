r"""Textons: clusters of the signed derivatives of light.

With :math:`G_s` a Gaussian, :math:`\partial` all its derivatives of first and second order and L
the light, from 0 to 100,

.. math::

    F &= \tfrac{1}{100} \big(s^{|\partial|}\, \partial G_s * L,\ L - G_s * L\big)_{s = 1, 2, 4} \\
    F' &= F\, \log(1 + |F| / 0.03) / |F|

so that strong contrast counts little more than weak contrast of the same form.

References
----------
Malik, Belongie, Leung and Shi, Contour and texture analysis for image segmentation, IJCV 2001,
doi:10.1023/A:1011174803800, sections 2 and 5: filters, contrast, and clusters of what they answer.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.consensus._sources._clusters import Clusters
from napari_selfseg.consensus._sources._image_blocks import Seen

__all__ = ["TEXTONS"]

SCALES: Final = (1.0, 2.0, 4.0)
WEAK: Final = np.float32(0.03)


def _features(seen: Seen) -> NDArray[np.float32]:
    L = seen.light / np.float32(100)
    orders = [each for each in product(range(3), repeat=L.ndim) if 0 < sum(each) < 3]
    F = np.empty((*L.shape, len(SCALES) * (len(orders) + 1)), np.float32)
    for number, s in enumerate(SCALES):
        first = number * (len(orders) + 1)
        for k, order in enumerate(orders):
            F[..., first + k] = s ** sum(order) * ndimage.gaussian_filter(L, s, order)
        F[..., first + len(orders)] = L - ndimage.gaussian_filter(L, s)
    return _normalised(F)


def _normalised(F: NDArray[np.float32]) -> NDArray[np.float32]:
    contrast = np.sqrt(np.einsum("...k,...k->...", F, F))[..., None]
    F *= np.log1p(contrast / WEAK) / np.maximum(contrast, np.float32(1e-6))
    return F


TEXTONS: Final = Clusters("textons", _features)
