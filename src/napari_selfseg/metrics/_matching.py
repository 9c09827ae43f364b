"""Accuracy and mean IoU of classes once segments are matched to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from napari_selfseg.metrics._contingency import Contingency

__all__ = ["Matched", "assigned", "hungarian", "majority"]


class Matched(NamedTuple):
    """How well classes are hit by the segments matched to them.

    Attributes
    ----------
    accuracy : float
        Share of pixels whose segment is matched to their class.
    mean_iou : float
        Mean over the classes of the truth; 0 for a class without a segment.
    """

    accuracy: float
    mean_iou: float


def hungarian(table: Contingency) -> Matched:
    """Match segments to classes one to one, so that most pixels agree.

    Of matchings with the same accuracy, the one with the best mean IoU. Segments left over are
    wrong. For a set of images matched as a whole, pass `Contingency.summed`.

    Parameters
    ----------
    table : Contingency
        Of segments and classes.

    References
    ----------
    Kuhn, Naval Research Logistics Quarterly 1955, doi:10.1002/nav.3800020109; as a measure of
    unsupervised segmentation Ji, Henriques and Vedaldi, ICCV 2019, doi:10.1109/ICCV.2019.00996.
    """
    iou = table.counts / table.unions
    fewest = min(len(table.row_sizes), len(table.column_sizes))
    chosen = assigned(table, table.counts + iou / (2 * fewest))
    return Matched(
        float(table.counts[chosen].sum() / table.total),
        float(iou[chosen].sum() / len(table.column_sizes)),
    )


def assigned(table: Contingency, gain: NDArray[np.float64]) -> NDArray[np.int64]:
    """Assign segments to regions one to one, so that the sum of the gains is largest.

    Parameters
    ----------
    table : Contingency
        Of segments and regions.
    gain : ndarray of float
        ``(pairs,)`` of each pair in the table, not below 0.

    Returns
    -------
    ndarray of int64
        Indices of the pairs that are taken.
    """
    one, other = table.rows, table.columns
    # A matching of the fewer is found a hundred times faster.
    if len(table.row_sizes) > len(table.column_sizes):
        one, other = other, one
    n, width = int(one.max()) + 1, int(other.max()) + 1
    # Each also has a partner of its own that gains nothing, so that a full matching exists; 1
    # more for every edge changes no choice and keeps all of them above 0.
    alone = np.arange(n)
    rows, columns = np.concatenate((one, alone)), np.concatenate((other, width + alone))
    weights = np.concatenate((gain + 1, np.ones(n)))
    graph = coo_array((weights, (rows, columns)), shape=(n, width + n)).tocsr()
    row, column = min_weight_full_bipartite_matching(graph, maximize=True)
    partner = np.empty(n, dtype=np.int64)
    partner[row] = column
    return np.flatnonzero(partner[one] == other)


def majority(table: Contingency) -> Matched:
    """Match each segment to the class most of its pixels have, of equals the smallest label.

    Parameters
    ----------
    table : Contingency
        Of segments and classes.

    Returns
    -------
    Matched
        Rises with the number of segments whatever they are: give that number beside it.

    References
    ----------
    Manning, Raghavan and Schuetze, Introduction to Information Retrieval 2008, chapter 16
    (purity), doi:10.1017/CBO9780511809071.
    """
    most = np.zeros(len(table.row_sizes), dtype=np.int64)
    np.maximum.at(most, table.rows, table.counts)
    hits = np.flatnonzero(table.counts == most[table.rows])
    _, first = np.unique(table.rows[hits], return_index=True)
    winner = table.columns[hits[first]]
    n_classes = len(table.column_sizes)
    right = np.bincount(winner, weights=most, minlength=n_classes)
    painted = np.bincount(winner, weights=table.row_sizes, minlength=n_classes)
    iou = right / (painted + table.column_sizes - right)
    return Matched(float(right.sum() / table.total), float(iou.mean()))
