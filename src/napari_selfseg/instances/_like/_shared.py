"""Objects of several kinds in one image: which of two that lie over each other is taken."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

__all__ = ["together"]

# How much of an object may be taken already.
_TAKEN: Final = 0.3


def together(
    accounts: list[NDArray[np.int32]], worth: list[NDArray[np.float64]]
) -> NDArray[np.int32]:
    """Put the objects of all kinds into one image, those that are worth most first.

    The result is contiguous from 1, the objects of the first kind before those of the next.
    """
    found = np.zeros(accounts[0].shape, np.int32)
    offsets = np.cumsum([0, *(len(each) for each in worth)])
    boxes = [ndi.find_objects(each) for each in accounts]
    rows = [(w, k, n) for k, each in enumerate(worth) for n, w in enumerate(each, 1)]
    for _, kind, number in sorted(rows, key=lambda row: -row[0]):
        box = boxes[kind][number - 1]
        if box is None:
            continue
        own = accounts[kind][box] == number
        free = own & (found[box] == 0)
        if np.count_nonzero(free) >= (1 - _TAKEN) * np.count_nonzero(own):
            found[box][free] = offsets[kind] + number
    kept = np.bincount(found.ravel(), minlength=int(offsets[-1]) + 1) > 0
    kept[0] = False
    return np.where(kept, np.cumsum(kept), 0).astype(np.int32)[found]
