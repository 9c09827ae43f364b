"""Colours and words of the disagreement: of segments, or of objects. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from napari_selfseg.metrics import FOUND, MERGED, MISSED, SPLIT, WRONG

__all__ = ["COLOURS", "LOOKS", "OBJECTS", "Look", "legend", "of_objects", "of_pixels"]

Look = Literal["segments", "objects"]

SEGMENTS: Final = "segments"
OBJECTS: Final = "objects"
LOOKS: Final[tuple[tuple[str, Look], ...]] = (
    ("Segments", SEGMENTS),
    ("Objects", OBJECTS),
)

# Apart for those who see colours otherwise, and apart from the stains of histology.
COLOURS: Final = {
    SPLIT: "#ffb000",
    MERGED: "#00c8ff",
    FOUND: "#c8d0d8",
    MISSED: "#ff0000",
    WRONG: "#b2ff99",
}
MEANINGS: Final[dict[Look, dict[int, str]]] = {
    SEGMENTS: {
        SPLIT: "<b>Split</b>{said}: another segment has more of the region.",
        MERGED: "<b>Merged</b>{said}: most of the segment lies in another region.",
    },
    OBJECTS: {
        FOUND: "<b>Found</b>{said}: IoU above 0.5.",
        MISSED: "<b>Missed</b>{said}: in the truth, not in the labels.",
        WRONG: "<b>Wrong</b>{said}: in the labels, not in the truth.",
        SPLIT: "<b>Split</b>{said}: one in the truth, several in the labels.",
        MERGED: "<b>Merged</b>{said}: several in the truth, one in the labels.",
    },
}
SWATCH: Final = '<span style="color: {colour}; font-size: large;">\u25a0</span> '


def legend(look: Look, said: Mapping[int, str]) -> str:
    """Say what each colour means, in rich text.

    `said` is how much there is of each kind; empty when none is shown.
    """
    lines = []
    for kind, meaning in MEANINGS[look].items():
        words = f" {said[kind]}" if said else ""
        lines.append(SWATCH.format(colour=COLOURS[kind]) + meaning.format(said=words))
    return "<br>".join(lines)


def of_pixels(shares: Mapping[int, float]) -> dict[int, str]:
    """Say how many pixels are of each kind, from their shares."""
    return {kind: f"{100 * share:.1f} % of pixels" for kind, share in shares.items()}


def of_objects(segments: Mapping[int, int], regions: Mapping[int, int]) -> dict[int, str]:
    """Say how many objects are of each kind, from the counts of the labels and of the truth."""
    n_segments, n_regions = sum(segments.values()), sum(regions.values())
    found = {kind: f"{regions[kind]} of {n_regions}" for kind in (FOUND, MISSED, SPLIT, MERGED)}
    return {**found, WRONG: f"{segments[WRONG]} of {n_segments}"}
