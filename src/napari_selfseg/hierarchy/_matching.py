"""Labels that keep their number, and so their colour, from one partition to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["matched"]


def matched(
    labels: NDArray[np.integer[Any]],
    before: NDArray[np.integer[Any]],
    sizes: NDArray[Any],
) -> NDArray[np.int64]:
    """Renumber a partition after an earlier one, the pairs with most in common first.

    Parameters
    ----------
    labels : ndarray of int
        ``(n,)`` segment of each node, any numbers.
    before : ndarray of int
        ``(n,)`` the earlier partition, from 1.
    sizes : ndarray
        ``(n,)`` pixels of each node.

    Returns
    -------
    ndarray of int64
        ``(n,)`` the same partition. A segment has the number of its partner in the earlier one, or,
        without a partner, the smallest number that is free, larger segments first.
    """
    _, new = np.unique(labels, return_inverse=True)
    weights = np.asarray(sizes, dtype=np.float64)
    common = sparse.csr_array((weights, (new, before))).tocoo()
    largest_first = np.argsort(-common.data, kind="stable")
    rows, columns = common.row[largest_first].tolist(), common.col[largest_first].tolist()
    names: dict[int, int] = {}
    taken: set[int] = set()
    for segment, number in zip(rows, columns, strict=True):
        if segment not in names and number not in taken:
            names[segment] = number
            taken.add(number)
    alone = [k for k in np.argsort(-np.bincount(new, weights), kind="stable") if k not in names]
    free = (k for k in range(1, len(taken) + len(alone) + 1) if k not in taken)
    names.update(zip(alone, free, strict=False))
    return np.array([names[k] for k in range(len(names))], np.int64)[new]
