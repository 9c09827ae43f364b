"""What to do about a refusal of the core, in flags."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from napari_selfseg import remedies

__all__ = ["in_flags"]

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        remedies.NAN: "replace them, or give segment a --mask FILE that is 0 in these pixels",
        remedies.NO_PIXEL: "The mask is 0 everywhere: it is 0 only where there are no data",
        remedies.CHANNEL_AXIS: "give one plane or volume, or go along the stack with --carry",
        remedies.CHANNELS: "give an image with the same channels in the same order",
        remedies.PLANES: "fit more of them (--planes-fitted), or replace the NaN",
        remedies.ALONG: "go along it with --carry, or give planes",
        remedies.TILE_BY_TILE: "leave out --carry, so that it goes tile by tile",
        remedies.OUTLINES: "give --outlines superpixels, or leave out --memory and --tile",
        remedies.TRAINED_OTHERWISE: (
            "leave these flags out to go on with its own, or choose another file"
        ),
    }
)


def in_flags(sentence: str) -> str:
    """Say in flags what a sentence says in arguments.

    Parameters
    ----------
    sentence : str
        Of an error.

    Returns
    -------
    str
    """
    return remedies.reworded(sentence, WORDS)
