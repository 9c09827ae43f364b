"""An image as a collection: the planes of a stack, the tiles of a large plane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.scale._planes._slices import Planes

__all__ = ["planes", "spots", "tiles"]


def planes(image: NDArray[Any], channel_axis: int | None, axis: int = 0) -> list[NDArray[Any]]:
    """Take a stack, ``(z, y, x)`` with channels along `channel_axis`, apart.

    `axis` is among the spatial ones. Planes are views; channels, if any, are last.

    Raises
    ------
    ValueError
        When it is no stack.
    """
    if image.ndim - (channel_axis is not None) != 3:
        raise ValueError(f"An image of shape {image.shape} is no stack of planes.")
    return list(Planes(image, axis, channel_axis))


def tiles(image: NDArray[Any], channel_axis: int | None, size: int) -> list[NDArray[Any]]:
    """Cut a plane into tiles of about equal size, at most `size` pixels a side, that cover it.

    Tiles are views; channels, if any, are last.

    Raises
    ------
    ValueError
        When the size is not positive, or it is no plane.
    """
    if size < 1:
        raise ValueError(f"A tile of {size} pixels is none: give its longest side.")
    last = image if channel_axis is None else np.moveaxis(image, channel_axis, -1)
    if last.ndim - (channel_axis is not None) != 2:
        raise ValueError(f"An image of shape {image.shape} is no plane: take its planes first.")
    return [last[spot] for spot in spots(last.shape[:2], size)]


def spots(shape: Sequence[int], size: int) -> Iterator[tuple[slice, ...]]:
    """Say where the tiles of an array lie, at most `size` pixels long, row by row."""
    yield from product(*(_parts(length, size) for length in shape))


def _parts(length: int, size: int) -> list[slice]:
    each = np.array_split(np.arange(length), -(-length // size))
    return [slice(int(part[0]), int(part[-1]) + 1) for part in each]
