"""Maxima that stand out: from which one must go down some depth to reach a higher one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.instances._component_tree import max_tree

__all__ = ["deep_maxima"]

# Steps into which a depth is divided.
_STEPS: Final = 8


def deep_maxima(
    height: NDArray[np.floating[Any]], depth: float, inside: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Number the maxima from which one must go down at least `depth` before going up again.

    The result has the number of a maximum, from 1, where a pixel is less than `depth` below it, and
    0 elsewhere. Pixels outside of `inside` count as below all others.
    """
    # A depth is a few levels, so that a tree of levels tells deep maxima from others.
    steps = np.round((height - height.min(initial=0)) * (_STEPS / depth)) + _STEPS + 1
    levels = np.where(inside, steps, 0).astype(np.int32)
    parents, order = max_tree(levels)
    found: NDArray[np.int32] = _numbered(levels.ravel(), parents, order).reshape(height.shape)
    return found * inside


@compiled
def _numbered(
    f: NDArray[np.int32], parents: NDArray[np.int32], order: NDArray[np.int32]
) -> NDArray[np.int32]:
    top, found, count = f.copy(), np.zeros(f.size, np.int32), 0
    for i in range(f.size - 1, 0, -1):
        p = order[i]
        q = parents[p]
        if top[p] > top[q]:
            top[q] = top[p]
    for i in range(f.size):
        p = order[i]
        q = parents[p]
        if p != q and found[q] > 0:
            found[p] = found[q]
        elif p != q and f[p] == f[q]:
            continue
        # The lowest node that is less than the depth below its top.
        elif top[p] - f[p] < _STEPS and (p == q or top[p] - f[q] >= _STEPS):
            count += 1
            found[p] = count
    return found
