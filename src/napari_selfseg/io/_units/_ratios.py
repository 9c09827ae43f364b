"""How many of one unit of length another one is."""

from __future__ import annotations

from napari_selfseg.io._units._unit_names import length, plain

__all__ = ["units_in"]


def units_in(one: str, other: str) -> float | None:
    """Return how many of another unit of length one is, such as 1000 um in a mm.

    Units have any name; None where one is no unit of length.
    """
    first, second = length(plain(one)), length(plain(other))
    return None if first is None or second is None else float(first[1] / second[1])
