"""How a large image is cut: into tiles of a side, or that fit in memory, or into blocks."""

from __future__ import annotations

from typing import cast

import psutil

from napari_selfseg.protocol import Blockwise, Fit, Grid
from napari_selfseg.scale._plan._in_blocks import bytes_to_join
from napari_selfseg.scale._plan._tile_size import halo_of, tile_within

__all__ = ["in_blocks", "tiled"]


def tiled(
    fit: Fit,
    shape: tuple[int, ...],
    tile: int | None,
    memory: int | None,
    halo: tuple[int, ...] | None,
) -> Grid:
    """Return tiles with sides of `tile` pixels, or with those that fit into so much memory."""
    halo = halo or (halo_of(fit.method, fit.ndim),) * fit.ndim
    size = _tile(fit, shape, tile, memory, max(halo))
    return Grid(shape, size, (0,) * (len(shape) - fit.ndim) + halo)


def in_blocks(fit: Fit, shape: tuple[int, ...], memory: int | None) -> Grid:
    """Return the blocks of an image that is labelled as one, if joining them fits into memory."""
    needed = bytes_to_join(shape)
    left = (memory or psutil.virtual_memory().available) - psutil.Process().memory_info().rss
    if needed > left:
        size = " x ".join(map(str, shape))
        raise ValueError(
            f"To make segments of all superpixels of {size} pixels takes about {needed / 1e6:.0f} "
            f"MB, and {max(left, 0) / 1e6:.0f} MB are left: allow more memory, take a part of the "
            "image, or a coarser level of it."
        )
    return cast(Blockwise, fit.method.blockwise()).grid(shape)


def _tile(
    fit: Fit, shape: tuple[int, ...], tile: int | None, memory: int | None, halo: int
) -> tuple[int, ...]:
    if tile is None:
        used = psutil.Process().memory_info().rss
        free = psutil.virtual_memory().available
        left = min((memory or free // 2) - used, free)
        return tile_within(fit.method, fit.in_channels, fit.ndim, shape, left, beyond=halo)
    if tile < fit.stride or tile % fit.stride:
        raise ValueError(
            f"Tiles of {tile} pixels do not fit {fit.method.title}: take a multiple of "
            f"{fit.stride}."
        )
    return (1,) * (len(shape) - fit.ndim) + (tile,) * fit.ndim
