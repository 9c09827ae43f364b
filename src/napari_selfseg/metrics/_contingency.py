"""How many pixels each pair of segments shares."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Contingency", "as_labels", "best_pairs", "contingency", "numbered", "positions"]

SLACK = 1 << 16


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
    row_labels, column_labels : ndarray of int
        Label of each segment and region, ascending.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    counts: NDArray[np.int64]
    row_sizes: NDArray[np.int64]
    column_sizes: NDArray[np.int64]
    row_labels: NDArray[Any]
    column_labels: NDArray[Any]

    @property
    def total(self) -> int:
        """Pixels compared."""
        return int(self.row_sizes.sum())

    @property
    def unions(self) -> NDArray[np.int64]:
        """Pixels in one or both of each pair."""
        return self.row_sizes[self.rows] + self.column_sizes[self.columns] - self.counts

    @classmethod
    def summed(cls, tables: Iterable[Contingency]) -> Contingency:
        """Add tables of several images in which a label means the same.

        Parameters
        ----------
        tables : iterable of Contingency
            One an image.

        Returns
        -------
        Contingency
            As if the images were one.
        """
        each = list(tables)
        return _table(
            np.concatenate([table.row_labels[table.rows] for table in each]),
            np.concatenate([table.column_labels[table.columns] for table in each]),
            np.concatenate([table.counts for table in each]),
        )


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

    Raises
    ------
    ValueError
        When the shapes differ, a label is not a whole number, or no pixel is left.
    """
    one, other = as_labels(segments), as_labels(regions)
    if one.shape != other.shape:
        raise ValueError(f"The labels have shape {one.shape} and the truth {other.shape}.")
    one, other, lengths = _runs(one.ravel(), other.ravel())
    keep = ~np.isin(other, list(ignore))
    if not keep.any():
        raise ValueError("No pixel is left to compare: every one is ignored.")
    if not keep.all():
        one, other, lengths = one[keep], other[keep], lengths[keep]
    return _table(one, other, lengths)


def as_labels(labels: ArrayLike) -> NDArray[Any]:
    """Return labels as an array of whole numbers.

    Parameters
    ----------
    labels : array_like of int or bool
        Of any shape.

    Returns
    -------
    ndarray of int

    Raises
    ------
    ValueError
        When they are not whole numbers.
    """
    array = np.asarray(labels)
    if array.dtype.kind not in "bui":
        raise ValueError(f"Labels are whole numbers, not {array.dtype}.")
    return array.view(np.uint8) if array.dtype.kind == "b" else array


def numbered(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Number values from 0 in ascending order.

    Parameters
    ----------
    values : ndarray of int
        A row of labels.

    Returns
    -------
    ndarray of int
        The distinct values.
    ndarray of int64
        Which of them each value is.
    """
    low, high = int(values.min()), int(values.max())
    if high - low > len(values) + SLACK:
        distinct, number = np.unique(values, return_inverse=True)
        return distinct, number.astype(np.int64, copy=False)
    # A lookup over the range is several times faster than a sort.
    offset = _offset(values, low)
    seen = np.zeros(high - low + 1, dtype=np.bool_)
    seen[offset] = True
    found = np.flatnonzero(seen)
    numbers = np.zeros(len(seen), dtype=np.int64)
    numbers[found] = np.arange(len(found))
    return found.astype(values.dtype) + values.dtype.type(low), numbers[offset]


def positions(labels: NDArray[Any], known: NDArray[Any]) -> NDArray[np.int64]:
    """Find labels in the rows or columns of a table.

    Parameters
    ----------
    labels : ndarray of int
        Of every pixel.
    known : ndarray of int
        Labels of the table, ascending.

    Returns
    -------
    ndarray of int64
        ``(pixels,)`` number of each pixel's label; any where the table does not have it.
    """
    distinct, number = numbered(labels.ravel())
    position = np.searchsorted(known, distinct).clip(max=len(known) - 1)
    return np.asarray(position[number])


def best_pairs(
    one: NDArray[np.int64], other: NDArray[np.int64], value: NDArray[Any]
) -> NDArray[np.int64]:
    """Choose the pair of the largest value for each of `one`.

    Parameters
    ----------
    one, other : ndarray of int64
        ``(pairs,)`` numbers of the partners.
    value : ndarray
        ``(pairs,)``; of equals, the pair with the smallest of `other`.

    Returns
    -------
    ndarray of int64
        Indices of the pairs, by ascending `one`.
    """
    order = np.lexsort((other, -value, one))
    _, first = np.unique(one[order], return_index=True)
    return np.asarray(order[first])


def _runs(
    one: NDArray[Any], other: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
    # Neighbours mostly agree: what follows handles runs of pixels instead of pixels.
    new = np.ones(one.size, dtype=np.bool_)
    if one.size:
        np.not_equal(one[1:], one[:-1], out=new[1:])
        new[1:] |= other[1:] != other[:-1]
    starts = np.flatnonzero(new)
    return one[starts], other[starts], np.diff(starts, append=one.size)


def _table(one: NDArray[Any], other: NDArray[Any], counts: NDArray[np.int64]) -> Contingency:
    row_labels, row = numbered(one)
    column_labels, column = numbered(other)
    width = len(column_labels)
    pairs, pair = numbered(row * width + column)
    return Contingency(
        pairs // width,
        pairs % width,
        _sums(pair, counts),
        _sums(row, counts),
        _sums(column, counts),
        row_labels,
        column_labels,
    )


def _offset(values: NDArray[Any], low: int) -> NDArray[np.int64]:
    # Large unsigned labels fit into int64 only once the smallest is taken off.
    if values.dtype.kind == "u":
        values, low = values - values.dtype.type(low), 0
    return np.asarray(values.astype(np.int64) - low)


def _sums(number: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    # float64 holds whole numbers up to 2**53 exactly.
    return np.bincount(number, weights=counts).astype(np.int64)
