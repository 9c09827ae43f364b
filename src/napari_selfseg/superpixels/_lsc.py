"""Linear spectral clustering: weighted k-means in a space where it is a normalised cut."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.colours import lab
from napari_selfseg.labelmaps import split
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._grid import cells as numbered
from napari_selfseg.superpixels._grid import counts
from napari_selfseg.superpixels._tidy import merge_small

__all__ = ["Lsc"]

# Ranges of L and of a and b; a quarter turn is one of them.
_LIGHTNESS: Final = 100.0
_CHROMA: Final = 255.0
# Smaller pieces than this share of the mean are merged, as in the paper.
_SMALLEST_SHARE: Final = 0.25


class Lsc(Superpixels):
    """Linear spectral clustering.

    A pixel p of colour angles α and place angles β becomes the vector

        φ(p) = (C cos α, C sin α, ..., r cos β, r sin β, ...)

    with C = 1 for lightness and 2.55 for a and b. Weighted k-means of φ(p) / w(p) with weights
    w(p) = φ(p) · Σ_q φ(q) has the optimum of the normalised cut with the similarity φ(p) · φ(q).
    Seeds lie on a grid, and a pixel looks at the clusters of its cell and of those around it.

    A quarter turn is the range of a channel or the side of the image, so that no weight is
    negative. r is the compactness times the grid's steps along that side (one number for all in
    the paper), so that it means the same for any number of superpixels. Channels that are not RGB
    count as lightness.

    Notes
    -----
    Li & Chen (2015), Superpixel segmentation using linear spectral clustering,
    doi:10.1109/CVPR.2015.7298741.
    """

    name: ClassVar[str] = "lsc"
    title: ClassVar[str] = "LSC"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    n_segments: int = parameter(
        1000,
        "About how many superpixels to make.",
        minimum=1,
        maximum=2147483647,
        words="Number of pieces",
    )
    compactness: float = parameter(
        0.05,
        "Weight of place against colour.",
        minimum=0.001,
        maximum=1e9,
        source="chosen on BSDS500; the paper's ratio r_c is counted otherwise",
    )
    max_iterations: int = parameter(
        10,
        "Rounds of k-means.",
        minimum=1,
        maximum=1000,
        source="paper: 20; half as many change little",
        words="Rounds",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """See `Superpixels.bytes_a_pixel`."""
        return 360

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        n = min(self.n_segments * mask.size / mask.sum(), mask.size)
        shape = counts(mask.shape, spacing, n)
        cells = _Cells.over(mask, shape)
        points, weights = _embedded(image, mask, shape, self.compactness)
        labels = np.zeros(mask.shape, dtype=np.int64)
        labels[mask] = _clustered(points, weights, cells, self.max_iterations) + 1
        pieces = split(labels, self.connectivity)
        return merge_small(pieces, _SMALLEST_SHARE * mask.sum() / self.n_segments, lab(image))


class _Cells(NamedTuple):
    """Pixels in the mask by cell of the grid, in blocks of one length.

    Attributes
    ----------
    own : ndarray of int64
        ``(P,)`` cell of each pixel.
    filled : ndarray of int64
        ``(F,)`` cells that hold pixels.
    blocks : ndarray of int64
        ``(F, B)`` pixels of each of these; short ones repeat a pixel.
    around : ndarray of int64
        ``(K, 3**ndim)`` cells around each cell and itself; beyond the border, itself again.
    """

    own: NDArray[np.int64]
    filled: NDArray[np.int64]
    blocks: NDArray[np.int64]
    around: NDArray[np.int64]

    @classmethod
    def over(cls, mask: NDArray[np.bool_], shape: list[int]) -> _Cells:
        own = numbered(mask.shape, shape)[mask]
        filled, pixels = np.unique(own, return_counts=True)
        start = np.cumsum(pixels) - pixels
        # Rows of one length: short cells repeat their last pixel.
        within = np.minimum(np.arange(pixels.max()), pixels[:, None] - 1)
        blocks = np.argsort(own, kind="stable")[start[:, None] + within]
        return cls(own, filled, blocks, _around(shape))


def _around(shape: list[int]) -> NDArray[np.int64]:
    place = np.indices(shape).reshape(len(shape), -1)
    last = np.array(shape)[:, None] - 1
    near = [
        np.ravel_multi_index(tuple(np.clip(place + np.array(step)[:, None], 0, last)), shape)
        for step in product((-1, 0, 1), repeat=len(shape))
    ]
    return np.stack(near, axis=1)


def _embedded(
    image: NDArray[np.float32], mask: NDArray[np.bool_], shape: list[int], compactness: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return φ / w ``(P, F)`` and w ``(P,)``."""
    colours = lab(image)[mask].T
    ranges = [_LIGHTNESS, _CHROMA, _CHROMA] if len(colours) == 3 else [_LIGHTNESS] * len(colours)
    shifts = [0.0 if each == _LIGHTNESS else 0.5 for each in ranges]
    terms = [
        _turned(colour / span + shift, span / _LIGHTNESS)
        for colour, span, shift in zip(colours, ranges, shifts, strict=True)
    ]
    places = np.nonzero(mask)
    for place, size, k in zip(places, mask.shape, shape, strict=True):
        terms.append(_turned((place + 0.5) / size, compactness * k))
    phi = np.concatenate(terms, axis=1)
    weights = phi @ phi.sum(axis=0)
    return (phi / weights[:, None]).astype(np.float32), weights


def _turned(share: NDArray[Any], factor: float) -> NDArray[np.float64]:
    angle = np.pi / 2 * share
    turned: NDArray[np.float64] = factor * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    return turned


def _clustered(
    points: NDArray[np.float32], weights: NDArray[np.float64], cells: _Cells, rounds: int
) -> NDArray[np.int64]:
    # 1 / w is tiny in a large image: squares would leave the range of float32.
    points = points * np.float32(len(points) / np.abs(points).sum(axis=0, dtype=np.float64).max())
    labels = cells.own
    for _ in range(rounds):
        centres = _centres(points, weights, labels, len(cells.around))
        new = _nearest(points, centres, cells)
        if (new == labels).all():
            break
        labels = new
    return labels


def _centres(
    points: NDArray[np.float32], weights: NDArray[np.float64], labels: NDArray[np.int64], n: int
) -> NDArray[np.float64]:
    """Weighted means; a cluster without pixels is infinitely far."""
    total = np.bincount(labels, weights, n)
    sums = [np.bincount(labels, weights * column, n) for column in points.T]
    empty = total <= 0
    return np.where(empty, np.inf, np.stack(sums) / np.where(empty, 1, total)).T


def _nearest(
    points: NDArray[np.float32], centres: NDArray[np.float64], cells: _Cells
) -> NDArray[np.int64]:
    # |φ - m|² = |φ|² - 2 φ·m + |m|²; one product of matrices a cell, and |φ|² is the same for all.
    known = np.where(np.isinf(centres), 0, centres).astype(np.float32)
    # The square of a centre, so that products tell which is nearest; empty cells are infinitely
    # far.
    far = np.where(np.isinf(centres[:, 0]), np.inf, (known**2).sum(axis=1)).astype(np.float32)
    around = cells.around[cells.filled]
    products = points[cells.blocks] @ known[around].transpose(0, 2, 1)
    choice = (far[around][:, None] - 2 * products).argmin(axis=2)
    labels = np.empty(len(points), dtype=np.int64)
    labels[cells.blocks] = np.take_along_axis(around, choice, axis=1)
    return labels
