"""What a border means for the whole image: the spectral step of a consensus."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from napari_selfseg.graphs import spectrum

__all__ = ["globalised"]

# No similarity is 0, so that a piece stays a piece and its eigenvectors are one set.
LEAST = 1e-9


def globalised(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    *,
    scale: float = 0.25,
    vectors: int = 8,
    share: float = 0.3,
    clip: float = 97.0,
) -> NDArray[np.float64]:
    r"""Mix heights of borders with distances between their sides in a spectral embedding.

    .. math::

        w_{ab} &= l_{ab} \exp(-h_{ab} / \tau) \\
        (D - W) y_k &= \lambda_k D y_k, \quad k = 1, \ldots, K \\
        d_{ab} &= \min\left(\Big[\sum_k (y_k(a) - y_k(b))^2 / \lambda_k\Big]^{1/2} / q,\ 1\right) \\
        h'_{ab} &= \sigma d_{ab} + (1 - \sigma) h_{ab}

    with q a percentile of the distances of neighbours. A border that closes a contour, and so
    divides the image, is raised; one that ends in nothing is not. Each piece of a graph in several
    pieces is taken alone.

    Parameters
    ----------
    n : int
        Number of nodes, counted from 0.
    edges : ndarray of int
        ``(E, 2)``.
    heights, lengths : ndarray of float
        ``(E,)`` h between 0 and 1, and l.
    scale : float
        :math:`\tau`.
    vectors : int
        K, without the trivial one; 5 to 10 do equally well.
    share : float
        :math:`\sigma`.
    clip : float
        Percentile q of the distances that becomes 1.

    Returns
    -------
    ndarray of float64
        ``(E,)`` between 0 and 1.

    References
    ----------
    Arbeláez, Maire, Fowlkes and Malik, Contour detection and hierarchical image segmentation, IEEE
    TPAMI 2011, doi:10.1109/TPAMI.2010.161, section 3.2: the idea, for pixels.
    """
    a, b = np.asarray(edges).reshape(-1, 2).T
    w = np.maximum(lengths * np.exp(-np.asarray(heights) / scale), LEAST)
    both = (np.concatenate([a, b]), np.concatenate([b, a]))
    W = sparse.csr_array((np.concatenate([w, w]), both), shape=(n, n))
    _, piece = connected_components(W, directed=False)
    mixed = np.array(heights, dtype=np.float64)
    for number in np.unique(piece[a]):
        nodes, here = np.flatnonzero(piece == number), piece[a] == number
        if len(nodes) < 3:  # two nodes have one border, and nothing to compare it with
            continue
        place = np.zeros(n, np.int64)
        place[nodes] = np.arange(len(nodes))
        y = _embedding(W[nodes][:, nodes], vectors)
        apart = np.linalg.norm(y[place[a[here]]] - y[place[b[here]]], axis=1)
        d = np.minimum(apart / max(np.percentile(apart, clip), LEAST), 1)
        mixed[here] = share * d + (1 - share) * mixed[here]
    return mixed


def _embedding(W: sparse.csr_array, vectors: int) -> NDArray[np.float64]:
    values, y = spectrum(W, min(vectors + 1, W.shape[0]))
    found: NDArray[np.float64] = y[:, 1:] / np.sqrt(np.maximum(values[1:], LEAST))
    return found
