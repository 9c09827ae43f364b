r"""Two accounts of the same objects: where they lie over each other, the better shapes are taken.

Objects of both that share more than a tenth of the smaller one are one group. Those of an account
in a group, of sizes A and overlaps J with ellipses, are worth

.. math:: \frac{\sum A J^4 \exp(-\tfrac14 \log^2(A / A_0))}{\sum A},

with :math:`A_0` the typical size; the second one is taken where it is worth more by
a fiftieth.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_selfseg.instances._ellipses import overlap_of_labels
from napari_selfseg.instances._shapes import without
from napari_selfseg.labelmaps import join

__all__ = ["elected"]

_SHARED: Final = 0.1
_SHAPE: Final = 4
_USUAL: Final = 0.25
_MORE: Final = 0.02


def elected(
    one: NDArray[np.int32],
    other: NDArray[np.int32],
    size: float,
    spacing: NDArray[np.float64],
) -> NDArray[np.int32]:
    """Take the better shapes of two label maps, group by group.

    Objects that `one` alone has are kept, those that `other` alone has are left out. `size` is a
    typical one in pixels.
    """
    n, m = int(one.max(initial=0)) + 1, int(other.max(initial=0)) + 1
    if n == 1 or m == 1:
        return one
    group = join(_over_each_other(one, other), n + m)
    groups = int(group.max()) + 1
    first, second = (
        _worth(labels, of, groups, size, spacing)
        for labels, of in ((one, group[:n]), (other, group[n:]))
    )
    better = ((first > 0) & (second > first + _MORE))[group]
    found = np.where(better[:n][one], 0, one)
    taken = better[n:][other]
    found[taken] = other[taken] + n
    return without(found, np.zeros(n + m, bool))


def _over_each_other(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return pairs that share much, the second counted on from the numbers of the first."""
    both = (one > 0) & (other > 0)
    pixels = np.ones(np.count_nonzero(both), np.int64)
    shape = int(one.max()) + 1, int(other.max()) + 1
    shared = sparse.coo_array((pixels, (one[both], other[both])), shape)
    shared.sum_duplicates()
    a, b = shared.coords
    smaller = np.minimum(np.bincount(one.ravel())[a], np.bincount(other.ravel())[b])
    much = shared.data >= _SHARED * smaller
    return np.stack((a[much], b[much] + shape[0]), axis=1).astype(np.int64)


def _worth(
    labels: NDArray[np.int32],
    group: NDArray[np.int32],
    groups: int,
    size: float,
    spacing: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what the objects of each group are worth, 0 of one without any."""
    A, J = overlap_of_labels(labels, spacing)
    A[0] = 0
    usual = np.exp(-_USUAL * np.log(np.maximum(A, 1) / size) ** 2)
    worth = np.bincount(group, A * J**_SHAPE * usual, groups)
    found: NDArray[np.float64] = worth / np.maximum(np.bincount(group, A, groups), 1)
    return found
