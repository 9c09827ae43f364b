r"""How high a border has to be in an image to stay, when nobody says how many segments."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["height_at"]

# Mean height over the training images of BSDS500.
USUAL = 0.3
# A border that seven of ten maps have stays, also where maps disagree everywhere: of an EM section
# nearly nothing would be left.
SURE = 0.69


def height_at(
    level: float, heights: NDArray[np.floating[Any]], lengths: NDArray[np.floating[Any]]
) -> float:
    r"""Return the height at which an image is cut.

    Where maps disagree everywhere, as on textures, a border says less than where they mostly agree.
    With :math:`\bar h` the mean height along all borders and :math:`h_0 = 0.3` the usual one,

    .. math:: t = \min(\lambda \sqrt{\bar h / h_0}, \max(\lambda, 0.69))

    Root and bound were measured (docs/benchmarks.md).

    Parameters
    ----------
    level : float
        :math:`\lambda`, the height in an image like most.
    heights, lengths : ndarray of float
        ``(E,)`` height and length of each border.
    """
    total = float(np.sum(lengths))
    if total == 0:
        return level
    mean = float(np.dot(heights, lengths)) / total
    return min(level * math.sqrt(mean / USUAL), max(level, SURE))
