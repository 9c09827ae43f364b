"""What to do about a refusal, as a script does it; the docks and the command line say it otherwise.

A sentence of the core ends in one of these. Whoever shows it to somebody who has no arguments in
front of him puts his own words in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "ALONG",
    "CHANNELS",
    "CHANNEL_AXIS",
    "NAN",
    "NO_PIXEL",
    "OTHER_ALGORITHM",
    "OUTLINES",
    "PLANES",
    "TILE_BY_TILE",
    "TRAINED_OTHERWISE",
    "reworded",
]

NAN: Final = "replace them, or mask them out (in Python mask=np.isfinite(image))"
NO_PIXEL: Final = "The mask leaves no pixel: mark the pixels with data as True"
CHANNEL_AXIS: Final = (
    "say which axis holds the channels (channel_axis), or take one plane or volume"
)
OTHER_ALGORITHM: Final = "choose another superpixel algorithm or segment slice by slice"
CHANNELS: Final = "pass the same channels in the same order"
PLANES: Final = "fit more planes, or mask what is no data"
ALONG: Final = "let the recipe go along it (carry), or give planes"
TILE_BY_TILE: Final = "leave carry out of the recipe, so that it goes tile by tile"
OUTLINES: Final = 'choose outlines="superpixels", or label the image as a whole'
TRAINED_OTHERWISE: Final = "leave them out to go on with its own, or choose another file"


def reworded(sentence: str, words: Mapping[str, str]) -> str:
    """Put other words in the place of the remedies in a sentence."""
    for remedy, ours in words.items():
        sentence = sentence.replace(remedy, ours)
    return sentence
