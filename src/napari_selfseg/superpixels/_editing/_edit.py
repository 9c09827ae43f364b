"""Superpixels edited by hand: picked, merged and split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.labelmaps import contiguous
from napari_selfseg.superpixels._editing._array import BUDGET, EditedArray
from napari_selfseg.superpixels._editing._geodesic import nearest_seeds
from napari_selfseg.superpixels._editing._undo import Change

__all__ = ["Edits"]


class Edits(EditedArray):
    """Superpixels that are edited in place; numbers are never given twice.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` numbered from 1 in any order, 0 is no data. Merging and splitting write
        into it.
    budget : int
        Bytes the history may take. The oldest edits are forgotten first; the newest is kept.

    Raises
    ------
    ValueError
        When the array cannot be edited.
    """

    def __init__(self, labels: NDArray[Any], *, budget: int = BUDGET) -> None:
        super().__init__(labels, budget=budget)
        self._picked: list[int] = []

    @property
    def picked(self) -> tuple[int, ...]:
        """Superpixels picked, in the order of picking."""
        return tuple(self._picked)

    def pick(self, number: int) -> bool:
        """Pick a superpixel, or put it back when it is picked; say whether it is picked now."""
        self._check_number(number)
        if number in self._picked:
            self._picked.remove(number)
            return False
        self._picked.append(number)
        return True

    def unpick(self) -> None:
        """Put back all that are picked."""
        self._picked.clear()

    def merge(self, numbers: Iterable[int]) -> int:
        """Join superpixels, which need not touch, into the one of the smallest number; return that.

        Raises
        ------
        ValueError
            When there are fewer than two, or one does not exist.
        """
        chosen = sorted(set(numbers))
        for each in chosen:
            self._check_number(each)
        if len(chosen) < 2:
            raise ValueError("Merging needs two superpixels at least: pick another one.")
        where = np.flatnonzero(np.isin(self.labels, chosen[1:]))
        words = f"Merged {len(chosen)} superpixels into {chosen[0]}."
        self._apply(words, where, np.full(where.size, chosen[0], self.labels.dtype))
        return chosen[0]

    def split(
        self,
        number: int,
        seeds: Iterable[Sequence[int]],
        image: Any = None,
        spacing: Sequence[float] | None = None,
    ) -> tuple[int, ...]:
        """Cut a superpixel into one part a seed, along the edges of the image.

        Parameters
        ----------
        seeds : iterable of sequence of int
            Pixels inside it, two at least.
        image : array_like, optional
            ``(*spatial)`` or ``(*spatial, C)``; only its part around the superpixel is read.
            Without an image distances alone decide.
        spacing : sequence of float, optional
            Physical size of a pixel along each axis; ones by default.

        Returns
        -------
        tuple of int
            Numbers of the parts, in the order of the seeds: the first keeps the number, the
            others get new ones after the largest in use.

        Raises
        ------
        ValueError
            When the seeds are fewer than two, in one pixel, or not all inside.
        """
        self._check_number(number)
        points = self._checked_seeds(number, seeds)
        parts = (number, *self.new_numbers(len(points) - 1))
        mask = self.labels == number
        box = ndimage.find_objects(mask.astype(np.uint8))[0]
        start = np.array([each.start for each in box])
        colours = None if image is None else np.asarray(image[box], np.float64)
        found = nearest_seeds(mask[box], points - start, colours, spacing)
        after = np.array(parts, self.labels.dtype)[found[mask[box]]]
        words = f"Split superpixel {number} into {len(parts)}."
        self._apply(words, np.flatnonzero(mask), after)
        return parts

    def contiguous(self) -> NDArray[np.int32]:
        """Return a copy numbered from 1 without gaps."""
        return contiguous(self.labels)

    def recount(self) -> None:
        """Look at the array again after somebody else wrote into it."""
        super().recount()
        self._picked = [each for each in self._picked if each in self._sizes]

    def _make(self, change: Change | None) -> str:
        words = super()._make(change)
        if change is not None:
            self.unpick()
        return words

    def _check_number(self, number: int) -> None:
        if number not in self._sizes:
            raise ValueError("There is no superpixel here: click inside one.")

    def _checked_seeds(self, number: int, seeds: Iterable[Sequence[int]]) -> NDArray[np.intp]:
        points = [tuple(int(each) for each in seed) for seed in seeds]
        if len(points) < 2:
            raise ValueError("Splitting needs two points at least: click in another part, too.")
        for point in points:
            if self.at(point) != number:
                raise ValueError(f"The point {point} is outside superpixel {number}: click inside.")
        distinct = list(dict.fromkeys(points))
        if len(distinct) < 2:
            raise ValueError("All points are in one pixel: click in different parts.")
        return np.array(distinct, np.intp)
