"""Where superpixels touch in a block."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["touching"]


def touching(
    index: NDArray[np.integer[Any]], crop: tuple[slice, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the faces between superpixels that are a block's own.

    A face between two blocks belongs to the first of them, so that each belongs to one.

    Parameters
    ----------
    index : ndarray of int
        ``(*spatial)`` superpixels of what the block sees; 0 for no data.
    crop : tuple of slice
        The block in it.

    Returns
    -------
    edges : ndarray of int64
        ``(k, 2)`` the smaller number first, sorted.
    lengths : ndarray of int64
        ``(k,)`` faces of pixels.
    """
    wide, keys = int(index.max(initial=0)) + 1, []
    for axis in range(index.ndim):
        here, beyond = list(crop), list(crop)
        end = min(crop[axis].stop, index.shape[axis] - 1)
        here[axis] = slice(crop[axis].start, end)
        beyond[axis] = slice(crop[axis].start + 1, end + 1)
        one, other = index[tuple(here)].astype(np.int64), index[tuple(beyond)].astype(np.int64)
        key = np.minimum(one, other) * wide + np.maximum(one, other)
        keys.append(key[(one > 0) & (other > 0) & (one != other)])
    found, lengths = np.unique(np.concatenate(keys), return_counts=True)
    return np.stack((found // wide, found % wide), axis=1), lengths.astype(np.int64)
