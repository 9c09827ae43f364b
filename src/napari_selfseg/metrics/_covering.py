"""Segmentation covering, and the bidirectional consistency error."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from napari_selfseg.metrics._contingency import Contingency, contingency

__all__ = ["Covering", "covering", "covering_of", "global_consistency_error"]


class Covering(NamedTuple):
    """A covering as a fraction, so that images can be summed before dividing.

    Attributes
    ----------
    covered : float
        Sum over regions of size times best intersection over union.
    total : float
        Sum of the sizes of the regions.
    """

    covered: float
    total: float

    @property
    def value(self) -> float:
        """The covering, 0 to 1."""
        return self.covered / self.total

    @classmethod
    def summed(cls, parts: Iterable[Covering]) -> Covering:
        """Sum numerators and denominators, as the BSDS benchmark does over a set.

        Parameters
        ----------
        parts : iterable of Covering
            One an image.
        """
        pairs = list(parts)
        return cls(sum(each.covered for each in pairs), sum(each.total for each in pairs))


def covering(
    segments: ArrayLike, annotations: Iterable[ArrayLike], *, ignore: Collection[int] = ()
) -> Covering:
    r"""Cover the regions of every annotator by the segments.

    .. math:: C(S' \to S) = \frac{1}{N} \sum_{R \in S} |R| \max_{R' \in S'}
              \frac{|R \cap R'|}{|R \cup R'|}

    Parameters
    ----------
    segments : array_like of int
        The segmentation S', a partition by label value.
    annotations : iterable of array_like of int
        Ground truths S of one image.
    ignore : collection of int
        Labels of the annotations whose pixels do not count.

    Returns
    -------
    Covering
        Summed over the annotators.

    Raises
    ------
    ValueError
        When the shapes differ, labels are not whole numbers, or nothing is left.

    References
    ----------
    Arbelaez, Maire, Fowlkes and Malik, PAMI 2011, doi:10.1109/TPAMI.2010.161, section 3.1.
    """
    tables = (contingency(segments, truth, ignore=ignore) for truth in annotations)
    return Covering.summed(covering_of(table) for table in tables)


def covering_of(table: Contingency) -> Covering:
    """Cover the regions of one annotator by the segments.

    Parameters
    ----------
    table : Contingency
        Of segments and regions.
    """
    best = np.zeros(len(table.column_sizes))
    np.maximum.at(best, table.columns, table.counts / table.unions)
    covered = float((best * table.column_sizes).sum())
    return Covering(covered, float(table.total))


def global_consistency_error(table: Contingency) -> float:
    r"""How far each of two partitions is from refining the other, the smaller of both.

    .. math:: GCE = \frac{1}{N} \min \left( \sum_{ij} n_{ij} \frac{a_i - n_{ij}}{a_i},
              \sum_{ij} n_{ij} \frac{b_j - n_{ij}}{b_j} \right)

    Parameters
    ----------
    table : Contingency
        Of segments and regions.

    Returns
    -------
    float
        0 to 1; 0 whenever one refines the other, so also for a single region and for one pixel
        a region.

    References
    ----------
    Martin, Fowlkes, Tal and Malik, ICCV 2001, doi:10.1109/ICCV.2001.937655.
    """
    counts = table.counts.astype(float)
    errors = (
        (counts * (1 - counts / sizes)).sum()
        for sizes in (table.row_sizes[table.rows], table.column_sizes[table.columns])
    )
    return float(min(errors)) / table.total
