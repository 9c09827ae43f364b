"""Quick shift: each pixel follows its nearest neighbour of higher density."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import quickshift

from napari_selfseg.colours import lab
from napari_selfseg.labelmaps import split
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._tidy import merge_small

__all__ = ["Quickshift"]

# Ties are broken by noise from a generator of its own; this is scikit-image's seed.
_SEED = 42


class Quickshift(Superpixels):
    """Quick shift in the joint domain of place and colour.

    With P the Gaussian density of the points (place, ratio * colour), each pixel points to the
    nearest one of higher P within `max_dist`; a tree of pointers is a superpixel. Trees may lie
    in several pieces: these are taken apart, and the small ones join the neighbour of the nearest
    colour. The spacing is not used: pixels count as square.

    Notes
    -----
    Vedaldi & Soatto (2008), Quick shift and kernel methods for mode seeking,
    doi:10.1007/978-3-540-88693-8_52. Computed by scikit-image.
    """

    name: ClassVar[str] = "quickshift"
    title: ClassVar[str] = "Quick shift"
    ndims: ClassVar[tuple[int, ...]] = (2,)
    connectivity: ClassVar[int] = 1

    kernel_size: float = parameter(
        5.0,
        "Width of the Gaussian of the density; high values give larger superpixels.",
        minimum=1.0,
        maximum=1000,
        unit="pixels",
        source="scikit-image",
        words="Smoothing",
    )
    max_dist: float = parameter(
        10.0,
        "Longest pointer in place and colour; high values give larger superpixels.",
        minimum=0.0,
        maximum=10000,
        unit="pixels",
        source="scikit-image",
        words="Reach",
    )
    ratio: float = parameter(
        1.0,
        "Weight of colour against place.",
        minimum=0.0,
        maximum=1.0,
        source="scikit-image",
        words="Weight of colour",
    )
    min_size: int = parameter(
        20,
        "Smaller pieces are merged into a neighbour.",
        minimum=1,
        maximum=2147483647,
        unit="pixels",
        words="Smallest size",
    )

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        colours = lab(image)
        trees = quickshift(
            colours,
            ratio=self.ratio,
            kernel_size=self.kernel_size,
            max_dist=self.max_dist,
            convert2lab=False,
            rng=_SEED,
        )
        pieces = split(np.where(mask, trees + 1, 0), self.connectivity)
        return merge_small(pieces, self.min_size, colours)
