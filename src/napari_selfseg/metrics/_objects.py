"""Objects found: F-score and the two kinds of average precision at thresholds of the IoU."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics._contingency import Contingency

__all__ = ["Objects", "average_precision", "objects"]


class Objects(NamedTuple):
    """Segments as objects, and how well each meets an object of the truth.

    Above an IoU of 0.5 an object meets one other at most, so that no assignment is needed.

    Attributes
    ----------
    sizes : ndarray of int64
        Pixels of each segment.
    best : ndarray of float64
        Largest IoU of each segment with an object of the truth.
    n_regions : int
        Objects of the truth.
    """

    sizes: NDArray[np.int64]
    best: NDArray[np.float64]
    n_regions: int

    def hits(self, threshold: float) -> int:
        """Count the objects that are found.

        Parameters
        ----------
        threshold : float
            An object counts as found above this IoU, 0.5 to 1.

        Returns
        -------
        int
            True positives.

        Raises
        ------
        ValueError
            When the threshold is below 0.5, where one object may meet several.
        """
        return int((self.best > _checked(threshold)).sum())

    def f_score(self, threshold: float) -> float:
        r"""Harmonic mean of the shares of segments and of true objects that meet.

        .. math:: F = \frac{2 TP}{2 TP + FP + FN}

        Parameters
        ----------
        threshold : float
            IoU, 0.5 to 1.

        Returns
        -------
        float
            0 to 1; 1 where there is no object and none was found.

        References
        ----------
        Kanezaki, ICASSP 2018, doi:10.1109/ICASSP.2018.8462533, section 4.
        """
        objects_in_both = len(self.best) + self.n_regions
        return 2 * self.hits(threshold) / objects_in_both if objects_in_both else 1.0

    def accuracy(self, threshold: float) -> float:
        r"""Share of objects found among those found, missed and wrong.

        .. math:: AP = \frac{TP}{TP + FP + FN}

        Parameters
        ----------
        threshold : float
            IoU, 0.5 to 1.

        Returns
        -------
        float
            0 to 1; microscopy calls it average precision. 1 where there is no object and none
            was found.

        References
        ----------
        Caicedo et al., Nature Methods 2019, doi:10.1038/s41592-019-0612-7.
        """
        hits = self.hits(threshold)
        either = len(self.best) + self.n_regions - hits
        return hits / either if either else 1.0


def objects(table: Contingency, *, background: Collection[int] = ()) -> Objects:
    """Find the object of the truth that each segment meets best.

    Parameters
    ----------
    table : Contingency
        Of segments and regions.
    background : collection of int
        Labels, in either, that are no object.
    """
    labels = list(background)
    row, column = ~np.isin(table.row_labels, labels), ~np.isin(table.column_labels, labels)
    pairs = column[table.columns]
    best = np.zeros(len(row))
    np.maximum.at(best, table.rows[pairs], (table.counts / table.unions)[pairs])
    return Objects(table.row_sizes[row], best[row], int(column.sum()))


def average_precision(pool: Iterable[Objects], threshold: float) -> float:
    r"""Area under precision against recall, segments of all images taken by decreasing size.

    .. math:: AP = \sum_k (R_k - R_{k-1}) P_k

    where the k-th point takes all segments of at least the k-th largest size.

    Parameters
    ----------
    pool : iterable of Objects
        One an image and annotator.
    threshold : float
        IoU, 0.5 to 1.

    Returns
    -------
    float
        0 to 1; 1 where there is no object and none was found.

    Raises
    ------
    ValueError
        When the threshold is below 0.5.

    References
    ----------
    Kanezaki, ICASSP 2018, doi:10.1109/ICASSP.2018.8462533, section 4.
    """
    parts = list(pool)
    sizes = np.concatenate([each.sizes for each in parts])
    hit = np.concatenate([each.best for each in parts]) > _checked(threshold)
    n_regions = sum(each.n_regions for each in parts)
    if not n_regions:
        return float(len(sizes) == 0)
    order = np.argsort(-sizes, kind="stable")
    # Segments of the same size have no order among them, so they enter together.
    last = np.flatnonzero(np.diff(sizes[order], append=0))
    hits = np.cumsum(hit[order])[last]
    return float((np.diff(hits, prepend=0) / n_regions * hits / (last + 1)).sum())


def _checked(threshold: float) -> float:
    if not 0.5 <= threshold <= 1:
        raise ValueError(f"An IoU threshold lies in 0.5 to 1, not at {threshold}.")
    return threshold
