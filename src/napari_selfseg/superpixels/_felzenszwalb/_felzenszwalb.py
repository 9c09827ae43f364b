"""Felzenszwalb and Huttenlocher: regions grow while the gap is smaller than what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels, prepared
from napari_selfseg.superpixels._felzenszwalb._edge_buckets import edge_buckets
from napari_selfseg.superpixels._felzenszwalb._growing import grown

__all__ = ["Felzenszwalb", "felzenszwalb_at"]

# The scale is stated for intensities of 0 to 255, as in the paper and in scikit-image.
_WHITE = 255.0


class Felzenszwalb(Superpixels):
    """Efficient graph-based segmentation.

    Edges between neighbours, weighted by their colour distance w, are taken from the lightest
    on. Two regions merge (eq. 3 to 5) where w < min(Int(A) + k / abs(A), Int(B) + k / abs(B)), with
    Int the heaviest edge taken inside a region and k the scale. Then, in the same order, regions
    below the minimal size merge with a neighbour.

    Planes have edges to all eight neighbours, volumes to the six face to face (all 26 would take
    four times as long). The spacing enters through the smoothing alone.

    Notes
    -----
    Felzenszwalb & Huttenlocher (2004), Efficient graph-based image segmentation,
    doi:10.1023/B:VISI.0000022288.19776.77.
    """

    name: ClassVar[str] = "felzenszwalb"
    title: ClassVar[str] = "Felzenszwalb"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 2

    scale: float = parameter(
        100.0,
        "Scale: how strong a border must be between large regions; high values give "
        "larger regions.",
        minimum=0.0,
        maximum=1e9,
        unit="grey levels of 255",
        source="k of the paper, 300 there for whole objects",
        words="Border strength",
    )
    sigma: float = parameter(
        0.8,
        "Sigma: width of the Gaussian that smooths the image first.",
        minimum=0.0,
        maximum=1000,
        unit="pixels",
        source="paper: 0.8",
        words="Smoothing",
    )
    min_size: int = parameter(
        20,
        "Smaller regions are merged into a neighbour.",
        minimum=1,
        maximum=2147483647,
        unit="pixels",
        words="Smallest size",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """See `Superpixels.bytes_a_pixel`."""
        return 170

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        return next(_regions(image, spacing, mask, self.sigma, [(self.scale, self.min_size)]))


def felzenszwalb_at(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    scales: Sequence[tuple[float, int]],
    *,
    sigma: float = 0.8,
    spacing: Sequence[float] | None = None,
) -> Iterator[NDArray[np.int32]]:
    """Make the superpixels of `Felzenszwalb` at several scales, from edges weighed once.

    Parameters
    ----------
    image : ndarray of float
        ``(*spatial, C)`` scaled to 0..1, of two or three spatial axes.
    mask : ndarray of bool or None
        ``(*spatial)``, True where there is data.
    scales : sequence of (float, int)
        Scale and minimal size of each.
    sigma : float, optional
        As in `Felzenszwalb`.
    spacing : sequence of float, optional
        Physical pixel size along each spatial axis; ones by default.

    Yields
    ------
    ndarray of int32
        ``(*spatial)`` contiguous from 1; 0 exactly where the mask is False.
    """
    data, steps, inside, box = prepared(image, spacing, mask)
    for found in _regions(data, steps, inside[box], sigma, scales):
        labels = np.zeros(inside.shape, dtype=np.int32)
        labels[box] = found
        yield labels


def _regions(
    image: NDArray[np.float32],
    spacing: NDArray[np.float64],
    mask: NDArray[np.bool_],
    sigma: float,
    scales: Sequence[tuple[float, int]],
) -> Iterator[NDArray[np.int32]]:
    widths = [*(sigma / spacing), 0.0]
    smooth = ndimage.gaussian_filter(image.astype(np.float64), widths, mode="reflect")
    graph = edge_buckets(smooth, mask)
    del smooth
    for scale, min_size in scales:
        yield grown(graph, mask, scale / _WHITE, min_size)
