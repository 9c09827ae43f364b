"""Pieces of a large image to learn from, spread over it."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.scale._plan._source import Source

__all__ = ["COUNT", "Piece", "samples"]

Piece = tuple[NDArray[Any], NDArray[np.bool_] | None]
# Samples of an image, unless somebody says otherwise.
COUNT = 4
# Of places tried, so that some may be without data.
SPARE = 4


def samples(source: Source, count: int, size: int, ndim: int = 2) -> list[Piece]:
    """Take pieces of equal size, evenly spread over an image.

    The image is divided into blocks, as many as pieces are wanted along each axis; of each block
    the middle is taken. A piece without data or of one value teaches nothing and is left out, and
    a finer division is tried where too few are left.

    Parameters
    ----------
    source : Source
        The image.
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
