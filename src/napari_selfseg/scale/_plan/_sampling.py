"""Pieces of a large image to learn from, spread over it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.protocol import Method, bytes_needed
from napari_selfseg.scale._plan._source import Source

__all__ = ["COUNT", "Piece", "learned_from", "samples", "samples_of", "side_within", "sides_of"]

Piece = tuple[NDArray[Any], NDArray[np.bool_] | None]
# Samples of an image, unless somebody says otherwise.
COUNT = 4
# Of objects there are many kinds in an image, and they are larger than what tells classes apart.
_OF_OBJECTS = 8
# Sides of samples by number of axes, from the largest to the smallest that is of any use: as many
# pixels in a cube as in a square.
_LARGEST = 256
_SIDES = {2: (256, 192, 128, 96, 64), 3: (40, 32, 24, 16)}
_SIDES_OF_OBJECTS = {2: (512, 384, 256, 192, 128), 3: (64, 48, 40, 32)}
# Of places tried, so that some may be without data.
SPARE = 4


def samples_of(method: Method) -> int:
    """Return how many samples of an image a method learns from, unless somebody says otherwise."""
    return COUNT if method.tilewise() is None else _OF_OBJECTS


def sides_of(method: Method, ndim: int) -> tuple[int, ...]:
    """Return the sides of samples of `ndim` axes to choose from, the largest first."""
    return (_SIDES if method.tilewise() is None else _SIDES_OF_OBJECTS)[ndim]


def side_within(
    method: Method, in_channels: int, shape: Sequence[int], count: int, memory: int
) -> int | None:
    """Return the side of the largest samples that fit into so many bytes; None where none do.

    `shape` is that of the image along the axes of a sample; `memory` is beyond what the process
    holds already.
    """
    for side in sides_of(method, len(shape)):
        sides = [min(side, n) for n in shape]
        if bytes_needed(sides, in_channels, method, images=count) <= memory:
            return side
    return None


def learned_from(
    source: Source, method: Method, ndim: int, count: int | None = None, size: int | None = None
) -> list[Piece]:
    """Take the pieces of an image that a method learns from.

    Parameters
    ----------
    ndim : int
        Axes of a piece.
    count, size : int, optional
        As for `samples`; what suits the method by default.

    Returns
    -------
    list of (ndarray, ndarray of bool or None)
        As from `samples`. Where objects are to be found, an image that is no larger than all pieces
        is one piece.
    """
    count, shape = count or samples_of(method), source.shape
    if method.tilewise() is None:
        return samples(source, count, size or _LARGEST, ndim)
    size = size or sides_of(method, ndim)[0]
    if len(shape) == ndim and prod(shape) <= count * size**ndim:
        count, size = 1, max(shape)
    return samples(source, count, size, ndim)


def samples(source: Source, count: int, size: int, ndim: int = 2) -> list[Piece]:
    """Take pieces of equal size, evenly spread over an image.

    The image is divided into blocks, as many as pieces are wanted along each axis; of each block
    the middle is taken. A piece without data or of one value teaches nothing and is left out, and
    a finer division is tried where too few are left.

    Parameters
    ----------
    count : int
        How many pieces, at most.
    size : int
        Their sides along the last `ndim` axes, at most.
    ndim : int
        Spatial axes of a piece.

    Returns
    -------
    list of (ndarray, ndarray of bool or None)
        Pieces with channels last, if any, and where they have data.

    Raises
    ------
    ValueError
        When no piece has anything to learn from.
    """
    shape = source.shape
    found: list[Piece] = []
    read: list[Piece] = []
    for each in range(1, SPARE + 1):
        boxes = _boxes(shape, count * each, size, ndim)
        read = [source.read(box, ndim) for box in boxes]
        found = [piece for piece in read if _teaches(*piece, source.n_channels)]
        if len(found) >= min(count, len(boxes)):
            break
    if not found and not any(valid is None or valid.any() for _, valid in read):
        raise ValueError(
            "No sample of the image holds data, only what stands for none: train a model on a part "
            "that has, and apply it."
        )
    if not found:
        raise ValueError(
            "No sample of the image has anything in it to learn from: train a model on a part that "
            "has, and apply it."
        )
    # Of more than enough take those that are spread most evenly, not the first.
    keep = np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int)
    return [found[k] for k in keep]


def _boxes(shape: tuple[int, ...], count: int, size: int, ndim: int) -> list[tuple[slice, ...]]:
    """Return the middles of about `count` blocks of the image."""
    sides = [1] * (len(shape) - ndim) + [min(size, n) for n in shape[len(shape) - ndim :]]
    room = [max(n // side, 1) for n, side in zip(shape, sides, strict=True)]
    blocks = [1] * len(shape)
    while np.prod(blocks) < count and any(b < r for b, r in zip(blocks, room, strict=True)):
        # Along the axis whose blocks are longest, in pieces.
        longest = max(range(len(shape)), key=lambda k: room[k] / blocks[k])
        blocks[longest] += 1
    starts = [
        [int((k + 0.5) * n / b - side / 2) for k in range(b)]
        for n, b, side in zip(shape, blocks, sides, strict=True)
    ]
    return [
        tuple(slice(max(a, 0), max(a, 0) + side) for a, side in zip(corner, sides, strict=True))
        for corner in product(*starts)
    ]


def _teaches(image: NDArray[Any], valid: NDArray[np.bool_] | None, n_channels: int) -> bool:
    pixels = (image if valid is None else image[valid]).reshape(-1, n_channels)
    return bool((pixels != pixels[:1]).any())
