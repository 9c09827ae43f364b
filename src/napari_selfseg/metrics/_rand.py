"""Agreement over pairs of pixels: Rand index and its relatives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics._contingency import Contingency

__all__ = ["adapted_rand_error", "adjusted_rand_index", "rand_index"]


class _Pairs(NamedTuple):
    together: float  # in both partitions
    rows: float  # in the segmentation
    columns: float  # in the truth
    every: float


def _pairs(table: Contingency) -> _Pairs:
    sizes = (table.counts, table.row_sizes, table.column_sizes, np.array([table.total]))
    return _Pairs(*map(_choose_two, sizes))


def _choose_two(sizes: NDArray[np.int64]) -> float:
    # In floating point: the squares of large volumes do not fit into 64 bits.
    exact = sizes.astype(np.float64)
    return float((exact * (exact - 1) / 2).sum())


def rand_index(table: Contingency) -> float:
    r"""Share of the pairs of pixels on which two partitions agree.

    .. math:: RI = 1 - \frac{\sum_i \binom{a_i}{2} + \sum_j \binom{b_j}{2}
              - 2 \sum_{ij} \binom{n_{ij}}{2}}{\binom{N}{2}}

    Its mean over annotators is the probabilistic Rand index (PRI).

    Parameters
    ----------
    table : Contingency
        Of segments and regions.

    Returns
    -------
    float
        0 to 1, 1 when they are the same.

    References
    ----------
    Unnikrishnan, Pantofaru and Hebert, PAMI 2007, doi:10.1109/TPAMI.2007.1046.
    """
    pairs = _pairs(table)
    if pairs.every == 0:
        return 1.0
    return 1 - (pairs.rows + pairs.columns - 2 * pairs.together) / pairs.every


def adjusted_rand_index(table: Contingency) -> float:
    r"""Rand index over chance: 0 is what partitions of these sizes have by chance.

    .. math:: ARI = \frac{\sum_{ij} \binom{n_{ij}}{2} - E}{\frac{1}{2} \left(
              \sum_i \binom{a_i}{2} + \sum_j \binom{b_j}{2} \right) - E},\quad
              E = \sum_i \binom{a_i}{2} \sum_j \binom{b_j}{2} / \binom{N}{2}

    Parameters
    ----------
    table : Contingency
        Of segments and regions.

    Returns
    -------
    float
        At most 1; 1 also where both are one region, or both one pixel a region.

    References
    ----------
    Hubert and Arabie, Journal of Classification 1985, doi:10.1007/BF01908075.
    """
    pairs = _pairs(table)
    chance = pairs.rows * (pairs.columns / pairs.every) if pairs.every else 0.0
    most = (pairs.rows + pairs.columns) / 2
    return 1.0 if most == chance else (pairs.together - chance) / (most - chance)


def adapted_rand_error(table: Contingency) -> float:
    r"""One minus the F-score of the pairs of pixels that lie in one segment.

    .. math:: ARE = 1 - \frac{2 \sum_{ij} \binom{n_{ij}}{2}}{\sum_i \binom{a_i}{2}
              + \sum_j \binom{b_j}{2}}

    Parameters
    ----------
    table : Contingency
        Of segments and regions.

    Returns
    -------
    float
        0 to 1, 0 when they are the same.

    References
    ----------
    Arganda-Carreras et al., Frontiers in Neuroanatomy 2015, doi:10.3389/fnana.2015.00142.
    """
    pairs = _pairs(table)
    both = pairs.rows + pairs.columns
    return 1 - 2 * pairs.together / both if both else 0.0
