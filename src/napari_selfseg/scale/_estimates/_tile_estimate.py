"""What learning and labelling a large image are going to take, before anything is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from napari_selfseg.protocol import (
    Estimate,
    Grid,
    Method,
    Tried,
    bytes_needed,
    bytes_to_predict,
    estimate,
    label_dtype,
    seconds_to_predict,
)
from napari_selfseg.scale._plan._in_blocks import blockwise_of, bytes_to_join
from napari_selfseg.scale._plan._sampling import samples_of, sides_of
from napari_selfseg.scale._plan._tile_size import LARGEST, halo_of, tile_within

__all__ = ["TileLayout", "estimate_tiles", "lay_out_tiles"]

# Bytes a pixel that blocks, or tiles of objects, keep on the disk of what they have found, before
# all is joined.
FOUND = 1.0
# Coarser levels of half the sides add a third.
LEVELS = 4 / 3


@dataclass(frozen=True)
class TileLayout:
    """How a large image is taken apart, and the room that takes.

    Attributes
    ----------
    sample : int
        Side of the samples to learn from, at most; 0 where nothing is to be learned.
    tile : tuple of int
        Of a tile.
    tiles : int
        How many there are.
    bytes : int
        Memory of learning or of a tile, whichever needs more, at most.
    disk : int
        Bytes of the labels with coarser levels, before compression.
    """

    sample: int
    tile: tuple[int, ...]
    tiles: int
    bytes: int
    disk: int


def lay_out_tiles(
    shape: Sequence[int],
    in_channels: int,
    method: Method,
    *,
    memory: int,
    ndim: int = 2,
    learned: bool = False,
    largest: int = LARGEST,
    device: str = "auto",
    precision: str = "auto",
    masked: bool = False,
) -> TileLayout:
    """Say how an image is labelled by tiles within some memory.

    Parameters
    ----------
    shape : sequence of int
        Of the image, along its spatial axes.
    method : Method
        What is to be trained, or was.
    memory : int
        Bytes beyond what the process holds already.
    ndim : int
        Axes of a sample and of a tile.
    learned : bool
        Whether there is a fit already.
    largest : int
        Side of the largest tile wanted.
    device, precision, masked
        As for `estimate`.

    Raises
    ------
    ValueError
        When not even small samples or tiles fit.
    """
    if (blockwise := blockwise_of(method, tuple(shape), ndim)) is not None:
        return _in_blocks(blockwise.grid(tuple(shape)), in_channels, method, memory)
    tile = tile_within(method, in_channels, ndim, shape, memory, largest)
    needed = bytes_to_predict(method, in_channels, _read(tile, shape, method, ndim)[-ndim:])
    sample = 0
    if not learned:
        how: dict[str, Any] = {"device": device, "precision": precision, "masked": masked}
        sample, learning = _sample(shape[-ndim:], in_channels, method, memory, how)
        needed = max(needed, learning)
    return TileLayout(
        sample=sample,
        tile=tile,
        tiles=len(Grid(tuple(shape), tile, (0,) * len(shape))),
        bytes=needed,
        disk=int(prod(shape) * _depth(method)),
    )


def _depth(method: Method) -> float:
    """Return bytes a pixel on the disk."""
    if method.tilewise() is not None:
        return 4 * LEVELS + FOUND
    return np.dtype(label_dtype(method.n_classes)).itemsize * LEVELS


def _in_blocks(grid: Grid, in_channels: int, method: Method, memory: int) -> TileLayout:
    at_work = bytes_to_predict(method, in_channels, [side + 2 * h for side, h in _sides(grid)])
    needed = max(at_work, bytes_to_join(grid.shape))
    if needed > memory:
        raise ValueError(
            f"Making segments of the superpixels of so many pixels needs about {needed / 1e6:.0f} "
            f"MB, and {max(memory, 0) / 1e6:.0f} MB are left: allow more memory, or take a part of "
            "the image."
        )
    # Labels and superpixels of 32 bits, and what blocks have found.
    disk = prod(grid.shape) * (4 * LEVELS + 4 + FOUND)
    return TileLayout(sample=0, tile=grid.tile, tiles=len(grid), bytes=needed, disk=int(disk))


def _sides(grid: Grid) -> list[tuple[int, int]]:
    return list(zip(grid.tile, grid.halo, strict=True))


def estimate_tiles(
    found: TileLayout,
    shape: Sequence[int],
    in_channels: int,
    method: Method,
    *,
    ndim: int = 2,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    masked: bool = False,
    trials: Tried | None = None,
) -> Estimate:
    """Estimate how long learning and all tiles take.

    Parameters
    ----------
    found : TileLayout
        How the image is taken apart.
    shape, in_channels, method, ndim
        As for `lay_out_tiles`.
    device, precision, threads, masked, trials
        As for `estimate`.

    Raises
    ------
    ValueError
        As `estimate`.
    """
    how: dict[str, Any] = {"device": device, "threads": threads, "trials": trials}
    inner = [min(side, n) for side, n in zip(found.tile, shape, strict=True)]
    each = seconds_to_predict(
        method, in_channels, _read(found.tile, shape, method, ndim)[-ndim:], **how
    )
    labelling = each * prod(shape) / prod(inner)
    if not found.sample:
        return Estimate(each, labelling, found.bytes)
    sides = [min(found.sample, n) for n in shape[-ndim:]]
    more: dict[str, Any] = {"precision": precision, "images": samples_of(method), "masked": masked}
    learning = estimate(sides, in_channels, method, **how, **more)
    likely = None if learning.likely is None else learning.likely + labelling
    return Estimate(each, learning.seconds + labelling, found.bytes, likely)


def _read(tile: Sequence[int], shape: Sequence[int], method: Method, ndim: int) -> list[int]:
    """Return the sides of what is read for a tile: it with its halo, within the image."""
    halo = halo_of(method, ndim)
    sides = [min(side, n) for side, n in zip(tile, shape, strict=True)]
    return [min(side + 2 * halo, n) for side, n in zip(sides, shape, strict=True)]


def _sample(
    shape: Sequence[int], in_channels: int, method: Method, memory: int, how: dict[str, Any]
) -> tuple[int, int]:
    """Return the side of the largest samples that can be learned from, and what they take."""
    count = samples_of(method)
    for side in sides_of(method, len(shape)):
        sides = [min(side, n) for n in shape]
        needed = bytes_needed(sides, in_channels, method, images=count, **how)
        if needed <= memory:
            return side, needed
    raise ValueError(
        f"Learning from {count} samples of {side} pixels needs about {needed / 1e6:.0f} MB, "
        f"and {max(memory, 0) / 1e6:.0f} MB are left: allow more memory, or train a smaller "
        "network."
    )
