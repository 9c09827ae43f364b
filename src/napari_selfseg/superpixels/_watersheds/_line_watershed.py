"""Line watershed: one superpixel around each bright spot between dark lines, or the opposite."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._watersheds._lines import (
    FINER,
    POLARITY,
    Lines,
    basins,
    find_lines,
    light,
)

__all__ = ["LineWatershed"]


class LineWatershed(Superpixels):
    """Basins of smoothed light, which end at lines.

    The light (lightness of colours, or the channel with the clearest lines) is smoothed with a
    Gaussian and flooded: from each of its maxima to dark lines, or from each minimum to bright
    ones. So a border runs along the middle of a line such as a membrane, and not along its two
    edges, where borders of contrast run.

    Which lines, and how wide they are, is read off the image: of both polarities and of widths
    from one to eleven pixels, those on which the larger eigenvalue of the Hessian is most skewed.

    Notes
    -----
    Watershed by flooding: Vincent & Soille (1991), doi:10.1109/34.87344.
    """

    name: ClassVar[str] = "line_watershed"
    title: ClassVar[str] = "Line watershed"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    lines: Literal["automatic", "dark", "bright"] = parameter(
        "automatic", "Which lines part superpixels: dark ones, bright ones, or the clearer ones."
    )
    sigma: float = parameter(
        0.0,
        "Sigma: width of the Gaussian that smooths the light; 0 finds one that suits the lines.",
        minimum=0.0,
        maximum=1000,
        unit="pixels",
        words="Smoothing",
    )

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        return self.between(find_lines(image, spacing, mask), image, spacing, mask)

    def between(
        self,
        found: Lines,
        image: NDArray[np.float32],
        spacing: NDArray[np.float64],
        mask: NDArray[np.bool_],
    ) -> NDArray[np.int32]:
        """Cut an image whose lines are known.

        Parameters
        ----------
        found : Lines
            As from `find_lines`; what a parameter says counts more.
        image, spacing, mask : ndarray
            As for `over_segment`.

        Returns
        -------
        ndarray of int32
            ``(*spatial)`` from 1; 0 where the mask is False.
        """
        sigma = self.sigma or FINER * found.sigma
        smooth = ndimage.gaussian_filter(light(image, found.channel), sigma / spacing)
        return basins(smooth, mask, POLARITY.get(self.lines, found.polarity))
