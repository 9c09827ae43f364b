"""How many pixels each pair of segments shares."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Contingency", "contingency"]


class Contingency(NamedTuple):
    """The overlaps of two partitions of the same pixels, in coordinates.

    Attributes
    ----------
    rows, columns : ndarray of int64
        Segment and region of each pair that shares pixels, numbered from 0.
    counts : ndarray of int64
        Pixels the pair shares.
    row_sizes, column_sizes : ndarray of int64
        Pixels of each segment and region.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    counts: NDArray[np.int64]
    row_sizes: NDArray[np.int64]
    column_sizes: NDArray[np.int64]


def contingency(
    segments: ArrayLike, regions: ArrayLike, *, ignore: Collection[int] = ()
) -> Contingency:
    """Count the overlaps of two label arrays.

    Parameters
    ----------
    segments, regions : array_like of int
        Same shape; a label is one segment, connected or not.
    ignore : collection of int
        Labels of `regions` whose pixels do not count.

    Returns
    -------
    Contingency

    Raises
    ------
    ValueError
        When the shapes differ, a label is not a whole number, or no pixel is left.
    """
    one, other = _checked(segments), _checked(regions)
    if one.shape != other.shape:
        raise ValueError(f"The labels have shape {one.shape} and the truth {other.shape}.")
    keep = ~np.isin(other, list(ignore))
    if not keep.any():
        raise ValueError("No pixel is left to compare: every one is ignored.")
    _, row = np.unique(one[keep], return_inverse=True)
    _, column = np.unique(other[keep], return_inverse=True)
    width = int(column.max()) + 1
    pairs, counts = np.unique(row.astype(np.int64) * width + column, return_counts=True)
    return Contingency(pairs // width, pairs % width, counts, np.bincount(row), np.bincount(column))


def _checked(labels: ArrayLike) -> NDArray[Any]:
    array = np.asarray(labels)
    if array.dtype.kind not in "bui":
        raise ValueError(f"Labels are whole numbers, not {array.dtype}.")
    return array
