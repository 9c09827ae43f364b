"""A large image cut block by block: time in proportion to its size, and several blocks at once."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg.grid import Box, Grid
from napari_selfseg.machine.threads import side_by_side

__all__ = ["at_once", "block_by_block", "blocks"]

# Pixels along an axis of a block, of planes and of volumes.
_SIDE: Final = {2: 512, 3: 128}


def blocks(shape: tuple[int, ...], halo: int = 0) -> Grid:
    """Divide an image into blocks of nearly one size that see `halo` beyond; a small one is one."""
    return Grid.even(shape, _SIDE[len(shape)], halo)


def at_once(pixels: int, ndim: int) -> tuple[int, int]:
    """Say how many blocks are worked on at the same time, and their pixels, for an estimate.

    As many as PyTorch may use threads here, at most. The image is taken for a square or a cube.
    """
    grid = blocks((max(round(pixels ** (1 / ndim)), 1),) * ndim)
    count = min(torch.get_num_threads(), len(grid))
    return count, min(pixels, count * prod(grid.tile))


def block_by_block(cut: Callable[[Box], NDArray[Any]], grid: Grid) -> NDArray[np.int32]:
    """Number the superpixels of all blocks through; they end where a block does.

    `cut` is given the place of a block, and returns its superpixels, contiguous from 1; 0 for no
    data.
    """
    labels, last = np.zeros(grid.shape, np.int32), 0
    found = side_by_side(lambda number: cut(grid.inner(number)), len(grid))
    for number, each in enumerate(found):
        labels[grid.inner(number)] = np.where(each > 0, each + last, 0)
        last += int(each.max(initial=0))
    return labels
