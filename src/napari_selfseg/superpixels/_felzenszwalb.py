"""Felzenszwalb and Huttenlocher: regions grow while the gap is smaller than what they hold."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels

__all__ = ["Felzenszwalb"]

# The scale is stated for intensities of 0 to 255, as in the paper and in scikit-image.
_WHITE = 255.0
# Edges turned into Python numbers at once: bounds the memory.
_AT_ONCE = 2**19


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
        "How strong a border must be between large regions; high values give larger regions.",
        minimum=0.0,
        maximum=1e9,
        unit="grey levels of 255",
        source="k of the paper, 300 there for whole objects",
    )
    sigma: float = parameter(
        0.8,
        "Width of the Gaussian that smooths the image first.",
        minimum=0.0,
        maximum=1000,
        unit="pixels",
        source="paper: 0.8",
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
        return 650

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        widths = [*(self.sigma / spacing), 0.0]
        smooth = ndimage.gaussian_filter(image.astype(np.float64), widths, mode="reflect")
        edges, weights = _graph(smooth, mask)
        regions, sizes = _grow(edges, weights, self.scale / _WHITE, mask.size)
        return _absorb(edges, regions, sizes, self.min_size).reshape(mask.shape)


def _graph(
    image: NDArray[np.float64], mask: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the edges between neighbours inside the mask and their weights, lightest first."""
    number = np.arange(mask.size).reshape(mask.shape)
    edges, weights = [], []
    for step in _steps(mask.ndim):
        here, there = _shifted(step)
        both = mask[here] & mask[there]
        gap = np.linalg.norm(image[here] - image[there], axis=-1)
        edges.append(np.stack((number[here][both], number[there][both])))
        weights.append(gap[both])
    flat = np.concatenate(weights)
    order = np.argsort(flat, kind="stable")
    return np.concatenate(edges, axis=1)[:, order], flat[order]


def _steps(ndim: int) -> list[tuple[int, ...]]:
    reach = ndim if ndim == 2 else 1
    steps = [step for step in product((-1, 0, 1), repeat=ndim) if step > (0,) * ndim]
    return [step for step in steps if np.abs(step).sum() <= reach]


def _shifted(step: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    cut = {-1: (slice(1, None), slice(-1)), 0: (slice(None),) * 2, 1: (slice(-1), slice(1, None))}
    return tuple(cut[each][0] for each in step), tuple(cut[each][1] for each in step)


def _grow(
    edges: NDArray[np.int64], weights: NDArray[np.float64], k: float, n: int
) -> tuple[NDArray[np.int64], list[int]]:
    parent, size, limit = list(range(n)), [1] * n, [k] * n
    for start in range(0, len(weights), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        root, bound = _roots(parent), np.array(limit)
        one, other, weight = *root[edges[:, part]], weights[part]
        # A region whose limit lies below the lightest edge to come never merges again.
        alive = bound > weight[0]
        keep = (one != other) & alive[one] & alive[other]
        parent = root.tolist()
        lists = one[keep].tolist(), other[keep].tolist(), weight[keep].tolist()
        _unite(*lists, parent, size, limit, k)
    return _roots(parent), size


def _unite(
    ones: list[int],
    others: list[int],
    weights: list[float],
    parent: list[int],
    size: list[int],
    limit: list[float],
    k: float,
) -> None:
    for a, b, weight in zip(ones, others, weights, strict=True):
        # Written out, for a function call an edge would double the time.
        while parent[a] != a:
            parent[a] = a = parent[parent[a]]
        while parent[b] != b:
            parent[b] = b = parent[parent[b]]
        if a != b and weight < limit[a] and weight < limit[b]:
            if size[a] < size[b]:
                a, b = b, a
            parent[b] = a
            size[a] += size[b]
            limit[a] = weight + k / size[a]


def _absorb(
    edges: NDArray[np.int64], regions: NDArray[np.int64], sizes: list[int], min_size: int
) -> NDArray[np.int64]:
    one, other = regions[edges]
    small = np.array(sizes) < min_size
    keep = (one != other) & (small[one] | small[other])
    parent = regions.tolist()
    for a, b in zip(one[keep].tolist(), other[keep].tolist(), strict=True):
        a, b = _root(parent, a), _root(parent, b)
        if a != b and min(sizes[a], sizes[b]) < min_size:
            parent[b] = a
            sizes[a] += sizes[b]
    return _roots(parent)


def _root(parent: list[int], a: int) -> int:
    while parent[a] != a:
        parent[a] = a = parent[parent[a]]
    return a


def _roots(parent: list[int]) -> NDArray[np.int64]:
    root = np.array(parent, dtype=np.int64)
    while (root != root[root]).any():
        root = root[root]
    return root
