"""What to do about a refusal of the core, with what is in front of somebody; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from napari_selfseg import remedies

__all__ = ["ELSEWHERE", "SEGMENT", "in_dock"]

# By their names on the pages: "No data" has the entry "Leave out NaN".
SEGMENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        remedies.NAN: "choose No data: Leave out NaN, under More on the Set up page",
        remedies.NO_PIXEL: (
            "No data (under More) leaves out every pixel: choose another value or layer there"
        ),
        remedies.CHANNEL_AXIS: "choose Part: Plane in view, or another image",
        remedies.CHANNELS: (
            "choose that image on the Set up page, and check its channels under More, More channels"
        ),
        remedies.PLANES: "choose No data: Leave out NaN, or another way along the stack",
        remedies.OTHER_ALGORITHM: "choose other small starting pieces, or Part: Plane in view",
        remedies.OUTLINES: "choose Borders follow: superpixels, or an area that fits (under More)",
    }
)
# Docks without a No data chooser.
ELSEWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        remedies.NAN: (
            "replace them; the Segment dock can leave them out (No data: Leave out NaN)"
        ),
        remedies.NO_PIXEL: "No pixel has data: choose another image",
        remedies.CHANNEL_AXIS: "choose the plane in view, or another image",
        remedies.OTHER_ALGORITHM: "choose other small starting pieces, or the plane in view",
        remedies.CHANNELS: "choose an image with the same channels in the same order",
        remedies.PLANES: "choose another way under Stacks, or replace the NaN",
        remedies.ALONG: "choose a way along it under Stacks, or planes",
        remedies.TILE_BY_TILE: "choose the whole volume under Stacks, so that it goes tile by tile",
        remedies.OUTLINES: "choose Borders follow: superpixels, or allow more memory",
        remedies.TRAINED_OTHERWISE: (
            "set those it was trained with, choose another file, or uncheck Go on with this model"
        ),
    }
)


def in_dock(sentence: str, words: Mapping[str, str]) -> str:
    """Replace arguments in the sentence of an error by the names of choosers in the dock."""
    return remedies.reworded(sentence, words)
