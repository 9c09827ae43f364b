"""Mean shift: pixels climb to a mode of their density in place and colour."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from napari_selfseg.colours import lab
from napari_selfseg.labelmaps import join, split
from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels
from napari_selfseg.superpixels._tidy import merge_small

__all__ = ["MeanShift"]

# In units of the kernel's radius: side of a cell in planes and volumes (where halves take five
# times as long), step that counts as arrived, colour distance of modes that are one.
_CELL = {2: 0.5, 3: 2 / 3}
_ARRIVED = 0.05
_SAME_COLOUR = 1 / 3
_MAX_ITERATIONS = 50
# Cells shifted at once: bounds the memory of the pairs.
_AT_ONCE = 20000


class MeanShift(Superpixels):
    """Mean shift filtering and segmentation in the joint domain.

    A pixel is the point x = (place / h_s, colour / h_r). Each point y moves to the mean of the
    points within distance 1 (a flat kernel) until it stays. Neighbouring pixels whose modes lie
    within a third of h_r in colour become one region, and regions below the minimal size join the
    neighbour of the nearest colour. The paper joins modes within h_s and h_r: a whole h_r leaks
    across weak borders, and in flat areas, where places have no mode, cells may part beyond h_s.

    Approximation: points are binned to cells of half a radius (two thirds in volumes), and each
    occupied cell stands at the mean of its points with their count as its weight. Cells climb,
    not pixels.

    RGB is compared in CIE Lab (Luv in the paper, which sees no clear advantage in either), other
    channel counts at 100 times their value.

    Notes
    -----
    Comaniciu & Meer (2002), Mean shift: a robust approach toward feature space analysis,
    doi:10.1109/34.1000236.
    """

    name: ClassVar[str] = "mean_shift"
    title: ClassVar[str] = "Mean shift"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    spatial_radius: float = parameter(
        7.0,
        "How far pixels look for others alike, in pixels of the finest axis.",
        minimum=1.0,
        maximum=1000,
        unit="pixels",
        source="h_s, usual with EDISON, the authors' program",
        words="How far to look",
    )
    colour_radius: float = parameter(
        6.5,
        "How different colours may be to attract each other.",
        minimum=0.1,
        maximum=1000,
        unit="Lab units",
        source="h_r, usual with EDISON, the authors' program",
        words="Colour difference",
    )
    min_size: int = parameter(
        20,
        "Smaller regions are merged into a neighbour.",
        minimum=1,
        maximum=2147483647,
        unit="pixels",
        source="M",
        words="Smallest size",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """See `Superpixels.bytes_a_pixel`."""
        return 1300

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        colours = lab(image)
        place = np.argwhere(mask) * spacing / self.spatial_radius
        points = np.concatenate((place, colours[mask] / self.colour_radius), axis=1)
        cell = _cells(points / _CELL[mask.ndim])
        modes = np.zeros((*mask.shape, image.shape[-1]))
        modes[mask] = _climb(points, cell)[cell, mask.ndim :]
        pieces = split(_basins(modes, mask), self.connectivity)
        return merge_small(pieces, self.min_size, colours)


def _cells(points: NDArray[np.float64]) -> NDArray[np.intp]:
    # Axis by axis, since one number for all would overflow with many channels.
    index = np.floor(points).astype(np.int64)
    cell = np.zeros(len(points), dtype=np.intp)
    for column in (index - index.min(axis=0)).T:
        cell = np.unique(cell * (column.max() + 1) + column, return_inverse=True)[1]
    return cell


def _climb(points: NDArray[np.float64], cell: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the mode of each cell."""
    count = np.bincount(cell).astype(np.float64)
    sums = np.stack([np.bincount(cell, column) for column in points.T], axis=1)
    weighted: NDArray[np.float64] = np.concatenate((sums, count[:, None]), axis=1)
    modes = sums / count[:, None]
    tree = KDTree(modes)
    moving = np.arange(len(modes))
    for _ in range(_MAX_ITERATIONS):
        new = _means(modes[moving], tree, weighted)
        step = np.linalg.norm(new - modes[moving], axis=1)
        modes[moving] = new
        moving = moving[step > _ARRIVED]
        if not len(moving):
            break
    return modes


def _means(
    y: NDArray[np.float64], tree: KDTree, weighted: NDArray[np.float64]
) -> NDArray[np.float64]:
    total = np.concatenate(
        [_sums(y[start : start + _AT_ONCE], tree, weighted) for start in range(0, len(y), _AT_ONCE)]
    )
    # A point on the rim may lose all its neighbours to rounding: it stays.
    return np.where(total[:, -1:] > 0, total[:, :-1] / np.maximum(total[:, -1:], 1), y)


def _sums(
    y: NDArray[np.float64], tree: KDTree, weighted: NDArray[np.float64]
) -> NDArray[np.float64]:
    pairs = KDTree(y).sparse_distance_matrix(tree, 1.0, output_type="ndarray")
    shape = (len(y), tree.n)
    near = sparse.csr_matrix((np.ones(len(pairs)), (pairs["i"], pairs["j"])), shape=shape)
    sums: NDArray[np.float64] = near @ weighted
    return sums


def _basins(modes: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Join neighbouring pixels whose modes have near colours."""
    number = np.arange(mask.size).reshape(mask.shape)
    edges = [_alike(modes, mask, number, axis) for axis in range(mask.ndim)]
    regions = join(np.concatenate(edges), mask.size).reshape(mask.shape) + 1
    return np.where(mask, regions, 0).astype(np.int32)


def _alike(
    modes: NDArray[np.float64], mask: NDArray[np.bool_], number: NDArray[np.intp], axis: int
) -> NDArray[np.int64]:
    here, there = (
        tuple(cut if each == axis else slice(None) for each in range(mask.ndim))
        for cut in (slice(-1), slice(1, None))
    )
    gap = np.linalg.norm(modes[here] - modes[there], axis=-1)
    near = (gap < _SAME_COLOUR) & mask[here] & mask[there]
    return np.stack((number[here][near], number[there][near]), axis=1)
