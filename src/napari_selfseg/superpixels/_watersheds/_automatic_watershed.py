"""Watershed of lines or of contours, whichever an image has."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.grid import Box
from napari_selfseg.labelmaps import split
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Findings, Superpixels, filled
from napari_selfseg.superpixels._watersheds._block_by_block import at_once, block_by_block, blocks
from napari_selfseg.superpixels._watersheds._contour_watershed import ContourWatershed
from napari_selfseg.superpixels._watersheds._line_watershed import LineWatershed
from napari_selfseg.superpixels._watersheds._lines import Lines, find_lines, polarity_of

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
    in_blocks: ClassVar[bool] = True

    structure: Literal["automatic", "regions", "lines", "dark_lines", "bright_lines"] = parameter(
        "automatic",
        "Whether superpixels lie between contours (regions) or between lines such as membranes "
        "(dark ones, bright ones, or the clearer), or whichever is read off the image.",
        words="What it shows",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """See `Superpixels.bytes_a_pixel`."""
        return 100

    def work(self, pixels: int) -> float:
        """See `Superpixels.work`; several blocks at a time take as much less."""
        return pixels / at_once(pixels, 2)[0]

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        return self.over_segment_with_findings(image, spacing, mask)[0]

    def over_segment_with_findings(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], Findings]:
        """See `Superpixels.over_segment_with_findings`: ``"lines"``, as of `Lines`."""
        lines = None
        if self.structure != "regions":
            lines = find_lines(image, spacing, mask, polarity_of(self.structure))
        grid = blocks(mask.shape)
        density = ContourWatershed.density(int(mask.sum()), len(grid))

        def cut(box: Box) -> NDArray[Any]:
            return self.cut(image[box], spacing, mask[box], lines, density)

        # With other pixels, or with what stands where there are no data, others find other lines.
        plain = lines is not None and mask.all() and (spacing == 1).all()
        return block_by_block(cut, grid), {"lines": np.array(lines, np.float64)} if plain else {}

    def cut(
        self,
        image: NDArray[np.float32],
        spacing: NDArray[np.float64],
        mask: NDArray[np.bool_],
        lines: Lines | None,
        density: float,
    ) -> NDArray[Any]:
        """Cut a block of an image.

        Parameters
        ----------
        image, spacing, mask : ndarray
            As for `over_segment`, but the mask may be False everywhere.
        lines : Lines or None
            Of the whole image, as from `find_lines`; None where nobody wants to know.
        density : float
            Superpixels a pixel, where they lie between contours.

        Returns
        -------
        ndarray of int
            ``(*spatial)`` contiguous from 1; 0 where the mask is False.
        """
        if not mask.any():
            return np.zeros(mask.shape, np.int32)
        if lines is not None and (self.structure.endswith("lines") or lines.clear):
            return split(LineWatershed().between(lines, filled(image, mask), spacing, mask), 1)
        algorithm = ContourWatershed(n_segments=max(round(density * mask.sum()), 1))
        return algorithm(image, spacing=spacing.tolist(), mask=mask)
