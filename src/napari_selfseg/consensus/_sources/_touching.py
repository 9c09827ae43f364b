"""Where superpixels touch in a block."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Faces", "touching"]


class Faces(NamedTuple):
    """Where superpixels touch.

    Attributes
    ----------
    edges : ndarray of int64
        ``(k, 2)`` superpixels, the smaller number first, sorted.
    lengths : ndarray of int64
        ``(k,)`` faces of pixels.
    strengths : ndarray of float64
        ``(k,)`` sum over these faces of the mean value of their two pixels.
    """

    edges: NDArray[np.int64]
    lengths: NDArray[np.int64]
    strengths: NDArray[np.float64]


def touching(
    index: NDArray[np.integer[Any]],
    crop: tuple[slice, ...],
    values: NDArray[np.floating[Any]] | None = None,
) -> Faces:
    """Find the faces between superpixels that are a block's own.

    A face between two blocks belongs to the first of them, so that each belongs to one.

    Parameters
    ----------
    index : ndarray of int
        ``(*spatial)`` superpixels of what the block sees; 0 for no data.
    values : ndarray of float, optional
        ``(*spatial)``; zeros by default.
    """
    wide = int(index.max(initial=0)) + 1
    keys, strengths = list[NDArray[np.int64]](), list[NDArray[np.float64]]()
    for axis in range(index.ndim):
        here, beyond = list(crop), list(crop)
        end = min(crop[axis].stop, index.shape[axis] - 1)
        here[axis] = slice(crop[axis].start, end)
        beyond[axis] = slice(crop[axis].start + 1, end + 1)
        one, other = index[tuple(here)].astype(np.int64), index[tuple(beyond)].astype(np.int64)
        apart = (one > 0) & (other > 0) & (one != other)
        keys.append((np.minimum(one, other) * wide + np.maximum(one, other))[apart])
        if values is not None:
            both = values[tuple(here)][apart].astype(np.float64) + values[tuple(beyond)][apart]
            strengths.append(both / 2)
    found, which = np.unique(np.concatenate(keys), return_inverse=True)
    weights = np.concatenate(strengths) if strengths else np.zeros(len(which))
    return Faces(
        np.stack((found // wide, found % wide), axis=1),
        np.bincount(which, minlength=len(found)),
        np.bincount(which, weights, len(found)).astype(np.float64),
    )
