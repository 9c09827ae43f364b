"""Where labels and truth disagree, pixel by pixel: what was split and what was merged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_selfseg.metrics._contingency import as_labels, best_pairs, contingency, positions

__all__ = ["MERGED", "SPLIT", "disagreement"]

SPLIT: Final = 1
MERGED: Final = 2

Numbers = NDArray[np.int64]


def disagreement(
    labels: ArrayLike, truth: ArrayLike, *, ignore: Collection[int] = ()
) -> NDArray[np.uint8]:
    r"""Say of each pixel whether its segment is at odds with the truth, and how.

    The pixel of segment i and region j is merged where most of the segment lies in another
    region, and split where it is not merged but another segment has more of the region:

    .. math:: merged: j \neq \arg\max_l n_{il}, \quad
              split: j = \arg\max_l n_{il} \text{ and } i \neq \arg\max_k n_{kj}

    The share of merged pixels is 1 - ASA. A pixel that would be both is merged: its segment
    reaches over a border of the truth. Of equals the smallest label counts as the largest.

    Parameters
    ----------
    labels, truth : array_like of int
        Same shape; a label is one segment, connected or not, 0 as any other.
    ignore : collection of int
        Labels of the truth whose pixels do not count.

    Returns
    -------
    ndarray of uint8
        0 where they agree or the truth is ignored, 1 where split, 2 where merged.

    Raises
    ------
    ValueError
        When the shapes differ, labels are not whole numbers, or every pixel is ignored.
    """
    segments, regions = as_labels(labels), as_labels(truth)
    table = contingency(segments, regions, ignore=ignore)
    home = table.columns[best_pairs(table.rows, table.columns, table.counts)]
    owner = table.rows[best_pairs(table.columns, table.rows, table.counts)]
    row = positions(segments, table.row_labels)
    column = positions(regions, table.column_labels)
    found = np.zeros(segments.size, dtype=np.uint8)
    found[owner[column] != row] = SPLIT
    found[home[row] != column] = MERGED
    if len(ignore):
        found[np.isin(regions.ravel(), list(ignore))] = 0
    return found.reshape(segments.shape)
