"""What a planned image was: a hash a tile, so that another one is not labelled unnoticed."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import atomic_file
from napari_selfseg.protocol import Grid
from napari_selfseg.scale._plan._ledger import Ledger
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._source import Source

__all__ = ["check_begin", "check_tile", "hash_of", "is_as_planned", "keep_hashes", "tile_hash"]

NAMES = ("source", "superpixels")


def hash_of(pixels: NDArray[np.generic]) -> str:
    """Return the SHA-256 of pixels, as hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest()


def tile_hash(source: Source, grid: Grid, number: int) -> str:
    """Read a tile, without its halo, and return its hash."""
    return hash_of(source.read(grid.inner(number), len(grid.shape))[0])


def keep_hashes(plan: Plan, *, every: bool) -> None:
    """Keep hashes of tiles of the files of a plan, with their halo; arrays are not read.

    With `every` of every tile, for which the files are read once, else of the first one alone.
    """
    for name in NAMES:
        source: Source | None = getattr(plan, name)
        if source is not None and isinstance(source.image, str):
            numbers = range(len(plan.grid) if every else 1)
            hashes = [_read(plan, name, number) for number in numbers]
            with atomic_file(plan.beside(f"{name}.npy")) as part, part.open("wb") as file:
                np.save(file, np.array(hashes))


def is_as_planned(plan: Plan, name: str, number: int) -> bool:
    """Say whether a tile is what it was when it was planned; reads it, with its halo.

    True where no hash of it was kept.
    """
    planned = _planned(plan, name, number)
    return planned is None or planned == _read(plan, name, number)


def _planned(plan: Plan, name: str, number: int) -> str | None:
    path = plan.beside(f"{name}.npy")
    try:
        return str(np.load(path, mmap_mode="r")[number])
    except (FileNotFoundError, IndexError):
        return None
    except Exception as error:  # NumPy reads what its head says, as Python
        raise ValueError(f"{path} is damaged, plan the labels anew: {error}") from None


def _read(plan: Plan, name: str, number: int) -> str:
    source: Source = getattr(plan, name)
    # What is predicted hangs on the halo too; superpixels vote without one.
    box = plan.grid.outer(number) if name == "source" else plan.grid.inner(number)
    return hash_of(source.read(box, len(plan.shape))[0])


def check_tile(plan: Plan, name: str, number: int, pixels: NDArray[np.generic]) -> None:
    """Refuse a tile that is not what it was when it was planned.

    `pixels` is what was read, of an image with the halo.
    """
    planned = _planned(plan, name, number)
    if planned is not None and planned != hash_of(pixels):
        raise _changed(plan, name)


def check_begin(plan: Plan, part: range) -> None:
    """Refuse images that changed since they were planned, seen by the first tile of `part`.

    Raises
    ------
    ValueError
        When one changed.
    OSError
        When one cannot be read.
    """
    done = Ledger(plan.work).done(plan.passes[0])
    first = next((number for number in part if number not in done), None)
    if first is None:
        return
    for name in NAMES:
        source: Source | None = getattr(plan, name)
        if source is None or not isinstance(source.image, str):
            continue
        if source.shape != plan.shape or not is_as_planned(plan, name, first):
            raise _changed(plan, name)


def _changed(plan: Plan, name: str) -> ValueError:
    source: Source = getattr(plan, name)
    return ValueError(
        f"{source.name} has changed since it was planned: put back what was there, or delete "
        f"{plan.labels} and {plan.work} and begin anew."
    )
