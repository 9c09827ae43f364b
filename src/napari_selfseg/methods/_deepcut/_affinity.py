"""The graph of an image: how similar its superpixels are, and who attracts whom."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_selfseg.methods._deepcut._settings import Settings
from napari_selfseg.nets import propagation
from napari_selfseg.regions import centroids

__all__ = ["Graph", "Nodes", "connected_graph", "mean_distance", "placed", "repelling"]

# Below any squared distance between features that means something.
LEAST = 1e-6


@dataclass(frozen=True)
class Nodes:
    """Superpixels of one image or several.

    Attributes
    ----------
    features : Tensor
        ``(M, F)``.
    centres : Tensor
        ``(M, ndim)`` in widths of a superpixel.
    image : Tensor
        ``(M,)`` int64, which image each is of.
    """

    features: Tensor
    centres: Tensor
    image: Tensor

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, which: Tensor) -> Nodes:
        return Nodes(self.features[which], self.centres[which], self.image[which])


@dataclass(frozen=True)
class Graph:
    """What is cut.

    Attributes
    ----------
    x : Tensor
        ``(M, F)`` features of the nodes.
    W : Tensor
        ``(M, M)`` similarities, negative where two nodes repel.
    P : Tensor
        ``(M, M)`` how features spread: over the positive part of W within an image.
    """

    x: Tensor
    W: Tensor
    P: Tensor


def placed(features: Tensor, index: Tensor, n: int) -> Nodes:
    """Put nodes, ``(n, F)`` features, where their superpixels lie, from 1; 0 is no data."""
    ndim = index.ndim - 1
    places = centroids(index, n, [1.0] * (ndim + 1))[1:]
    # Distances count in widths of a mean superpixel, so that a neighbourhood fits any image.
    width = (int((index > 0).sum()) / n) ** (1 / ndim)
    return Nodes(features, places[:, 1:] / width, places[:, 0].round().long())


def mean_distance(settings: Settings, nodes: Nodes) -> Tensor:
    r"""Return :math:`\sigma`, the mean of the squared distances of all pairs that are compared.

    The median would vanish where most of an image is flat, and noise would then part it.
    """
    apart = _squared_distances(nodes.features)[_linked(settings, nodes)]
    return apart.mean().clamp(min=LEAST) if len(apart) else nodes.features.new_ones(())


def connected_graph(settings: Settings, nodes: Nodes, sigma: Tensor) -> Graph:
    r"""Compare all nodes, or those near each other.

    .. math::

        w_{ij} &= \exp(-\|c_i - c_j\|^2 / \sigma)
        \quad\text{or}\quad \frac{f_i \cdot f_j}{\|f_i\| \|f_j\|} \\
        W &= \max(w, 0) / \max(w)
        \quad\text{or}\quad w - \max(w) / \alpha

    the latter for correlation clustering.

    Parameters
    ----------
    nodes : Nodes
        At least one.
    sigma : Tensor
        0-d.
    """
    x = nodes.features
    if settings.affinity == "distance":
        w = torch.exp(-_squared_distances(x) / sigma)
    else:
        f = x / x.norm(dim=1, keepdim=True).clamp(min=LEAST)
        w = f @ f.T
    linked = _linked(settings, nodes)
    most = w[linked].max() if linked.any() else w.new_ones(())
    # Clustering by correlation needs both signs: what is less alike than a share of the most
    # repels.
    W = w - most / settings.alpha if repelling(settings) else w.clamp(min=0) / most.clamp(min=LEAST)
    W = W * linked
    same = nodes.image[:, None] == nodes.image
    return Graph(x, W, propagation(W.clamp(min=0) * same))


def repelling(settings: Settings) -> bool:
    """Say whether nodes that are little similar repel each other."""
    if settings.solver == "network":
        return settings.loss == "correlation"
    return settings.solver == "multicut"


def _squared_distances(x: Tensor) -> Tensor:
    return torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").square()


def _linked(settings: Settings, nodes: Nodes) -> Tensor:
    """Say which pairs of different nodes are compared."""
    itself = torch.eye(len(nodes), dtype=torch.bool, device=nodes.image.device)
    if not settings.neighbourhood:
        return ~itself
    close = torch.cdist(nodes.centres, nodes.centres) < settings.neighbourhood
    return close & (nodes.image[:, None] == nodes.image) & ~itself
