r"""Correlation clustering: a partition whose number of segments nobody has to say."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from napari_selfseg.hierarchy._contraction import contract

__all__ = ["multicut"]

# Rounds of moving single nodes; measured, nothing moves after three or four.
ROUNDS = 20


def multicut(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    bias: float,
    apart: Iterable[int] = (),
) -> NDArray[np.int64]:
    r"""Cut a graph where it pays: borders above the bias gain by a cut, those below lose.

    .. math:: \min_{\text{partitions}} \sum_{e \text{ cut}} l_e (\beta - h_e)

    by greedy additive edge contraction, then by moving single nodes to a neighbouring segment, or
    to one of their own, while that lowers the sum.

    Parameters
    ----------
    n : int
        Number of nodes, counted from 0.
    edges : ndarray of int
        ``(E, 2)``.
    heights : ndarray of float
        ``(E,)`` h, how different the two sides are.
    lengths : ndarray of float
        ``(E,)`` l, length of the border.
    bias : float
        :math:`\beta`; more gives fewer segments.
    apart : iterable of int
        Nodes of which no two share a segment.

    Returns
    -------
    ndarray of int64
        ``(n,)`` segment of each node, from 0.

    References
    ----------
    Keuper, Levinkov, Bonneel, Lavoué, Brox and Andres, Efficient decomposition of image and mesh
    graphs by lifted multicuts, ICCV 2015, doi:10.1109/ICCV.2015.204.
    """
    fixed = set(apart)
    gaps = np.asarray(heights) - bias
    merges = contract(n, edges, gaps, lengths, summed=True, until=0.0, apart=fixed)
    pairs = (np.ones(len(merges.kept)), (merges.kept, merges.gone))
    _, labels = connected_components(sparse.csr_array(pairs, shape=(n, n)), directed=False)
    gains = np.asarray(lengths) * (bias - np.asarray(heights))
    return _moved(labels.astype(np.int64), np.asarray(edges).reshape(-1, 2), gains, fixed)


def _moved(
    labels: NDArray[np.int64],
    edges: NDArray[np.integer[Any]],
    gains: NDArray[np.float64],
    fixed: Set[int],
) -> NDArray[np.int64]:
    """Move nodes between segments while the sum over cut edges falls."""
    n = len(labels)
    both = (np.concatenate([edges[:, 0], edges[:, 1]]), np.concatenate([edges[:, 1], edges[:, 0]]))
    A = sparse.csr_array((np.concatenate([gains, gains]), both), shape=(n, n))
    # `free` is a segment nobody is in yet: a node may also leave for one of its own.
    label, free = labels.tolist(), n
    starts, ends, values = A.indptr.tolist(), A.indices.tolist(), A.data.tolist()
    waiting = _boundary(labels, edges)
    for _ in range(ROUNDS):
        moved: set[int] = set()
        # In the order of their numbers, as a set has none.
        for node in sorted(waiting - fixed):
            stretch = range(starts[node], starts[node + 1])
            ties: dict[int, float] = {label[node]: 0.0}
            for k in stretch:
                to = label[ends[k]]
                ties[to] = ties.get(to, 0.0) + values[k]
            # Of equal ones the segment it is in, then the one of the least number.
            best = max(ties, key=lambda to: (ties[to], to == label[node], -to))
            # Every neighbour costs more than it saves: alone it pays for none.
            if ties[best] < 0:
                best = free
            if ties.get(best, 0.0) > ties[label[node]]:
                label[node], free = best, max(free, best + 1)
                moved.update(ends[k] for k in stretch)
                moved.add(node)
        if not moved:
            break
        # Only beside what moved can another move pay now.
        waiting = moved
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _boundary(labels: NDArray[np.int64], edges: NDArray[np.integer[Any]]) -> set[int]:
    between = edges[labels[edges[:, 0]] != labels[edges[:, 1]]]
    return set(np.unique(between).tolist())
