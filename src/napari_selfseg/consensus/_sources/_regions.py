"""Regions at six scales, from the small parts of things to large ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from napari_selfseg.consensus._sources._seen import LabelMap, Seen
from napari_selfseg.superpixels._felzenszwalb import felzenszwalb_at

__all__ = ["regions"]

# Scale and smallest size, of regions from small to large, in an image of as many pixels or more.
# A smaller image has as many superpixels, smaller ones, and its regions are smaller as well.
LARGE: Final = 481 * 321
SCALES: Final = ((50, 50), (100, 100), (200, 150), (400, 200), (800, 400), (1600, 600))


def regions(seen: Seen) -> Iterator[LabelMap]:
    """Make a map of regions at each scale.

    Parameters
    ----------
    seen : Seen
        The image.

    Yields
    ------
    LabelMap
        Of the family "regions".
    """
    share = min(seen.mask.sum() / LARGE, 1.0)
    scales = [(share * scale, max(round(share * size), 1)) for scale, size in SCALES]
    for labels in felzenszwalb_at(seen.image, seen.mask, scales):
        yield LabelMap("regions", labels, int(labels.max()) + 1, mixed=False)
