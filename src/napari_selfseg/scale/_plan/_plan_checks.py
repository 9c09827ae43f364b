"""What a plan has to be before anybody works by it."""

from __future__ import annotations

from napari_selfseg.outlines import SUPERPIXELS
from napari_selfseg.protocol import Grid, Method
from napari_selfseg.remedies import OUTLINES

__all__ = ["MOST_TILES", "check_grid", "check_in_parts"]

# Each has a mark in the work folder; more of them no file system lists in reasonable time.
MOST_TILES = 10_000_000


def check_grid(grid: Grid) -> None:
    """Refuse tiles that cannot be, or are too many; ValueError says what to do."""
    sizes = (*grid.shape, *grid.tile)
    if not len(grid.shape) == len(grid.tile) == len(grid.halo) or not grid.shape:
        raise ValueError(
            f"shape {grid.shape}, tile {grid.tile} and halo {grid.halo} differ in their axes."
        )
    if min(sizes) < 1 or min(grid.halo) < 0:
        raise ValueError(f"tiles of {grid.tile} with a halo of {grid.halo} are none.")
    n = len(grid)
    if n > MOST_TILES:
        raise ValueError(
            f"{n} tiles are too many, at most {MOST_TILES} can be done: take larger ones (--tile), "
            "or let --memory choose."
        )


def check_in_parts(method: Method) -> None:
    """Refuse in tiles what depends on all of an image: outlines along it."""
    if method.outlines != SUPERPIXELS:
        raise ValueError(
            "Outlines that follow the image need all of it in memory, and tiles are parts of it: "
            f"{OUTLINES}."
        )
