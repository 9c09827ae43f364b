"""Watershed of lines or of contours, whichever an image has."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.grid import Box
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._block_by_block import block_by_block, blocks
from napari_selfseg.superpixels._contour_watershed import ContourWatershed
from napari_selfseg.superpixels._line_watershed import LineWatershed
from napari_selfseg.superpixels._lines import Lines, find_lines, lights

__all__ = ["AutomaticWatershed"]


class AutomaticWatershed(Superpixels):
    """Line watershed of cells with membranes between them, contour watershed of all else.

    Which of the two is read off the image: lines part it where borders of its basins are valleys
    rather than steps, more of them dark than bright or the other way round, and where they are a
    net rather than a few spots.

    An image larger than about 768 x 768 is cut in blocks, several at a time, and superpixels end
    where a block does. What makes segments of them, such as Consensus, sees no block.
    """

    name: ClassVar[str] = "automatic_watershed"
    title: ClassVar[str] = "Automatic watershed"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    structure: Literal["automatic", "regions", "lines"] = parameter(
        "automatic",
        "Whether superpixels lie between contours (regions) or between lines such as membranes, "
        "or whichever is read off the image.",
        words="What it shows",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """See `Superpixels.bytes_a_pixel`."""
        return 100

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        light = None if self.structure == "regions" else lights(image)
        lines = None if light is None else find_lines(light, spacing, mask)
        density = ContourWatershed.usual(int(mask.sum())) / mask.sum()

        def cut(box: Box) -> NDArray[Any]:
            if not mask[box].any():
                return np.zeros(mask[box].shape, np.int32)
            if lines is not None and light is not None and self._between_lines(lines):
                return LineWatershed().between(lines, light[box], spacing, mask[box])
            algorithm = ContourWatershed(n_segments=max(round(density * mask[box].sum()), 1))
            return algorithm(image[box], spacing=spacing.tolist(), mask=mask[box])

        return block_by_block(cut, blocks(mask.shape))

    def _between_lines(self, lines: Lines) -> bool:
        return self.structure == "lines" or lines.clear
