"""SLIC: k-means in colour and place, from seeds on a grid."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import slic

from napari_selfseg.labelmaps import split
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._tidy import merge_small

__all__ = ["Slic"]

# scikit-image converts RGB to Lab, whose lightness runs to 100, but scales other images to 0..1.
_LIGHTNESS = 100.0
# Anisotropy below this is not worth resampling.
_NEARLY_ISOTROPIC = 1.05
# How many times as many pixels an image may become.
_LARGEST = 16.0
# As scikit-image's min_size_factor: smaller pieces than this share of the mean are merged.
_SMALLEST_SHARE = 0.5


class Slic(Superpixels):
    """Simple linear iterative clustering.

    Minimises over superpixels i the distance D² = (d_c / m)² + (d_s / S)², with d_c the colour
    and d_s the spatial distance to the superpixel's mean, S the grid step and m the compactness.

    The spatial distance is physical: an anisotropic image is repeated along its coarse axes to
    equal pixel sides, clustered there and sampled back, because seeds on a grid of pixels would
    keep superpixels stretched whatever the distance. This takes memory in proportion, so that an
    image is made at most 16 times as large; where pixels are longer still, the rest of their
    length counts in the distance alone.

    With a mask, the bounding box is clustered with proportionally more seeds, then cut along the
    mask, and pieces below half the mean size join the neighbour of the longest border.
    scikit-image's own mask takes memory with the square of `n_segments`.

    Notes
    -----
    Achanta, Shaji, Smith, Lucchi, Fua & Süsstrunk (2012), SLIC superpixels compared to
    state-of-the-art superpixel methods, doi:10.1109/TPAMI.2012.120. Defaults of Kanezaki (2018),
    doi:10.1109/ICASSP.2018.8462533. Without spacing and mask an RGB image gives scikit-image's
    partition.
    """

    name: ClassVar[str] = "slic"
    title: ClassVar[str] = "SLIC"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    n_segments: int = parameter(
        10000,
        "About how many superpixels to make.",
        minimum=1,
        maximum=2147483647,
        source="Kanezaki 2018: K = 10000",
        words="Number of pieces",
    )
    compactness: float = parameter(
        100.0,
        "Weight of place against colour; high values give squares.",
        minimum=0.001,
        maximum=1e9,
        unit="Lab units",
        source="Kanezaki 2018, its code",
    )
    max_iterations: int = parameter(
        10,
        "Rounds of k-means at most.",
        minimum=1,
        maximum=1000,
        source="Achanta 2012: 10 suffice",
        words="Rounds",
    )
    sigma: float = parameter(
        0.0,
        "Sigma: width of the Gaussian that smooths the image first; 0 leaves it as it is.",
        minimum=0.0,
        maximum=1000,
        unit="pixels",
        words="Smoothing",
    )

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        isotropic = bool((spacing < _NEARLY_ISOTROPIC).all())
        if isotropic and mask.all():
            return self._cluster(image, self.n_segments)
        # More over the whole box, so that pixels with data have as many as were asked for.
        n = min(round(self.n_segments * mask.size / mask.sum()), mask.size)
        labels = self._cluster(image, n) if isotropic else self._stretched(image, spacing, n)
        pieces = split(np.where(mask, labels + 1, 0), self.connectivity)
        return merge_small(pieces, _SMALLEST_SHARE * mask.sum() / self.n_segments)

    def _cluster(
        self,
        image: NDArray[np.float32],
        n_segments: int,
        spacing: NDArray[np.float64] | None = None,
    ) -> NDArray[Any]:
        rgb = image.shape[-1] == 3
        labels: NDArray[Any] = slic(
            # In float32 some ties fall otherwise than for the 8-bit image itself.
            image.astype(np.float64),
            n_segments=n_segments,
            compactness=self.compactness / (1.0 if rgb else _LIGHTNESS),
            max_num_iter=self.max_iterations,
            sigma=self.sigma,
            spacing=spacing,
            convert2lab=rgb,
            start_label=1,
        )
        return labels

    def _stretched(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], n_segments: int
    ) -> NDArray[Any]:
        shape = image.shape[:-1]
        factors = spacing ** min(1.0, np.log(_LARGEST) / np.log(spacing.prod()))
        rest = None if (factors == spacing).all() else spacing / factors
        fine = [max(round(n * step), 1) for n, step in zip(shape, factors, strict=True)]
        there = [_nearest(n, m) for n, m in zip(shape, fine, strict=True)]
        back = [_nearest(m, n) for n, m in zip(shape, fine, strict=True)]
        labels: NDArray[Any] = self._cluster(image[np.ix_(*there)], n_segments, rest)
        return labels[np.ix_(*back)]


def _nearest(n: int, m: int) -> NDArray[np.intp]:
    # Which of n pixels lies under the centre of each of m pixels of the same extent.
    return np.minimum(((np.arange(m) + 0.5) * n / m).astype(np.intp), n - 1)
