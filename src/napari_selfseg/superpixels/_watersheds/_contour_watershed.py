"""Contour watershed: basins of local contrast, joined over their weakest borders."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label
from skimage.morphology import local_minima
from skimage.segmentation import watershed

from napari_selfseg.colours import lab
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._grid import cells, counts
from napari_selfseg.superpixels._watersheds._contour import contours, histograms
from napari_selfseg.superpixels._watersheds._merge_tree import Arcs, cut, merge_tree

__all__ = ["ContourWatershed"]

_EVEN: Final = 0.05
# Without so many basins a superpixel there is too little to choose from.
_SPARE: Final = 2
# What suits images whose objects are not known: many enough for a small one, fine enough for a
# large one.
_FEWEST: Final = 700
_PIXELS: Final = 220


class ContourWatershed(Superpixels):
    """Watershed basins of contours, merged to the number asked for.

    Each channel is a soft histogram h of its value at every pixel (bins of 12 Lab units, linear
    weights), so that a border is a change of the distribution around a pixel and not of its mean
    alone. At scale s, the gradient of the histograms in a Gaussian window, s |∇(G_s * h)|, is the
    contour, equal weights for all channels and bins. Basins are those of the watershed of the
    finest scale. A and B are joined while more than `n_segments` are left, cheapest first, at

        sqrt(|A| |B| / (|A| + |B|)) (c + w |h_A - h_B| + e)

    with c the contour of all scales along their border, on average, h_A the mean histogram and e
    a small number that keeps regions even where nothing differs. The cost is Ward's for the second
    term, and so small or similar regions go before large or different ones.

    Where there are fewer than twice as many basins, the lowest pixels of the cells of a grid are
    seeds as well.

    Notes
    -----
    Contours from differences of local histograms, basins and their merging are those of Arbeláez,
    Maire, Fowlkes & Malik (2011), Contour detection and hierarchical image segmentation,
    doi:10.1109/TPAMI.2010.161; no learned weights, no spectral step, Gaussian windows in place of
    half discs. The cost of two regions: Ward (1963), doi:10.1080/01621459.1963.10500845.
    """

    name: ClassVar[str] = "contour_watershed"
    title: ClassVar[str] = "Contour watershed"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    n_segments: int = parameter(
        0,
        "How many superpixels to make; 0 makes one every 220 pixels, and 700 at least.",
        minimum=0,
        maximum=2147483647,
        words="Number of pieces",
    )
    sigma: float = parameter(
        1.0,
        "Sigma: width of the finest Gaussian window; the others are two and four times as wide.",
        minimum=0.1,
        maximum=1000,
        unit="pixels",
        words="Smoothing",
    )
    region_weight: float = parameter(
        1.0,
        "Weight of the difference between whole superpixels against the contour between them.",
        minimum=0.0,
        maximum=1e9,
        words="Weight of regions",
    )

    @staticmethod
    def usual(pixels: int) -> int:
        """Say how many superpixels are made, of so many pixels with data, by default."""
        return max(_FEWEST, pixels // _PIXELS)

    @staticmethod
    def density(pixels: int, n_blocks: int) -> float:
        """Say how many superpixels are made of a pixel, in an image of so many blocks.

        Of several blocks none has to know of the others.
        """
        return ContourWatershed.usual(pixels) / pixels if n_blocks == 1 else 1 / _PIXELS

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        colours = lab(image).astype(np.float32)
        fine, contour = contours(colours, spacing, self.sigma)
        wanted = self.n_segments or self.usual(int(mask.sum()))
        basins = _basins(fine, mask, spacing, wanted)
        arcs = Arcs.between(basins, contour + _EVEN)
        tree = merge_tree(arcs, *histograms(colours, basins), self.region_weight)
        # What has no data is a region of the tree, too.
        return cut(tree, wanted + 1)[basins]


def _basins(
    contour: NDArray[np.float32], mask: NDArray[np.bool_], spacing: NDArray[np.float64], n: int
) -> NDArray[np.int32]:
    seeds = _minima(contour, mask)
    if seeds.max() < _SPARE * n:
        seeds = _with_grid(seeds, contour, mask, spacing, 2 * _SPARE * n)
    basins: NDArray[np.int32] = watershed(contour, seeds, mask=mask, connectivity=1)
    return basins


def _minima(contour: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    # A wall around the data: flat ground has a minimum too, and each island of a mask one at least.
    walled = np.pad(np.where(mask, contour, np.inf), 1, constant_values=np.inf)
    low = local_minima(walled, connectivity=1)[(slice(1, -1),) * mask.ndim]
    seeds: NDArray[np.int32] = label(low & mask, connectivity=1).astype(np.int32)
    return seeds


def _with_grid(
    seeds: NDArray[np.int32],
    contour: NDArray[np.float32],
    mask: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    n: int,
) -> NDArray[np.int32]:
    """Return the minima, a pixel each, and the lowest pixel of each of about n cells."""
    per_axis = counts(mask.shape, spacing, n * mask.size / mask.sum())
    cell = cells(mask.shape, per_axis).ravel()
    inside = np.flatnonzero(mask)
    order = inside[np.argsort(contour.ravel()[inside], kind="stable")]
    lowest = order[np.unique(cell[order], return_index=True)[1]]
    chosen = np.zeros(mask.size, dtype=np.int32)
    # Of a minimum its first pixel, so that the cells of wide flat ground stay apart.
    chosen[np.unique(seeds, return_index=True)[1]] = 1
    chosen[lowest] = 1
    chosen[~mask.ravel()] = 0
    return (chosen * np.cumsum(chosen)).reshape(mask.shape).astype(np.int32)
