"""Which of some seeds is nearest, walking inside a region and around the edges of its image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

__all__ = ["nearest_seeds"]


def nearest_seeds(
    mask: NDArray[np.bool_],
    seeds: NDArray[np.intp],
    colours: NDArray[np.float64] | None = None,
    spacing: Sequence[float] | None = None,
) -> NDArray[np.intp]:
    """Find the nearest seed of every pixel of a region.

    A step from pixel p to its neighbour q, at the distance h, costs ``h * (1 + (g^2 / <g^2>)^2)``,
    with the slope ``g = |I(p) - I(q)| / h`` of the image smoothed inside the region, and the mean
    over all steps there. So there is no scale to choose, and a step across an edge costs as much
    as a long way on even or noisy ground.

    Parameters
    ----------
    mask : ndarray of bool
        ``(*spatial)``, True inside the region.
    seeds : ndarray of int
        ``(n, ndim)`` pixels inside.
    colours : ndarray of float, optional
        ``(*spatial)`` or ``(*spatial, C)``. What is not finite counts as even ground.
    spacing : sequence of float, optional
        Physical size of a pixel along each axis; ones by default.

    Returns
    -------
    ndarray of int
        ``(*spatial)``, index of the seed; -1 outside. Pieces that no seed can reach go to the
        seed nearest as the crow flies.
    """
    steps = np.ones(mask.ndim) if spacing is None else np.asarray(spacing, np.float64)
    smooth = None if colours is None else _smoothed(colours.reshape(*mask.shape, -1), mask)
    node = np.full(mask.shape, -1, np.intp)
    node[mask] = np.arange(np.count_nonzero(mask))
    start = node[tuple(seeds.T)]
    _, _, source = sparse.csgraph.dijkstra(
        _ways(node, smooth, steps),
        directed=False,
        indices=start,
        min_only=True,
        return_predecessors=True,
    )
    places = np.argwhere(mask)
    # Parts that no path inside the superpixel reaches go with the seed nearest as the crow flies.
    lost = source < 0
    source[lost] = start[_crow_flies(places[lost], seeds, steps)]
    # Dijkstra tells the node of a seed: find its number among the seeds.
    order = np.argsort(start)
    found = np.full(mask.shape, -1, np.intp)
    found[mask] = order[np.searchsorted(start[order], source)]
    return found


def _smoothed(colours: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average over a Gaussian of one pixel, of finite pixels inside the region only."""
    known = (mask[..., None] & np.isfinite(colours)).astype(np.float64)
    sigma = (*(1.0,) * mask.ndim, 0.0)
    total = ndimage.gaussian_filter(np.where(known > 0, colours, 0.0), sigma, mode="constant")
    weight = ndimage.gaussian_filter(known, sigma, mode="constant")
    # Divided by the weight inside the mask, so that nothing leaks in from outside.
    smooth: NDArray[np.float64] = total / np.maximum(weight, np.finfo(np.float64).tiny)
    return smooth


def _ways(
    node: NDArray[np.intp], colours: NDArray[np.float64] | None, spacing: NDArray[np.float64]
) -> sparse.csr_array:
    ends, slopes, lengths = [], [], []
    for axis, step in enumerate(spacing):
        one, other = _pairs(node, axis)
        inside = (one >= 0) & (other >= 0)
        ends.append(np.stack((one[inside], other[inside])))
        slopes.append(_square_slope(colours, axis, step, inside))
        lengths.append(np.full(ends[-1].shape[1], step))
    (rows, columns), square = np.concatenate(ends, axis=1), np.concatenate(slopes)
    # Slopes count relative to their mean, so that the contrast of the image does not matter.
    mean = square.mean() if square.any() else 1.0
    cost = np.concatenate(lengths) * (1 + (square / mean) ** 2)
    n = int(node.max()) + 1
    return sparse.csr_array((cost, (rows, columns)), shape=(n, n))


def _pairs(array: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    moved = np.moveaxis(array, axis, 0)
    return moved[:-1], moved[1:]


def _square_slope(
    colours: NDArray[np.float64] | None, axis: int, step: float, inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    if colours is None:
        return np.zeros(np.count_nonzero(inside))
    one, other = _pairs(colours, axis)
    slope: NDArray[np.float64] = (((other - one)[inside] / step) ** 2).sum(axis=-1)
    return slope


def _crow_flies(
    places: NDArray[np.intp], seeds: NDArray[np.intp], spacing: NDArray[np.float64]
) -> NDArray[np.intp]:
    way = (places[:, None] - seeds[None]) * spacing
    nearest: NDArray[np.intp] = (way**2).sum(axis=-1).argmin(axis=1)
    return nearest
