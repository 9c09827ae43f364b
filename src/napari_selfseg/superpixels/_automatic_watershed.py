"""Watershed of lines or of contours, whichever an image has."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._contour_watershed import ContourWatershed
from napari_selfseg.superpixels._line_watershed import LineWatershed
from napari_selfseg.superpixels._lines import find_lines, lights

__all__ = ["AutomaticWatershed"]


class AutomaticWatershed(Superpixels):
    """Line watershed of cells with membranes between them, contour watershed of all else.

    Which of the two is read off the image: lines part it where borders of its basins are valleys
    rather than steps, more of them dark than bright or the other way round, and where they are a
    net rather than a few spots.
    """

    name: ClassVar[str] = "automatic_watershed"
    title: ClassVar[str] = "Automatic watershed"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        light = lights(image)
        lines = find_lines(light, spacing, mask)
        if lines.clear:
            return LineWatershed().between(lines, light, spacing, mask)
        return ContourWatershed().over_segment(image, spacing, mask)
