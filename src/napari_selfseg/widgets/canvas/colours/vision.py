"""Colours as those see them who lack a kind of cone."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["USUAL", "VISIONS", "as_seen"]

# In linear light, for vision without one kind of cones (severity 1).
MATRICES: Final = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
USUAL: Final = "usual"
VISIONS: Final = (USUAL, *MATRICES)


def as_seen(colours: NDArray[np.floating[Any]], vision: str) -> NDArray[np.floating[Any]]:
    """Return sRGB colours, ``(..., 3)`` from 0 to 1, as somebody with one of `VISIONS` sees them.

    References
    ----------
    Machado, Oliveira and Fernandes, IEEE TVCG 2009, doi:10.1109/TVCG.2009.113, table 1.
    """
    if vision == USUAL:
        return colours
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(MATRICES[vision]).T, 0, 1)
    found: NDArray[np.floating[Any]] = np.where(
        seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055
    )
    return found
