"""Global consistency error."""

from __future__ import annotations

from napari_selfseg.metrics._contingency import Contingency

__all__ = ["global_consistency_error"]


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
