"""Objects found: F-score, panoptic quality and two kinds of average precision, by the IoU."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics._contingency import Contingency
from napari_selfseg.metrics._instances._background import BACKGROUND, no_background

__all__ = ["THRESHOLDS", "Objects", "average_precision", "objects"]

THRESHOLDS = tuple(k / 100 for k in range(50, 100, 5))


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

    @property
    def mean_accuracy(self) -> float:
        """`accuracy`, the mean over IoU thresholds 0.50, 0.55, ... 0.95 (mAP)."""
        return float(np.mean([self.accuracy(threshold) for threshold in THRESHOLDS]))

    @property
    def segmentation_quality(self) -> float:
        r"""Mean IoU of the objects that are found (SQ), those above an IoU of 0.5.

        .. math:: SQ = \frac{1}{TP} \sum_{(i, j) \in TP} IoU(i, j)

        0, or 0.5 to 1; 0 where none is found, 1 where there is no object and none was found.

        References
        ----------
        Kirillov et al., CVPR 2019, doi:10.1109/CVPR.2019.00963, equation 2.
        """
        if not len(self.best) + self.n_regions:
            return 1.0
        found = self.best[self.best > 0.5]
        return float(found.mean()) if found.size else 0.0

    @property
    def panoptic_quality(self) -> float:
        r"""Segmentation quality times recognition quality (PQ), of one class of objects.

        .. math:: PQ = SQ \cdot RQ, \quad RQ = \frac{TP}{TP + FP / 2 + FN / 2}

        RQ is `f_score` at 0.5. 0 to 1; 1 where there is no object and none was found.

        References
        ----------
        Kirillov et al., CVPR 2019, doi:10.1109/CVPR.2019.00963, equation 2.
        """
        return self.segmentation_quality * self.f_score(0.5)


def objects(table: Contingency, *, background: Collection[int] = BACKGROUND) -> Objects:
    """Find the object of the truth that each segment meets best.

    Parameters
    ----------
    table : Contingency
        Of segments and regions.
    background : collection of int
        Labels, in either, that are no object.
    """
    row, column = no_background(table, background)
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
