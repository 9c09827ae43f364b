"""What kind of image it is: one of lines, of objects, or of regions."""

from __future__ import annotations

from typing import Literal, NamedTuple

from napari_selfseg.consensus._objects._objects import Objects
from napari_selfseg.superpixels._watersheds._lines import Lines

__all__ = ["Kind", "Wanted", "kind_of"]

Found = Literal["regions", "objects", "lines"]
Wanted = Literal["automatic", "regions", "objects", "lines", "dark_lines", "bright_lines"]


class Kind(NamedTuple):
    """Which way segments are made, and what was read off the image.

    Attributes
    ----------
    name : str
        ``"lines"``, ``"objects"`` or ``"regions"``.
    asked : bool
        Whether somebody said so.
    lines : Lines
        What there is of lines.
    objects : Objects or None
        What there is of objects; None where nobody looked.
    """

    name: Found
    asked: bool
    lines: Lines
    objects: Objects | None

    @property
    def words(self) -> str:
        """What was found, in a sentence."""
        how = "as asked for" if self.asked else "as found"
        if self.name == "lines":
            what = "dark" if self.lines.polarity > 0 else "bright"
            return f"Cells between {what} lines {2 * self.lines.sigma:.1f} pixels wide, {how}."
        if self.name == "objects" and self.objects is not None:
            share = 100 * self.objects.explained
            return f"Objects on a background, {how}: they explain {share:.0f} % of the colours."
        return f"Regions, {how}."


def kind_of(wanted: Wanted, lines: Lines, objects: Objects | None) -> Kind:
    """Decide how segments are made; `wanted` is what somebody asked for, or ``"automatic"``.

    Returns
    -------
    Kind
        Of lines where they are clear, of objects where these are, of regions otherwise.
    """
    if wanted == "regions" or wanted == "objects":
        return Kind(wanted, True, lines, objects)
    if wanted != "automatic":
        return Kind("lines", True, lines, objects)
    if lines.clear:
        return Kind("lines", False, lines, objects)
    if objects is not None and objects.clear:
        return Kind("objects", False, lines, objects)
    return Kind("regions", False, lines, objects)
