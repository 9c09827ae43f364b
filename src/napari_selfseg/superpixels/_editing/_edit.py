"""Superpixels edited by hand: picked, merged, split, with undo and redo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_selfseg.labelmaps import contiguous
from napari_selfseg.superpixels._editing._geodesic import nearest_seeds
from napari_selfseg.superpixels._editing._undo import Change, History

__all__ = ["Edits"]

BUDGET: Final = 64 * 2**20


class Edits:
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
        _check(labels)
        self.labels = labels
        self._history = History(budget)
        self._overwritten = False
        self._picked: list[int] = []
        self._last = int(labels.max(initial=0))
        self._sizes = _sizes(labels)

    @property
    def count(self) -> int:
        """Number of superpixels."""
        return len(self._sizes)

    @property
    def median_size(self) -> float:
        """Median size in pixels; nan when there is no superpixel."""
        return float(np.median(list(self._sizes.values()))) if self._sizes else float("nan")

    @property
    def edited(self) -> bool:
        """Whether the labels may differ from those at first."""
        return self._overwritten or self._history.forgetful or self.undoable

    @property
    def undoable(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._history.done)

    @property
    def redoable(self) -> bool:
        """Whether there is an edit that was taken back."""
        return bool(self._history.undone)

    @property
    def picked(self) -> tuple[int, ...]:
        """Superpixels picked, in the order of picking."""
        return tuple(self._picked)

    def at(self, point: Sequence[int]) -> int:
        """Return the superpixel of a pixel.

        Parameters
        ----------
        point : sequence of int
            One index an axis.

        Returns
        -------
        int
            0 outside the array and where there are no data.
        """
        shape = self.labels.shape
        inside = len(point) == len(shape) and all(
            0 <= each < n for each, n in zip(point, shape, strict=True)
        )
        return int(self.labels[tuple(point)]) if inside else 0

    def pick(self, number: int) -> bool:
        """Pick a superpixel, or put it back when it is picked.

        Parameters
        ----------
        number : int
            Of the superpixel.

        Returns
        -------
        bool
            Whether it is picked now.

        Raises
        ------
        ValueError
            When there is no such superpixel.
        """
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
        """Join superpixels into the one of the smallest number.

        Parameters
        ----------
        numbers : iterable of int
            Two at least. They need not touch.

        Returns
        -------
        int
            Number of the joined superpixel.

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
        number : int
            Of the superpixel.
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
        parts = self._new_numbers(number, len(points) - 1)
        mask = self.labels == number
        box = ndimage.find_objects(mask.astype(np.uint8))[0]
        start = np.array([each.start for each in box])
        colours = None if image is None else np.asarray(image[box], np.float64)
        found = nearest_seeds(mask[box], points - start, colours, spacing)
        after = np.array(parts, self.labels.dtype)[found[mask[box]]]
        words = f"Split superpixel {number} into {len(parts)}."
        self._apply(words, np.flatnonzero(mask), after)
        return parts

    def undo(self) -> str:
        """Take the last edit back. Pixels that were overwritten since stay as they are.

        Returns
        -------
        str
            The edit in words; empty when there is none.
        """
        return self._make(self._history.back())

    def redo(self) -> str:
        """Make again the edit that was taken back last.

        Returns
        -------
        str
            The edit in words; empty when there is none.
        """
        return self._make(self._history.forth())

    def contiguous(self) -> NDArray[np.int32]:
        """Return a copy numbered from 1 without gaps."""
        return contiguous(self.labels)

    def recount(self) -> None:
        """Look at the array again after somebody else wrote into it."""
        self._overwritten = True
        self._sizes = _sizes(self.labels)
        self._picked = [each for each in self._picked if each in self._sizes]

    def _apply(self, words: str, where: NDArray[np.intp], after: NDArray[Any]) -> None:
        before = self.labels[np.unravel_index(where, self.labels.shape)]
        change = Change(words, where, before, after)
        self._history.add(change)
        self._make(change)

    def _make(self, change: Change | None) -> str:
        if change is None:
            return ""
        held = self.labels[np.unravel_index(change.where, self.labels.shape)] == change.before
        where = np.unravel_index(change.where[held], self.labels.shape)
        self.labels[where] = change.after[held]
        self._tally(change.before[held], -1)
        self._tally(change.after[held], 1)
        self.unpick()
        return change.words

    def _tally(self, numbers: NDArray[Any], sign: int) -> None:
        for number, n in zip(*np.unique(numbers, return_counts=True), strict=True):
            size = self._sizes.pop(int(number), 0) + sign * int(n)
            if number and size > 0:
                self._sizes[int(number)] = size

    def _new_numbers(self, number: int, n: int) -> tuple[int, ...]:
        # The array is asked, too, because others may paint in it.
        last = max(self._last, int(self.labels.max()))
        if last + n > np.iinfo(self.labels.dtype).max:
            raise ValueError(
                f"Labels of type {self.labels.dtype} have no number left: convert the layer to a "
                "larger type, such as int32."
            )
        self._last = last + n
        return (number, *range(last + 1, last + n + 1))

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


def _check(labels: NDArray[Any]) -> None:
    if labels.dtype.kind not in "ui" or not labels.flags.writeable:
        raise ValueError(
            f"These labels ({labels.dtype}) cannot be edited: copy them to whole numbers in memory."
        )
    if labels.size and labels.min() < 0:
        raise ValueError("Superpixels are numbered from 1, and 0 is no data: some are negative.")


def _sizes(labels: NDArray[Any]) -> dict[int, int]:
    # A table is much faster than sorting, but numbers may be sparse.
    if labels.max(initial=0) <= 4 * labels.size:
        table = np.bincount(labels.ravel().astype(np.intp, copy=False))
        found = np.flatnonzero(table)
        sizes = table[found]
    else:
        found, sizes = np.unique(labels, return_counts=True)
    return {int(number): int(n) for number, n in zip(found, sizes, strict=True) if number}
