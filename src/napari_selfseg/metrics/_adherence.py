"""How well superpixels keep to the borders of the truth."""

from __future__ import annotations

import numpy as np

from napari_selfseg.metrics._contingency import Contingency

__all__ = ["achievable_segmentation_accuracy", "undersegmentation_error"]


def achievable_segmentation_accuracy(table: Contingency) -> float:
    r"""Accuracy of the truth painted as well as whole superpixels allow.

    .. math:: ASA = \frac{1}{N} \sum_i \max_j n_{ij}

    Parameters
    ----------
    table : Contingency
        Of superpixels and regions.

    Returns
    -------
    float
        0 to 1; 1 when each superpixel lies within a region.

    References
    ----------
    Liu, Tuzel, Ramalingam and Chellappa, CVPR 2011, doi:10.1109/CVPR.2011.5995323.
    """
    most = np.zeros(len(table.row_sizes), dtype=np.int64)
    np.maximum.at(most, table.rows, table.counts)
    return float(most.sum() / table.total)


def undersegmentation_error(table: Contingency) -> float:
    r"""Share of superpixels that leaks over the borders of regions, the smaller part of each.

    .. math:: UE = \frac{1}{N} \sum_j \sum_{i: n_{ij} > 0} \min(n_{ij}, a_i - n_{ij})

    Parameters
    ----------
    table : Contingency
        Of superpixels and regions.

    Returns
    -------
    float
        0 to 1; 0 when each superpixel lies within a region.

    References
    ----------
    Neubert and Protzel, ICPR 2014, doi:10.1109/ICPR.2014.181; the form that Stutz, Hermans and
    Leibe compare with, CVIU 2018, doi:10.1016/j.cviu.2017.03.007.
    """
    outside = table.row_sizes[table.rows] - table.counts
    return float(np.minimum(table.counts, outside).sum() / table.total)
