"""The classical partners: the same graph cut without a network."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from napari_selfseg.graphs import normalised_cut
from napari_selfseg.hierarchy import multicut

__all__ = ["named", "partition", "prototypes"]


def partition(W: Tensor, n_segments: int, *, repelling: bool) -> Tensor:
    """Cut a graph: by the multicut where nodes repel, by spectral normalised cuts otherwise.

    Parameters
    ----------
    W : Tensor
        ``(M, M)``, symmetric.
    n_segments : int
        How many segments to make; the multicut finds their number itself.
    repelling : bool
        Whether negative numbers of W mean that two nodes repel.

    Returns
    -------
    Tensor
        ``(M,)`` int64 segments from 0, the largest first.
    """
    array = W.double().cpu().numpy()
    n = len(array)
    if repelling:
        edges = np.argwhere(np.triu(array, 1))
        heights = -array[edges[:, 0], edges[:, 1]]
        labels = multicut(n, edges, heights, np.ones(len(edges)), 0.0)
    else:
        # A node without neighbours has some similarity, too: with itself.
        labels = normalised_cut(sparse.csr_array(array + np.eye(n)), min(n_segments, n))
    return torch.from_numpy(_by_size(labels)).to(W.device)


def prototypes(features: Tensor, segments: Tensor, n: int) -> Tensor:
    """Return mean features, ``(n, F)``, of the n largest segments; infinite for missing ones."""
    means = _means(features, segments)[:n]
    found = features.new_full((n, features.shape[1]), torch.inf)
    found[: len(means)] = means
    return found


def named(features: Tensor, segments: Tensor, prototypes: Tensor) -> Tensor:
    """Give each segment the class, from 0, whose prototype it resembles most."""
    # Exact, so that a segment of the fitted image finds itself.
    how = "donot_use_mm_for_euclid_dist"
    apart = torch.cdist(_means(features, segments), prototypes, compute_mode=how)
    return apart.argmin(dim=1)[segments]


def _means(features: Tensor, segments: Tensor) -> Tensor:
    n = int(segments.max()) + 1
    member = torch.nn.functional.one_hot(segments, n).to(features.dtype)
    means: Tensor = (member.T @ features) / member.sum(dim=0)[:, None]
    return means


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    _, segments, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    numbered: NDArray[np.int64] = rank[segments]
    return numbered
