"""The one choice that scripts, commands, batches and docks share: whole, by planes or by tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

__all__ = ["Way", "choose_way"]

Way = Literal["whole", "planes", "tiles"]


def choose_way(ndim: int, *, along: bool, tiled: bool, fits: Callable[[], bool]) -> Way:
    """Choose how an image is labelled.

    Parameters
    ----------
    ndim : int
        Spatial axes of the image; a single plane is no stack, whatever is asked for stacks.
    along : bool
        Whether a stack is to be gone along, plane by plane.
    tiled : bool
        Whether somebody asked for tiles, or some are done already.
    fits : callable
        Says whether there is the memory for the whole; asked where nothing else decides.
    """
    if along and ndim > 2:
        return "planes"
    return "tiles" if tiled or not fits() else "whole"
