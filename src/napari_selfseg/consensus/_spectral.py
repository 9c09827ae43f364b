"""The spectral step of an image of any size: in windows of so many blocks, where it is large."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._sources import Borders
from napari_selfseg.grid import Grid
from napari_selfseg.hierarchy import globalised

__all__ = ["spectral"]

# Of the spectral step, where histograms speak; measured on the training images of BSDS500.
SHARE: Final = 0.4
# Superpixels up to which one window holds them all: an image of about 3000 x 3000.
_MOST: Final = 40_000
# Blocks along an axis of a window, without those around it that it sees as well.
_BLOCKS: Final = 4


def spectral(of: Borders, apart: NDArray[np.float64], grid: Grid | None) -> NDArray[np.float64]:
    """Weigh what a border means for the whole image, or for what is around it.

    `apart`, ``(E,)``, says how different the two sides of each border are; `grid` holds the blocks,
    where they are known.

    Returns
    -------
    ndarray of float64
        ``(E,)`` as from `napari_selfseg.hierarchy.globalised`. The time is in proportion to the
        number of superpixels.
    """
    edges = of.edges - 1
    if grid is None or of.n <= _MOST:
        return globalised(of.n, edges, apart, of.lengths, share=SHARE)
    places = np.stack(np.unravel_index(of.homes(grid), grid.counts), axis=1)
    heights, at = np.array(apart), places[edges[:, 0]] // _BLOCKS
    for window in product(*(range(-(-count // _BLOCKS)) for count in grid.counts)):
        first = np.array(window) * _BLOCKS
        # With a block more on every side, as what lies beyond the window has a say in it; but a
        # border has the height of the one window that it lies in.
        near = (places >= first - 1) & (places <= first + _BLOCKS)
        inside: NDArray[np.bool_] = np.asarray(near.all(axis=1))
        nodes = np.flatnonzero(inside)
        own = np.zeros(of.n, np.int64)
        # Numbers within the window.
        own[nodes] = np.arange(len(nodes))
        here = np.flatnonzero(inside[edges].all(axis=1))
        if len(here):
            found = globalised(
                len(nodes), own[edges[here]], apart[here], of.lengths[here], share=SHARE
            )
            wanted = (at[here] == window).all(axis=1)
            heights[here[wanted]] = found[wanted]
    return heights
