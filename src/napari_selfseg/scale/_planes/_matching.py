"""Ids that stay the same from a plane to its neighbour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.metrics import assigned, contingency

__all__ = ["by_overlap", "named", "pairs"]


def by_overlap(
    labels: NDArray[np.integer[Any]], before: NDArray[np.integer[Any]], highest: int
) -> NDArray[np.int64]:
    """Number the segments of a plane after those of its neighbour they overlap most.

    Segments are assigned one to one so that the sum of their intersections over union is largest,
    over the pixels that both planes label.

    Parameters
    ----------
    labels : ndarray of int
        Of the plane; 0 is no data.
    before : ndarray of int
        Of the neighbour, with the ids of the stack.
    highest : int
        Largest id in use. A segment without a partner gets a number above it.

    References
    ----------
    Kuhn, Naval Research Logistics Quarterly 1955, doi:10.1002/nav.3800020109.
    """
    both = (labels > 0) & (before > 0)
    if not both.any():
        return named(labels, {}, highest)
    table = contingency(labels[both], before[both])
    # One to one: where two segments lie over one of the neighbour, one of them keeps its id.
    chosen = assigned(table, table.counts / table.unions)
    one = table.row_labels[table.rows[chosen]].tolist()
    other = table.column_labels[table.columns[chosen]].tolist()
    return named(labels, dict(zip(one, other, strict=True)), highest)


def named(
    labels: NDArray[np.integer[Any]], names: Mapping[int, int], highest: int
) -> NDArray[np.int64]:
    """Rename labels, those without a name to numbers above all others in use; 0 is no data."""
    ids = np.zeros(int(labels.max()) + 1, np.int64)
    for label in np.unique(labels[labels > 0]).tolist():
        known = label in names
        highest += not known
        ids[label] = names[label] if known else highest
    found: NDArray[np.int64] = ids[labels]
    return found


def pairs(labels: NDArray[np.integer[Any]], ids: NDArray[np.integer[Any]]) -> dict[int, int]:
    """Return the id that each label of a plane was given."""
    found, first = np.unique(labels, return_index=True)
    return dict(zip(found.tolist(), ids.ravel()[first].tolist(), strict=True))
