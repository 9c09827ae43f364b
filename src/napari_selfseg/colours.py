"""Colours on one scale, whatever the channels of an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

__all__ = ["lab"]


def lab(image: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Bring colours to the scale of CIE Lab, whose lightness runs from 0 to 100.

    Parameters
    ----------
    image : ndarray of float
        ``(*spatial, C)`` in 0..1. Three channels are RGB and become Lab; other counts are
        multiplied by 100, so that a colour distance means about the same for every image.

    Returns
    -------
    ndarray of float
        Same shape.
    """
    colours: NDArray[np.floating[Any]] = rgb2lab(image) if image.shape[-1] == 3 else image * 100
    return colours
