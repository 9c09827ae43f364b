"""What a tile has left in the work folder for later passes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import whole_file
from napari_selfseg.scale._plan._plan import Plan

__all__ = ["leave", "loaded"]


def leave(plan: Plan, folder: str, number: int, **arrays: Any) -> None:
    """Keep arrays of a tile.

    Parameters
    ----------
    plan : Plan
        Of the image.
    folder : str
        Kind of what is kept.
    number : int
        Of the tile.
    **arrays
        By name.
    """
    with whole_file(plan.beside(folder, f"{number}.npz")) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)


def loaded(plan: Plan, folder: str, number: int, *names: str) -> list[NDArray[Any]]:
    """Read what a tile has left.

    Parameters
    ----------
    plan : Plan
        Of the image.
    folder : str
        Kind of what it has left.
    number : int
        Of the tile.
    *names : str
        Which arrays.

    Returns
    -------
    list of ndarray
    """
    with np.load(plan.beside(folder, f"{number}.npz")) as found:
        return [found[name] for name in names]
