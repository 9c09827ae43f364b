"""Where borders of labels turn or meet: a bit for each point between the pixels of an image."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled

__all__ = ["corners_of", "is_marked", "mark", "unmark"]

# Points lie in squares of 64 rows and 512 columns, a page of memory each, so that what is close by
# in the image is so in a file.


def corners_of(shape: tuple[int, int], file: IO[bytes] | None) -> NDArray[np.uint8]:
    """Return room for the points of an image, none of them marked; in a new file, or in memory."""
    size = (shape[0] // 64 + 1) * (shape[1] // 512 + 1) * 4096
    if file is None:
        return np.zeros(size, np.uint8)
    return np.memmap(file, np.uint8, "w+", shape=(size,))


@compiled
def _place(y: int, x: int, width: int) -> int:
    return ((y >> 6) * (width // 512 + 1) + (x >> 9)) * 4096 + (y & 63) * 64 + ((x & 511) >> 3)


@compiled
def mark(corners: NDArray[Any], y: int, x: int, width: int) -> None:
    """Mark a point of an image so wide."""
    corners[_place(y, x, width)] |= 1 << (x & 7)


@compiled
def unmark(corners: NDArray[Any], y: int, x: int, width: int) -> None:
    """Take a mark away."""
    corners[_place(y, x, width)] &= 255 - (1 << (x & 7))


@compiled
def is_marked(corners: NDArray[Any], y: int, x: int, width: int) -> bool:
    """Say whether a point is marked."""
    return bool(corners[_place(y, x, width)] >> (x & 7) & 1)
