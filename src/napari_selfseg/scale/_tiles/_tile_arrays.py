"""What a tile has left in the work folder for later passes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import atomic_file
from napari_selfseg.scale._plan._plan import Plan

__all__ = ["load_arrays", "save_arrays"]


def save_arrays(plan: Plan, folder: str, number: int, **arrays: Any) -> None:
    """Keep arrays of a tile, by name, among others of one kind (`folder`)."""
    with atomic_file(plan.beside(folder, f"{number}.npz")) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)


def load_arrays(plan: Plan, folder: str, number: int, *names: str) -> list[NDArray[Any]]:
    """Read arrays, by name, that `save_arrays` has kept of a tile."""
    with np.load(plan.beside(folder, f"{number}.npz")) as found:
        return [found[name] for name in names]
