"""What every method has to beat: trivial partitions, thresholds, clustering, contours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from _sets import Case
from scipy import ndimage
from scipy.cluster.vq import kmeans2, vq
from skimage.color import rgb2lab
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

from napari_selfseg.io import load_ucm2, ucm2_regions
from napari_selfseg.parameters import Parameters, parameter

SMALLEST = 30  # pixels of an object
SAMPLE = 20_000  # pixels that k-means is fitted to


class Baseline(Parameters, ABC):
    """Parameters that label an image; a subclass writes `labels`.

    Attributes
    ----------
    finds_objects : bool
        True when 0 is background and every other label an object.
    """

    finds_objects: ClassVar[bool] = False

    @abstractmethod
    def labels(self, case: Case) -> np.ndarray | None:
        """Return the label map; None where the baseline needs what the image lacks."""


class OneRegion(Baseline):
    """The whole image."""

    name: ClassVar[str] = "one_region"
    title: ClassVar[str] = "one region"

    def labels(self, case: Case) -> np.ndarray:
        """Return ones."""
        return np.ones(case.scaled.shape[:2], np.int32)


class Grid(Baseline):
    """Cells of about equal sides, blind to the image."""

    name: ClassVar[str] = "grid"
    title: ClassVar[str] = "grid"
    cells: int = parameter(20, "About how many cells.", minimum=1)

    def labels(self, case: Case) -> np.ndarray:
        """Number the cells row by row."""
        height, width = case.scaled.shape[:2]
        rows = max(1, round((self.cells * height / width) ** 0.5))
        columns = max(1, round(self.cells / rows))
        row, column = np.arange(height) * rows // height, np.arange(width) * columns // width
        return row[:, None] * columns + column + 1


class KMeans(Baseline):
    """K-means of the colours in Lab, or of the channels as they are when they are not three."""

    name: ClassVar[str] = "kmeans"
    title: ClassVar[str] = "k-means on Lab"
    k: int = parameter(5, "Clusters.", minimum=2)
    seed: int = parameter(0, "Of the starting centres.", minimum=0)

    def labels(self, case: Case) -> np.ndarray:
        """Fit the centres to a sample, then assign every pixel."""
        image = case.scaled.astype(np.float64)
        pixels = (rgb2lab(image) if image.shape[-1] == 3 else image).reshape(-1, image.shape[-1])
        rng = np.random.default_rng(self.seed)
        sample = pixels[rng.choice(len(pixels), min(SAMPLE, len(pixels)), replace=False)]
        # k-means++ needs as many different values as centres.
        k = min(self.k, len(np.unique(sample, axis=0)))
        centres, _ = kmeans2(sample, k, iter=30, minit="++", rng=rng)
        return vq(pixels, centres)[0].reshape(image.shape[:2]) + 1


class Otsu(Baseline):
    """Two classes by Otsu's threshold."""

    name: ClassVar[str] = "otsu"
    title: ClassVar[str] = "Otsu"
    channel: int = parameter(0, "Of a colour image: 0 is red, which stains of nuclei absorb.")

    def labels(self, case: Case) -> np.ndarray:
        """Return 1 below the threshold and 2 above."""
        return _bright(case, self.channel) + 1


class OtsuCells(Baseline):
    """Cells: the pieces of the larger side of Otsu's threshold, grown until they meet."""

    name: ClassVar[str] = "otsu_cells"
    title: ClassVar[str] = "Otsu, pieces grown"
    sigma: float = parameter(0.0, "Width of the Gaussian before.", minimum=0.0, unit="pixels")
    channel: int = parameter(0, "As of `Otsu`.")

    def labels(self, case: Case) -> np.ndarray:
        """Return a label a piece; every pixel of the smaller side has that of the nearest piece."""
        bright = _bright(case, self.channel, self.sigma).astype(bool)
        pieces, _ = ndimage.label(bright if bright.mean() > 0.5 else ~bright)
        how = {"return_distances": False, "return_indices": True}
        return pieces[tuple(ndimage.distance_transform_edt(pieces == 0, **how))]


class OtsuWatershed(Baseline):
    """Nuclei: the smaller side of Otsu's threshold, cut between the peaks of its distance map."""

    name: ClassVar[str] = "otsu_watershed"
    title: ClassVar[str] = "Otsu and watershed"
    finds_objects: ClassVar[bool] = True
    min_distance: int = parameter(7, "Between the centres of two nuclei, in pixels.", minimum=1)
    channel: int = parameter(0, "As of `Otsu`.")

    def labels(self, case: Case) -> np.ndarray:
        """Return nuclei from 1 and 0 elsewhere."""
        bright = _bright(case, self.channel).astype(bool)
        nuclei = ndimage.binary_fill_holes(bright if bright.mean() < 0.5 else ~bright)
        pieces, _ = ndimage.label(nuclei)
        pieces[np.bincount(pieces.ravel())[pieces] < SMALLEST] = 0
        nuclei = pieces > 0
        distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(nuclei), 1)
        peaks = peak_local_max(
            distance, min_distance=self.min_distance, labels=pieces, exclude_border=False
        )
        markers = np.zeros(nuclei.shape, np.int32)
        markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        return watershed(-distance, markers, mask=nuclei)


class Ucm2(Baseline):
    """Contours gPb-owt-ucm of the authors of BSDS, cut at a threshold."""

    name: ClassVar[str] = "ucm2"
    title: ClassVar[str] = "gPb-owt-ucm"
    threshold: float = parameter(0.19, "Weaker contours are left out.", minimum=0)

    def labels(self, case: Case) -> np.ndarray | None:
        """Return the regions between the contours."""
        if case.contours is None:
            return None
        return ucm2_regions(load_ucm2(case.contours), self.threshold)


class Human(Parameters):
    """Each annotator against the others; what the scores make of it is the caller's work."""

    name: ClassVar[str] = "human"
    title: ClassVar[str] = "a human against the others"


BASELINES = (OneRegion, Grid, KMeans, Otsu, OtsuCells, OtsuWatershed, Ucm2, Human)


def _bright(case: Case, channel: int, sigma: float = 0.0) -> np.ndarray:
    grey = case.scaled[..., min(channel, case.scaled.shape[-1] - 1)]
    grey = ndimage.gaussian_filter(grey, sigma)
    return (grey > threshold_otsu(grey)).astype(np.int32)
