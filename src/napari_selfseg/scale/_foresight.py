"""What learning and labelling a large image are going to take, before anything is learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from napari_selfseg.protocol import (
    Estimate,
    Grid,
    Method,
    Throughput,
    bytes_to_predict,
    estimate,
    label_dtype,
    measure_throughput,
    seconds_to_predict,
)
from napari_selfseg.scale._sampling import COUNT
from napari_selfseg.scale._tile_size import LARGEST, halo_of, tile_within

__all__ = ["Foresight", "foreseen"]

# Sides of samples that are tried, by number of axes: as many pixels in a cube as in a square.
SIDES = {2: (256, 192, 128, 96, 64), 3: (40, 32, 24, 16)}
# Coarser levels of half the sides add a third.
LEVELS = 4 / 3


@dataclass(frozen=True)
class Foresight:
    """How a large image is taken apart, and what that takes.

    Attributes
    ----------
    sample : int
        Side of the samples to learn from, at most.
    tile : tuple of int
        Of a tile.
    tiles : int
        How many there are.
    estimate : Estimate
        Time of learning and of all tiles; memory of whichever needs more, at most.
    disk : int
        Bytes of the labels with coarser levels, before compression.
    """

    sample: int
    tile: tuple[int, ...]
    tiles: int
    estimate: Estimate
    disk: int


def foreseen(
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
    threads: int | None = None,
    masked: bool = False,
    throughput: Throughput | None = None,
) -> Foresight:
    """Say how an image is labelled by tiles within some memory.

    Parameters
    ----------
    shape : sequence of int
        Of the image, along its spatial axes.
    in_channels : int
        Its channels.
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
    device, precision, threads, masked, throughput
        As for `estimate`.

    Returns
    -------
    Foresight

    Raises
    ------
    ValueError
        When not even small samples or tiles fit.
    """
    tile = tile_within(method, in_channels, ndim, shape, memory, largest)
    how: dict[str, Any] = {"device": device, "precision": precision, "threads": threads}
    rates = throughput or measure_throughput(**how)

    def taken(sides: Sequence[int], images: int = 1) -> Estimate:
        given: dict[str, Any] = {**how, "images": images, "masked": masked, "throughput": rates}
        return estimate(sides, in_channels, method, **given)

    halo = halo_of(method)
    sides = [min(side, n) for side, n in zip(tile, shape, strict=True)]
    read = [min(side + 2 * halo, n) for side, n in zip(sides, shape, strict=True)][-ndim:]
    each = seconds_to_predict(method, in_channels, read, rates)
    labelling = each * prod(shape) / prod(sides)
    needed = bytes_to_predict(method, in_channels, read)
    sample, seconds = 0, labelling
    if not learned:
        sample, learning = _sample(shape[-ndim:], memory, taken)
        seconds, needed = seconds + learning.seconds, max(needed, learning.bytes)
    return Foresight(
        sample=sample,
        tile=tile,
        tiles=len(Grid(tuple(shape), tile, (0,) * len(shape))),
        estimate=Estimate(each, seconds, needed),
        disk=int(prod(shape) * np.dtype(label_dtype(method.n_classes)).itemsize * LEVELS),
    )


def _sample(
    shape: Sequence[int], memory: int, taken: Callable[[Sequence[int], int], Estimate]
) -> tuple[int, Estimate]:
    """Return the side of the largest samples that can be learned from, and what that takes."""
    for side in SIDES[len(shape)]:
        found = taken([min(side, n) for n in shape], COUNT)
        if found.bytes <= memory:
            return side, found
    raise ValueError(
        f"Learning from {COUNT} samples of {side} pixels needs about {found.bytes / 1e6:.0f} MB, "
        f"and {max(memory, 0) / 1e6:.0f} MB are left: allow more memory, or train a smaller "
        "network."
    )
