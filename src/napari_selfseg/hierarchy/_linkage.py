"""What decides which two neighbouring regions become one."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AVERAGE", "REGIONS", "Linkage"]


@dataclass(frozen=True)
class Linkage:
    """How a tree of segments is made; see `napari_selfseg.hierarchy.agglomerate`.

    Attributes
    ----------
    region_weight : float
        Weight of the histograms of two regions against the border between them, 0 to 1.
    power : float
        How much earlier small regions go; 0 lets sizes have no say.
    small : float
        Share of the image's pixels from which on a region is not small.
    relative : bool
        Whether a level is taken relative to the heights of the image (`height_at`).
    """

    region_weight: float = 0.0
    power: float = 0.0
    small: float = 0.0
    relative: bool = True


# Average linkage: the mean height along the border alone.
AVERAGE = Linkage()
# Measured on the training images of BSDS500 (docs/benchmarks.md).
REGIONS = Linkage(region_weight=0.4, power=0.2, small=0.03, relative=False)
