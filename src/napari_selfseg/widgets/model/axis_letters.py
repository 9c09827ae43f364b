"""Names of axes as the letters that files have for them; no Qt and no napari here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["DEPTHS", "PLANE", "TIMES", "Lettered", "lettered", "place_of_axes"]

TIMES: Final = ("t", "time", "frame", "frames")
DEPTHS: Final = ("z", "depth")
SLIDERS: Final = "tz"
PLANE: Final = "yx"
MOST: Final = 4
# Letters of all axes, and those of them that nobody has named.
Lettered = tuple[str, str]


def lettered(names: Sequence[str]) -> Lettered | None:
    """Return a letter for each axis, and those of them that stand for axes without a name.

    The last two are those of the plane. None where there are more axes than letters.
    """
    if len(names) > MOST:
        return None
    said = [_letter(name) for name in names[:-2]]
    letters = SLIDERS if len(said) == len(SLIDERS) else "".join(each or "z" for each in said)
    unnamed = (to for to, name in zip(letters, said, strict=True) if to != name)
    return letters + PLANE, "".join(unnamed)


def place_of_axes(names: Sequence[str]) -> dict[str, str]:
    """Return what the axes are, as options of `write_labels`; nothing where it takes none so."""
    axes, unnamed = lettered(names) or ("", "")
    if not axes:
        return {}
    return {"axes": axes, "unnamed": unnamed} if unnamed else {"axes": axes}


def _letter(name: str) -> str:
    """Return what a name says; nothing for one that is neither time nor depth."""
    known = name.strip().lower()
    return "t" if known in TIMES else "z" if known in DEPTHS else ""
