r"""Graphs of superpixels: who is near whom, how similar they are, and where to cut.

The normalised cut of Shi and Malik divides a graph with similarities W in two:

.. math:: \mathrm{Ncut}(A, B) = \frac{\mathrm{cut}(A, B)}{\mathrm{assoc}(A, V)}
                              + \frac{\mathrm{cut}(A, B)}{\mathrm{assoc}(B, V)}

with :math:`\mathrm{cut}(A, B) = \sum_{a \in A, b \in B} w_{ab}` and
:math:`\mathrm{assoc}(A, V) = \sum_{a \in A, b \in V} w_{ab}`. The best one is NP-hard to find. The
second eigenvector of the normalised graph puts nodes that belong together side by side; the best
threshold on it is taken, and of all segments the one that is cheapest to divide is divided next.

Plain NumPy and SciPy: the same graph gives the same labels every time.

References
----------
Shi and Malik, Normalized cuts and image segmentation, IEEE Transactions on Pattern Analysis and
Machine Intelligence 2000, doi:10.1109/34.868688.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import eigsh
from scipy.spatial import cKDTree

__all__ = ["affinities", "ncut", "near", "normalised_cut", "spectrum"]

# Up to here the dense solver is as fast, and takes no start vector.
DENSE = 400
# Below the smallest eigenvalue, where the shifted matrix can still be inverted.
SHIFT = -1e-4


def near(centres: NDArray[np.floating[Any]], distance: float) -> NDArray[np.int64]:
    """Find all pairs of points, ``(M, ndim)``, nearer to each other than a distance.

    Pairs are ``(E, 2)``, sorted, the smaller number first; those at exactly the distance are not
    near.
    """
    pairs = cKDTree(centres).query_pairs(distance, output_type="ndarray")
    apart = np.linalg.norm(centres[pairs[:, 0]] - centres[pairs[:, 1]], axis=1)
    kept = pairs[apart < distance].astype(np.int64)
    found: NDArray[np.int64] = kept[np.lexsort((kept[:, 1], kept[:, 0]))]
    return found


def affinities(
    features: NDArray[np.floating[Any]], edges: NDArray[np.integer[Any]], sigma: float
) -> sparse.csr_array:
    r"""Similarities of the nodes of a graph.

    .. math:: w_{ab} = \exp\left(-\| g_a - g_b \|_2^2 / \sigma^2\right)

    for the pairs of a list and for a node with itself, and 0 elsewhere: equation 7 of deep
    superpixel cut.

    Parameters
    ----------
    features : ndarray of float
        ``(M, K)``, one row g a node.
    edges : ndarray of int
        ``(E, 2)`` pairs of different nodes, each once.
    sigma : float
        Scale.

    Returns
    -------
    scipy.sparse.csr_array
        ``(M, M)``, symmetric.

    References
    ----------
    doi:10.48550/arXiv.2103.06031, equation 7.
    """
    n, (a, b) = len(features), np.asarray(edges).reshape(-1, 2).T
    apart = np.asarray(features[a] - features[b], dtype=np.float64)
    w = np.exp(-np.square(apart).sum(axis=1) / sigma**2)
    itself = np.arange(n)
    values = np.concatenate([w, w, np.ones(n)])
    rows, columns = np.concatenate([a, b, itself]), np.concatenate([b, a, itself])
    return sparse.csr_array((values, (rows, columns)), shape=(n, n))


def ncut(W: sparse.csr_array, labels: NDArray[np.integer[Any]]) -> float:
    r"""Return the normalised cut of a partition: the sum of cut(A, V - A) / assoc(A, V).

    Parameters
    ----------
    W : scipy.sparse.csr_array
        ``(M, M)``, symmetric, not negative.
    labels : ndarray of int
        ``(M,)`` segment of each node. A segment without any similarity adds nothing.
    """
    _, segment = np.unique(labels, return_inverse=True)
    inside = sparse.csr_array((np.ones(len(segment)), (np.arange(len(segment)), segment)))
    between = (inside.T @ W @ inside).toarray()
    total = between.sum(axis=1)
    cut = total - between.diagonal()
    return float(np.sum(cut[total > 0] / total[total > 0]))


def spectrum(W: sparse.csr_array, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Solve :math:`(D - W) y = \lambda D y` for the smallest eigenvalues.

    Parameters
    ----------
    W : scipy.sparse.csr_array
        ``(M, M)``, symmetric, not negative, every node with some similarity. For vectors that can
        be made again the graph must be connected.
    n : int
        How many; the first is the trivial one.

    Returns
    -------
    values : ndarray of float64
        ``(n,)`` ascending, from 0.
    vectors : ndarray of float64
        ``(M, n)`` in columns, the entry of the largest magnitude positive.
    """
    size = W.shape[0]
    root = 1 / np.sqrt(W.sum(axis=1))
    scaled = sparse.diags_array(root) @ W @ sparse.diags_array(root)
    if size <= DENSE or n >= size:
        largest = (max(size - n, 0), size - 1)
        values, vectors = linalg.eigh(scaled.toarray(), subset_by_index=largest)
    else:
        # Any fixed vector but the trivial eigenvector, where the search would end at once.
        start = np.random.default_rng(0).standard_normal(size)
        laplacian = (sparse.eye_array(size) - scaled).tocsc()
        # Near 0 of the Laplacian the search takes a seventh of the time of that near 1 of W.
        values, vectors = eigsh(laplacian, n, sigma=SHIFT, which="LM", v0=start)
        values = 1 - values
    order = np.argsort(-values, kind="stable")
    vectors = root[:, None] * vectors[:, order]
    peak = np.abs(vectors).argmax(axis=0)
    return 1 - values[order], vectors * np.sign(vectors[peak, np.arange(vectors.shape[1])])


def normalised_cut(W: sparse.csr_array, n_segments: int) -> NDArray[np.int64]:
    """Divide a graph again and again by normalised cuts, the cheapest first.

    Parameters
    ----------
    W : scipy.sparse.csr_array
        ``(M, M)``, symmetric, not negative.
    n_segments : int
        How many segments to make; no more than there are nodes.

    Returns
    -------
    ndarray of int64
        ``(M,)`` segment of each node, from 1 in the order of their first nodes.

    References
    ----------
    doi:10.1109/34.868688, section 3.
    """
    W = sparse.csr_array(W)
    everything = np.arange(W.shape[0])
    # The first node breaks ties, so that arrays are never compared.
    waiting = [(*_halves(W, everything), everything)]
    while len(waiting) < n_segments and np.isfinite(waiting[0][0]):
        _, _, first, nodes = heapq.heappop(waiting)
        for part in (nodes[first], nodes[~first]):
            heapq.heappush(waiting, (*_halves(W, part), part))
    return _numbered([nodes for *_, nodes in waiting], W.shape[0])


def _halves(W: sparse.csr_array, nodes: NDArray[np.int64]) -> tuple[float, int, NDArray[np.bool_]]:
    """Return cost, smallest node, and which nodes are in the first of two parts."""
    part = W[nodes][:, nodes]
    if len(nodes) < 2:
        return np.inf, int(nodes[0]), np.ones(len(nodes), dtype=bool)
    n_pieces, piece = connected_components(part, directed=False)
    if n_pieces > 1:
        return 0.0, int(nodes[0]), piece == 0
    cost, first = _swept(part, spectrum(part, 2)[1][:, 1])
    return cost, int(nodes[0]), first


def _swept(W: sparse.csr_array, y: NDArray[np.float64]) -> tuple[float, NDArray[np.bool_]]:
    """Try every threshold on `y` and return the lowest normalised cut with its first part."""
    order = np.argsort(y, kind="stable")
    sorted_w = sparse.coo_array(W[order][:, order])
    degree = np.asarray(sorted_w.sum(axis=1))
    # A similarity between places a < b is cut by the thresholds after a, up to b.
    upper = sorted_w.row < sorted_w.col
    w, a, b = sorted_w.data[upper], sorted_w.row[upper], sorted_w.col[upper]
    n = len(y)
    cut = np.cumsum(np.bincount(a, w, n) - np.bincount(b, w, n))[:-1]
    below = np.cumsum(degree)[:-1]
    cost = cut / below + cut / (degree.sum() - below)
    best = int(cost.argmin())
    first = np.zeros(n, dtype=bool)
    first[order[: best + 1]] = True
    return float(cost[best]), first


def _numbered(segments: list[NDArray[np.int64]], n: int) -> NDArray[np.int64]:
    labels = np.zeros(n, dtype=np.int64)
    for k, nodes in enumerate(sorted(segments, key=lambda each: int(each[0])), start=1):
        labels[nodes] = k
    return labels
