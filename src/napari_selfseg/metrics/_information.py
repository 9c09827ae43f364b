"""Variation of information."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics._contingency import Contingency

__all__ = ["Information", "variation_of_information"]


class Information(NamedTuple):
    """Variation of information by its halves, in bits.

    Attributes
    ----------
    over : float
        H(S|T), what the segments split: 0 when each is a union of regions.
    under : float
        H(T|S), what the segments merge: 0 when each lies within a region.
    """

    over: float
    under: float

    @property
    def total(self) -> float:
        """Variation of information."""
        return self.over + self.under


def variation_of_information(table: Contingency) -> Information:
    r"""Information that is not shared by two partitions.

    .. math:: VoI = H(S|T) + H(T|S),\quad
              H(S|T) = -\sum_{ij} \frac{n_{ij}}{N} \log_2 \frac{n_{ij}}{b_j}

    Parameters
    ----------
    table : Contingency
        Of segments S and regions T.

    Returns
    -------
    Information
        In bits; the total is at most log2 of the number of pixels.

    References
    ----------
    Meila, Journal of Multivariate Analysis 2007, doi:10.1016/j.jmva.2006.11.013.
    """
    return Information(
        _conditional(table.counts, table.column_sizes[table.columns]),
        _conditional(table.counts, table.row_sizes[table.rows]),
    )


def _conditional(counts: NDArray[np.int64], given: NDArray[np.int64]) -> float:
    # Adding 0 turns the -0 of equal partitions into 0.
    return float(-(counts * np.log2(counts / given)).sum() / counts.sum()) + 0.0
