"""How many objects lie on both sides of a seam between tiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_selfseg.protocol import Grid

__all__ = ["across_seams"]


def across_seams(labels: Any, grid: Grid) -> int:
    """Count the objects that a seam goes through, reading two pixels of each at a time.

    Parameters
    ----------
    labels : array_like of int
        ``(*spatial)`` objects from 1, each with a number of its own; sliced as arrays are.
    grid : Grid
        The tiles.
    """
    found: set[int] = set()
    for axis, before, _ in grid.faces():
        box = list(grid.inner(before))
        box[axis] = slice(box[axis].stop - 1, box[axis].stop + 1)
        one, other = np.moveaxis(np.asarray(labels[tuple(box)]), axis, 0)
        found.update(np.unique(one[(one == other) & (one > 0)]).tolist())
    return len(found)
