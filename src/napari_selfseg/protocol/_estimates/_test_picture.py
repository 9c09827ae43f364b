"""Something to try a method on: as rough as a photograph, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["blocks", "mask", "picture", "scribbles"]

OCTAVES = 6
# Weight of noise of twice the size.
COARSER = 1.6
BLOCK = 8
# Distance and radius of objects, in pixels.
STEP = 20
RADIUS = 9


def picture(shape: Sequence[int], channels: int, *, objects: bool = False) -> NDArray[np.float32]:
    """Draw noise of every size, the larger the stronger: ``(*spatial, C)``.

    With `objects` bright discs, or balls, lie in it: some apart, some in touch.
    """
    rng = np.random.default_rng(0)
    total = np.zeros((*shape, channels), np.float32)
    for octave in range(OCTAVES):
        coarse = [-(-n // 2**octave) + 1 for n in shape]
        grid = rng.random((*coarse, channels), np.float32)
        fine = ndimage.zoom(grid, [2**octave] * len(shape) + [1], order=1)
        total += COARSER**octave * fine[tuple(slice(n) for n in shape)]
    if objects:
        total += 2 * COARSER**OCTAVES * _discs(shape)[..., np.newaxis]
    return total


def _discs(shape: Sequence[int]) -> NDArray[np.bool_]:
    # Every second row of them is moved by half a step, so that pairs touch.
    places = np.indices(shape)
    row = places[0] // STEP
    away = [(places[0] % STEP - STEP // 2) ** 2]
    away += [((axis + row * STEP // 2) % STEP - STEP // 2) ** 2 for axis in places[1:]]
    inside: NDArray[np.bool_] = sum(away[1:], away[0]) <= (RADIUS + (row % 2)) ** 2
    return inside


def blocks(shape: Sequence[int]) -> NDArray[np.int32]:
    """Cut it into blocks, from 1."""
    coarse = [-(-n // BLOCK) for n in shape]
    numbers = np.arange(1, np.prod(coarse) + 1, dtype=np.int32).reshape(coarse)
    return numbers[np.ix_(*(np.arange(n) // BLOCK for n in shape))]


def mask(shape: Sequence[int]) -> NDArray[np.bool_]:
    """Leave out a corner: True where there are data."""
    seen = np.ones(shape, bool)
    seen[tuple(slice(n // 4) for n in shape)] = False
    return seen


def scribbles(shape: Sequence[int]) -> NDArray[Any]:
    """Draw two classes, from 1, along opposite borders; 0 elsewhere."""
    drawn = np.zeros(shape, np.uint8)
    drawn[..., -1], drawn[..., 0] = 2, 1
    return drawn
