"""Two label maps brought to one numbering, and how far they agree; no Qt and no napari here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics import (
    Contingency,
    adjusted_rand_index,
    assigned,
    contingency,
    objects,
    variation_of_information,
)

__all__ = ["Compared", "compared"]

IOU: Final = 0.5
SAME: Final = "They are the same, but for the numbers of labels."


@dataclass(frozen=True)
class Compared:
    """What two label maps have in common.

    Attributes
    ----------
    matched : ndarray of int
        The second one with the numbers of the first, where labels of both go together; a label
        that goes with none has a number beyond.
    differing : ndarray of uint8
        1 where a pixel belongs to labels that do not go together.
    ari, voi : float
        Adjusted Rand index, and variation of information in bits.
    hits, first, second : int
        Labels of either with an intersection over union above 0.5, and how many there are.
    """

    matched: NDArray[Any]
    differing: NDArray[np.uint8]
    ari: float
    voi: float
    hits: int
    first: int
    second: int

    @property
    def share(self) -> float:
        """Share of pixels that differ."""
        return float(self.differing.mean())

    def words(self, one: str, other: str) -> str:
        """Say how far they agree, in rich text."""
        if not self.differing.any() and self.first == self.second == self.hits:
            return SAME
        lines = [
            f"<b>{100 * self.share:.1f} %</b> of pixels differ.",
            f"Matched (IoU above 0.5): <b>{self.hits}</b>, of {self.first} labels in {one} and "
            f"{self.second} in {other}.",
            f"Adjusted Rand index <b>{self.ari:.3f}</b>, variation of information "
            f"<b>{self.voi:.3f}</b> bits.",
        ]
        return "<br>".join(lines)


def compared(one: NDArray[Any], other: NDArray[Any]) -> Compared:
    """Compare two label maps; slow for many pixels, so call it in a worker thread.

    Labels are matched one to one, so that as many pixels as possible agree; 0 is matched with 0
    alone.

    Raises
    ------
    ValueError
        When the shapes differ, or they are no labels.
    """
    if one.shape != other.shape:
        shapes = f"{one.shape} and {other.shape}"
        raise ValueError(f"The labels have shapes {shapes}: choose two of one shape.")
    table = contingency(one, other)
    partner = _partners(table)
    places = np.searchsorted(table.column_labels, np.ravel(other))
    matched = partner[places].reshape(other.shape)
    differing = (matched != one).astype(np.uint8)
    found = objects(table)
    return Compared(
        matched,
        differing,
        adjusted_rand_index(table),
        variation_of_information(table).total,
        found.hits(IOU),
        len(found.best),
        found.n_regions,
    )


def _partners(table: Contingency) -> NDArray[np.int64]:
    """Return a number of the first for each label of the second, or one beyond."""
    rows, columns = table.row_labels[table.rows], table.column_labels[table.columns]
    # 0 is matched with 0 alone.
    gain = table.counts * ((rows == 0) == (columns == 0))
    pairs = assigned(table, gain.astype(np.float64))
    pairs = pairs[gain[pairs] > 0]
    found = np.full(len(table.column_labels), -1, np.int64)
    found[table.columns[pairs]] = rows[pairs]
    found[table.column_labels == 0] = 0
    # Those without a partner get numbers that the first map does not have.
    alone = np.flatnonzero(found < 0)
    found[alone] = int(table.row_labels.max()) + 1 + np.arange(len(alone))
    return found
