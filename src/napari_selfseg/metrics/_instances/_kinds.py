"""What became of each object: found, missed, wrong, split or merged; by count and by pixel."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_selfseg.metrics._contingency import Contingency, as_labels, contingency, positions
from napari_selfseg.metrics._disagreement import MERGED, SPLIT
from napari_selfseg.metrics._instances._background import BACKGROUND, doubt, no_background

__all__ = ["FOUND", "MISSED", "WRONG", "ObjectKinds", "object_kinds"]

FOUND: Final = 3
MISSED: Final = 4
WRONG: Final = 5

# A pixel of two kinds takes the later one.
ORDER: Final = (0, FOUND, WRONG, MISSED, SPLIT, MERGED)

Kinds = NDArray[np.uint8]


class ObjectKinds(NamedTuple):
    """What became of the objects.

    Attributes
    ----------
    where : ndarray of uint8
        Kind of each pixel: 0, `SPLIT`, `MERGED`, `FOUND`, `MISSED` or `WRONG`.
    segments, regions : dict of int to int
        How many objects of the labels and of the truth are of each kind; none of the labels is
        missed and none of the truth is wrong.
    """

    where: Kinds
    segments: dict[int, int]
    regions: dict[int, int]


def object_kinds(
    labels: ArrayLike,
    truth: ArrayLike,
    *,
    ignore: Collection[int] = (),
    background: Collection[int] = BACKGROUND,
) -> ObjectKinds:
    """Say of each object, and of each pixel, whether it was found, or what went wrong.

    An object is found where its IoU with one of the other side is above 0.5. Of the others,

    - a segment is merged that holds more than half of each of two or more true objects, and so
      are these;
    - a true object is split in which two or more segments lie with more than half of their
      pixels, and so are these;
    - other true objects are missed, and other segments are wrong.

    A segment may be found and yet hold a second, smaller true object: that one is merged then.
    A pixel of two kinds is merged rather than split, missed, wrong or found, in this order.

    Parameters
    ----------
    labels, truth : array_like of int
        Same shape; a label is one object, connected or not.
    ignore : collection of int
        Labels of the truth whose pixels do not count.
    background : collection of int
        Labels, in either, that are no object.

    Raises
    ------
    ValueError
        When the shapes differ, labels are not whole numbers, every pixel is ignored, or one
        side has no background, so that they cannot be compared as objects.
    """
    segments, regions = as_labels(labels), as_labels(truth)
    table = contingency(segments, regions, ignore=ignore)
    doubts = doubt(table, background)
    if doubts.refused:
        raise ValueError(doubts.sentence)
    row, column = _kinds(table, background)
    rank = np.argsort(ORDER).astype(np.uint8)
    ranks = np.maximum(
        rank[row][positions(segments, table.row_labels)],
        rank[column][positions(regions, table.column_labels)],
    )
    where = np.array(ORDER, dtype=np.uint8)[ranks]
    if len(ignore):
        where[np.isin(regions.ravel(), list(ignore))] = 0
    return ObjectKinds(where.reshape(segments.shape), _counted(row), _counted(column))


def _kinds(table: Contingency, background: Collection[int]) -> tuple[Kinds, Kinds]:
    """Return the kind of each segment and each region; 0 of background."""
    row, column = no_background(table, background)
    pairs = row[table.rows] & column[table.columns]
    one, other, counts = table.rows[pairs], table.columns[pairs], table.counts[pairs]
    holds = 2 * counts > table.column_sizes[other]
    lies = 2 * counts > table.row_sizes[one]
    found = counts / table.unions[pairs] > 0.5
    several_held = np.bincount(one[holds], minlength=len(row))[one] > 1
    several_pieces = np.bincount(other[lies], minlength=len(column))[other] > 1
    of_row = np.where(row, WRONG, 0).astype(np.uint8)
    of_column = np.where(column, MISSED, 0).astype(np.uint8)
    for kind, pair in (
        (SPLIT, lies & several_pieces),
        (MERGED, holds & several_held),
        (FOUND, found),
    ):
        of_row[one[pair]] = kind
        of_column[other[pair]] = kind
    return of_row, of_column


def _counted(kinds: Kinds) -> dict[int, int]:
    return {kind: int((kinds == kind).sum()) for kind in ORDER if kind}
