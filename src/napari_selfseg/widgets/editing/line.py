"""A line that somebody draws, as dots to see and as corners to keep; no Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

__all__ = ["dotted", "simplified"]

Point = tuple[int, ...]

# Pixels between two dots, and by which a line may pass its corners.
_DOTS: Final = 3
_STRAIGHT: Final = 0.7


def dotted(line: Sequence[Point]) -> list[list[float]]:
    """Return dots along a line, given by its corners; one a pixel would hide what is below."""
    if not line:
        return []
    corners = np.array(line, float)
    dots = [corners[:1]]
    for one, other in pairwise(corners):
        n = max(1, int(np.abs(other - one).max() // _DOTS))
        dots.append(one + (other - one) * np.arange(1, n + 1)[:, None] / n)
    return [list(map(float, each)) for each in np.concatenate(dots)]


def simplified(line: Sequence[Point]) -> list[Point]:
    """Leave out corners of a line that lie on the way between others.

    Raises
    ------
    ValueError
        When it is no line.
    """
    from skimage.measure import approximate_polygon

    corners = np.array(line)
    across = np.flatnonzero((corners != corners[0]).any(axis=0))
    if not len(across):
        raise ValueError("Draw a line, or click on both sides of the object.")
    if len(across) == 1:
        return [line[0], line[-1]]
    # Drawn in the plane in view, so along the other axes it stays where it is.
    plane = approximate_polygon(corners[:, across].astype(float), _STRAIGHT)
    found = np.repeat(corners[:1], len(plane), axis=0)
    found[:, across] = plane
    return [tuple(each) for each in found.tolist()]
