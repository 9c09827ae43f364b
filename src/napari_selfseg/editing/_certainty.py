r"""How certain an object is, so that a person can look at the doubtful ones first.

With the overlap J of an object with its ellipse, its size A and the median size :math:`A_0`,

.. math:: q = J \exp(-\tfrac18 \log^2(A / A_0)),

from 0 to 1. The figures are in ``docs/benchmarks.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.instances._ellipses import overlap_of_labels
from napari_selfseg.labelmaps import contiguous

__all__ = ["Certainty"]


class Certainty:
    """What every object is like, made anew only for those that are changed.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` objects from 1, of a plane or volume.
    spacing : sequence of float, optional
        Size of a pixel along each axis; ones by default.
    """

    def __init__(self, labels: NDArray[Any], spacing: Sequence[float] | None = None) -> None:
        sizes = np.ones(labels.ndim) if spacing is None else np.abs(np.asarray(spacing, float))
        # Divided by the geometric mean: a pixel has the volume 1.
        self._spacing = np.asarray(sizes / np.exp(np.log(sizes).mean()), np.float64)
        self._known: dict[int, tuple[float, float]] = {}
        numbers = np.unique(labels)
        A, J = overlap_of_labels(contiguous(labels), self._spacing)
        for number, a, j in zip(numbers[numbers > 0].tolist(), A[1:], J[1:], strict=True):
            self._known[number] = (float(a), float(j))

    def update(self, labels: NDArray[Any], numbers: Iterable[int]) -> None:
        """Look again at objects that were changed, made or taken away; labels are as of now."""
        for number in numbers:
            self._known.pop(number, None)
            where = np.nonzero(labels == number)
            if number and len(where[0]):
                box = tuple(slice(int(each.min()), int(each.max()) + 1) for each in where)
                A, J = overlap_of_labels((labels[box] == number).astype(np.int32), self._spacing)
                self._known[number] = (float(A[1]), float(J[1]))

    def values(self) -> dict[int, float]:
        """Return the certainty of each object, the least certain first."""
        if not self._known:
            return {}
        numbers, (A, J) = list(self._known), np.array(list(self._known.values())).T
        q = J * np.exp(-(np.log(A / np.median(A)) ** 2) / 8)
        order = np.argsort(q, kind="stable")
        return {numbers[k]: float(q[k]) for k in order}
