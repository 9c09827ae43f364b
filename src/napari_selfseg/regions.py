"""Scatter operations over regions: vote, mean, centroid, adjacency, projection.

Regions are numbered 1 to ``n``; 0 marks pixels without data. A value per region is a tensor of
``n + 1`` entries whose entry 0 belongs to those pixels, so that projection is one gather. Nothing
loops over regions, nothing waits for the host, and everything runs on any device. Sums over pixels
are in float64: in float32 the mean of a large region drifts by per cents. Where a device has no
float64 (MPS), they are made on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

__all__ = [
    "Adjacency",
    "adjacency",
    "areas",
    "centroids",
    "exact",
    "mean",
    "present",
    "project",
    "totals",
    "vote",
]


# Pixels that are summed at once on the CPU: what is wide of them stays in its caches.
BLOCK = 4096
# Entries a pixel from which on a table of regions by labels is not made.
SPARSE = 64


class Adjacency(NamedTuple):
    """Neighbouring regions and the borders they share.

    Attributes
    ----------
    edges : Tensor
        ``(E, 2)`` int64, the smaller region first, sorted.
    border : Tensor
        ``(E,)`` float64, length (2-D) or area (3-D) of the shared border in physical units.
    """

    edges: Tensor
    border: Tensor


def areas(index: Tensor, n: int) -> Tensor:
    """Count the pixels, ``(n + 1,)``, of each region; `index` has that of each pixel, 0 to n."""
    flat = index.reshape(-1)
    counts = torch.zeros(n + 1, dtype=torch.int64, device=index.device)
    return counts.scatter_add_(0, flat, torch.ones_like(flat))


def vote(labels: Tensor, index: Tensor, n: int, n_classes: int) -> Tensor:
    """Give each region the label most of its pixels have (eq. 7 of DIC, sec. 2.2 of Backprop).

    Of labels with the same count the smallest wins, on every device.

    Parameters
    ----------
    labels : Tensor
        Label of each pixel, shaped like `index`, 0 to n_classes - 1.
    index : Tensor
        Region of each pixel, int64 in 0 to n.

    Returns
    -------
    Tensor
        ``(n + 1,)`` int64 winning labels **counted from 1**; entry 0 is 0.
    """
    key = (index * n_classes + labels).reshape(-1)
    if (n + 1) * n_classes > SPARSE * key.numel():
        return _first_largest_of_few(key, n, n_classes)
    count = torch.zeros((n + 1) * n_classes, dtype=torch.int32, device=index.device)
    count.scatter_add_(0, key, torch.ones(1, dtype=torch.int32, device=key.device).expand_as(key))
    return _first_largest(count.view(n + 1, n_classes))


def _first_largest_of_few(key: Tensor, n: int, n_classes: int) -> Tensor:
    """Do the same where a table of all regions by all labels would be nearly empty."""
    found, count = torch.unique(key, return_counts=True)
    rank = count * n_classes + (n_classes - 1 - found % n_classes)
    # A region without pixels gets the first label, as from the table.
    best = torch.full((n + 1,), n_classes - 1, device=key.device)
    best.scatter_reduce_(0, found // n_classes, rank, "amax")
    winner = n_classes - best % n_classes
    winner[0] = 0
    return winner


def _first_largest(count: Tensor) -> Tensor:
    # argmax promises no order among equals, so the label itself breaks the tie.
    n_classes = count.shape[1]
    rank = torch.arange(n_classes - 1, -1, -1, device=count.device)
    best = (count.to(torch.int64) * n_classes + rank).amax(dim=1)
    winner = n_classes - best % n_classes
    winner[0] = 0
    return winner


def mean(features: Tensor, index: Tensor, n: int) -> Tensor:
    """Average features over each region.

    Parameters
    ----------
    features : Tensor
        ``(N, C, *spatial)`` floating.
    index : Tensor
        ``(N, *spatial)`` int64 in 0 to n.

    Returns
    -------
    Tensor
        ``(n + 1, C)`` in the type of the features, summed in float64; 0 where a region has no
        pixel.
    """
    rows = features.movedim(1, -1).reshape(-1, features.shape[1])
    found: Tensor = _Mean.apply(rows, index.reshape(-1), n)  # type: ignore[no-untyped-call]
    return found


def exact(tensor: Tensor) -> Tensor:
    """Return a tensor where float64 can be computed with: itself, or a copy, as MPS has none."""
    return tensor.cpu() if tensor.device.type == "mps" else tensor


class _Mean(torch.autograd.Function):
    """The mean of rows by region: sums in float64, gradients in the type of the rows."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, index: Tensor, n: int) -> Tensor:
        count = areas(index, n).clamp(min=1)[:, None]
        ctx.save_for_backward(index, count)
        found = totals(rows, index, n) / exact(count)
        return found.to(rows.dtype).to(rows.device)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        index, count = ctx.saved_tensors
        gradient = gradients[0] / count.to(gradients[0].dtype)
        return gradient.index_select(0, index), None, None


def totals(rows: Tensor, index: Tensor, n: int) -> Tensor:
    """Sum rows, ``(P, C)``, over each region, ``(n + 1, C)`` float64, without a gradient.

    Those of MPS are summed on the CPU.
    """
    rows, index = exact(rows.detach()), exact(index)
    size = BLOCK if rows.device.type == "cpu" else max(len(rows), 1)
    total = torch.zeros(n + 1, rows.shape[1], dtype=torch.float64, device=rows.device)
    for numbers, block in zip(index.split(size), rows.split(size), strict=True):
        total.index_add_(0, numbers, block.double())
    return total


def present(c: Tensor, n: int, valid: Tensor | None = None) -> Tensor:
    """Say which classes some pixel has, without waiting for the answer.

    Parameters
    ----------
    c : Tensor
        ``(N, *spatial)`` int64 class of each pixel from 0; -1 is none.
    valid : Tensor or None
        ``(N, 1, *spatial)`` bool, True where there are data; None when that is everywhere.

    Returns
    -------
    Tensor
        ``(n,)`` bool.
    """
    counted = c + 1 if valid is None else (c + 1) * valid[:, 0]
    return areas(counted, n)[1:] > 0


def centroids(index: Tensor, n: int, spacing: Sequence[float]) -> Tensor:
    """Return the centre of each region.

    Parameters
    ----------
    index : Tensor
        ``(*spatial)`` int64 in 0 to n.
    spacing : sequence of float
        Physical size of a pixel along each axis.

    Returns
    -------
    Tensor
        ``(n + 1, ndim)`` float64 in physical units; 0 where a region has no pixel.
    """
    index = exact(index)
    count = areas(index, n).clamp(min=1)
    centre = [
        _axis_sum(index, n, axis) / count * step for axis, step in enumerate(map(float, spacing))
    ]
    return torch.stack(centre, dim=1)


def _axis_sum(index: Tensor, n: int, axis: int) -> Tensor:
    shape = [1] * index.ndim
    shape[axis] = index.shape[axis]
    place = torch.arange(index.shape[axis], dtype=torch.float64, device=index.device)
    total = torch.zeros(n + 1, dtype=torch.float64, device=index.device)
    flat = place.view(shape).expand(index.shape).reshape(-1)
    return total.scatter_add_(0, index.reshape(-1), flat)


def adjacency(index: Tensor, n: int, spacing: Sequence[float]) -> Adjacency:
    """Find which regions touch face to face, and how long their border is.

    Parameters
    ----------
    index : Tensor
        ``(*spatial)`` int64 in 0 to n; pixels of region 0 have no neighbours.
    spacing : sequence of float
        Physical size of a pixel along each axis.
    """
    index = exact(index)
    found = [_faces(index, n, axis, spacing) for axis in range(index.ndim)]
    keys = torch.cat([key for key, _ in found])
    sizes = torch.cat([size for _, size in found])
    unique, edge_of_face = torch.unique(keys, return_inverse=True)
    border = torch.zeros(len(unique), dtype=torch.float64, device=index.device)
    border.scatter_add_(0, edge_of_face, sizes)
    edges = torch.stack((unique // (n + 1), unique % (n + 1)), dim=1)
    return Adjacency(edges, border)


def _faces(index: Tensor, n: int, axis: int, spacing: Sequence[float]) -> tuple[Tensor, Tensor]:
    length = index.shape[axis]
    one = index.narrow(axis, 0, max(length - 1, 0)).reshape(-1)
    other = index.narrow(axis, min(1, length), max(length - 1, 0)).reshape(-1)
    low, high = torch.minimum(one, other), torch.maximum(one, other)
    keys = (low * (n + 1) + high)[(low > 0) & (low != high)]
    face = 1.0
    for each, step in enumerate(spacing):
        face *= 1.0 if each == axis else float(step)
    return keys, torch.full_like(keys, face, dtype=torch.float64)


def project(values: Tensor, index: Tensor) -> Tensor:
    """Write each region's value, ``(n + 1, ...)``, onto its pixels, which `index` names."""
    # Backwards through values[index] several threads add in any order; through this they do not.
    pixels: Tensor = values.index_select(0, index.flatten())
    return pixels.reshape(*index.shape, *values.shape[1:])
