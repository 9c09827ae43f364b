"""Aggregated Jaccard index: objects and their outlines in one figure, by pixels."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from napari_selfseg.metrics._contingency import Contingency, best_pairs
from napari_selfseg.metrics._instances._background import BACKGROUND, no_background

__all__ = ["aggregated_jaccard"]


def aggregated_jaccard(table: Contingency, *, background: Collection[int] = BACKGROUND) -> float:
    r"""Share of pixels that true objects share with the segments that meet them best.

    .. math:: AJI = \frac{\sum_j |G_j \cap S_{k(j)}|}
              {\sum_j |G_j \cup S_{k(j)}| + \sum_{i \in U} |S_i|}, \quad
              k(j) = \arg\max_i IoU(S_i, G_j)

    where U are the segments that no true object chose. Where the paper is silent: a segment
    that several true objects choose counts in full for each of them, a true object that meets
    no segment adds its own pixels to the union, and of equal segments the smallest label is
    chosen.

    Parameters
    ----------
    table : Contingency
        Of segments and regions.
    background : collection of int
        Labels, in either, that are no object.

    Returns
    -------
    float
        0 to 1; 1 where there is no object and none was found.

    References
    ----------
    Kumar et al., IEEE TMI 2017, doi:10.1109/TMI.2017.2677499, algorithm 1.
    """
    row, column = no_background(table, background)
    pairs = np.flatnonzero(row[table.rows] & column[table.columns])
    iou = table.counts[pairs] / table.unions[pairs]
    chosen = pairs[best_pairs(table.columns[pairs], table.rows[pairs], iou)]
    # What is left here are the segments nobody chose, and the true objects without one.
    row[table.rows[chosen]] = False
    column[table.columns[chosen]] = False
    alone = table.row_sizes[row].sum() + table.column_sizes[column].sum()
    union = int(table.unions[chosen].sum() + alone)
    return float(table.counts[chosen].sum() / union) if union else 1.0
