"""Whether labels and truth have a background, so that figures of objects mean something."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics._contingency import Contingency

__all__ = ["BACKGROUND", "Doubt", "doubt", "no_background"]

BACKGROUND: Final = (0,)

MISSING: Final = (
    "No figures of objects: the truth has a background (label {known}), the labels have none."
)
SEGMENTS: Final = " They are segments of the whole image: set those that are background to {zero}."
LARGE: Final = (
    " If label {label}, which covers {share:.0f} % of the pixels, is background, set it to {zero}."
)
LARGE_TRUTH: Final = (
    "No figures of objects: the truth has no background (label {known}), and its label {label} "
    "covers {share:.0f} % of the pixels. If that is background, set it to {zero} in the truth; if "
    "every label is an object, name no background label."
)
COUNTED: Final = (
    "Label {label} counts as an object: it covers {share:.0f} % of the pixels, most of them "
    "background of the truth. If it is background, set it to {zero}."
)


class Doubt(NamedTuple):
    """What speaks against figures of objects.

    Attributes
    ----------
    sentence : str
        For the user; empty where nothing speaks against them.
    refused : bool
        True where there can be no figures, False where they are only to be read with care.
    """

    sentence: str = ""
    refused: bool = False


def no_background(
    table: Contingency, background: Collection[int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say which segments and which regions are objects.

    Parameters
    ----------
    table : Contingency
        Of segments and regions.
    background : collection of int
        Labels, in either, that are no object.

    Returns
    -------
    ndarray of bool
        Of each segment.
    ndarray of bool
        Of each region.
    """
    labels = list(background)
    return ~np.isin(table.row_labels, labels), ~np.isin(table.column_labels, labels)


def doubt(table: Contingency, background: Collection[int]) -> Doubt:
    """Say whether segments and regions can be compared as objects on a background.

    Refused are segments without background where the truth has one, and a truth without
    background of which one region is more than half. A segment that is more than half of the
    pixels, and mostly background of the truth, counts, but is mentioned.

    Parameters
    ----------
    table : Contingency
        Of segments and regions.
    background : collection of int
        Labels, in either, that are no object; without any, every label is an object.
    """
    if not background:
        return Doubt()
    row, column = no_background(table, background)
    names: dict[str, Any] = {
        "known": " or ".join(map(str, background)),
        "zero": next(iter(background)),
    }
    segment = _large(table.row_labels, table.row_sizes, row)
    region = _large(table.column_labels, table.column_sizes, column)
    if column.all():
        refused = region and Doubt(LARGE_TRUTH.format(**names, **region), True)
        return refused or Doubt()
    if row.all():
        return Doubt((MISSING + (LARGE if segment else SEGMENTS)).format(**names, **segment), True)
    if segment and _mostly_outside(table, segment["label"], column):
        return Doubt(COUNTED.format(**names, **segment))
    return Doubt()


def _large(
    labels: NDArray[Any], sizes: NDArray[np.int64], objects: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return an object that covers more than half of the pixels, if there is one."""
    share = sizes / sizes.sum()
    largest = int(share.argmax())
    if share[largest] <= 0.5 or not objects[largest]:
        return {}
    return {"label": int(labels[largest]), "share": 100 * float(share[largest])}


def _mostly_outside(table: Contingency, label: int, column: NDArray[np.bool_]) -> bool:
    """Whether most of a segment lies in no object of the truth."""
    number = int(np.flatnonzero(table.row_labels == label)[0])
    inside = table.counts[(table.rows == number) & column[table.columns]].sum()
    return bool(2 * inside < table.row_sizes[number])
