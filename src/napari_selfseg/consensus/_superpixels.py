"""Segments of a consensus as the superpixels of other methods."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._image_evidence import ImageEvidence
from napari_selfseg.consensus._image_features import Pixels
from napari_selfseg.consensus._sources import SOURCES, Borders, Parts, Whole
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels import ContourWatershed, Superpixels

__all__ = ["ConsensusSuperpixels"]

# Height of borders, not read where a number of segments is asked for.
LEVEL = 0.59


class ConsensusSuperpixels(Superpixels):
    """A tree of segments without labels or networks, cut into as many as wanted.

    The tree of `napari_selfseg.Consensus` with its defaults: a stand-in, made from the image alone,
    for the superpixels of MCG and gPb, which were trained on people's outlines and which the papers
    of DIC (doi:10.1109/ACCESS.2020.2974496) and DSC use.
    """

    name: ClassVar[str] = "consensus"
    title: ClassVar[str] = "Consensus"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    n_segments: int = parameter(
        100,
        "How many superpixels to make.",
        minimum=1,
        maximum=2147483647,
        words="Number of pieces",
    )
    seed: int = parameter(
        0,
        "Seed of the clusters of pixels: the same seed gives the same superpixels again.",
        minimum=0,
        maximum=2**31 - 1,
        words="Random start",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """See `Superpixels.bytes_a_pixel`."""
        return 420

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        # Twice as many small ones at least, so that there is something to choose from.
        count = ContourWatershed.usual(int(mask.sum()))
        small = ContourWatershed(n_segments=max(count, 2 * self.n_segments))
        pieces = small(image, spacing=spacing.tolist(), mask=mask)
        evidence, parts = ImageEvidence(Borders.of(pieces)), Parts(Whole(image, mask), self.seed)
        evidence.look = Pixels(parts)
        for source in SOURCES:
            deque(evidence.hear(source, parts), maxlen=0)
        tree = evidence.hierarchy(LEVEL).tree
        segments = tree.cut(self.n_segments)
        return np.concatenate(([0], segments))[pieces]
