"""Labels that are changed in place, with undo and redo; what else edits them builds on this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.superpixels._editing._undo import Change, History

__all__ = ["BUDGET", "EditedArray"]

BUDGET: Final = 64 * 2**20


class EditedArray:
    """Labels that are changed in place; numbers are never given twice.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` numbered from 1 in any order; 0 is no label. Changes write into it.
    budget : int
        Bytes the history may take. The oldest changes are forgotten first; the newest is kept.

    Attributes
    ----------
    touched : frozenset of int
        Labels whose pixels the last change, or undoing it, concerned.

    Raises
    ------
    ValueError
        When the array cannot be edited.
    """

    def __init__(self, labels: NDArray[Any], *, budget: int = BUDGET) -> None:
        _check(labels)
        self.labels = labels
        self.touched: frozenset[int] = frozenset()
        self._history = History(budget)
        self._overwritten = False
        self._last = int(labels.max(initial=0))
        self._sizes = _sizes(labels)

    @property
    def count(self) -> int:
        """Number of labels."""
        return len(self._sizes)

    @property
    def median_size(self) -> float:
        """Median size in pixels; nan when there is no label."""
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

    def at(self, point: Sequence[int]) -> int:
        """Return the label of a pixel; 0 outside the array and where there is no label."""
        shape = self.labels.shape
        inside = len(point) == len(shape) and all(
            0 <= each < n for each, n in zip(point, shape, strict=True)
        )
        return int(self.labels[tuple(point)]) if inside else 0

    def undo(self) -> str:
        """Take the last edit back; return it in words, empty when there is none.

        Pixels that were overwritten since stay as they are.
        """
        return self._make(self._history.back())

    def redo(self) -> str:
        """Make again the edit that was taken back last; return it in words, empty for none."""
        return self._make(self._history.forth())

    def new_numbers(self, n: int) -> tuple[int, ...]:
        """Take numbers that no label has had; ValueError when the type has none left."""
        # The array is asked, too, because others may paint in it.
        last = max(self._last, int(self.labels.max(initial=0)))
        if last + n > np.iinfo(self.labels.dtype).max:
            raise ValueError(
                f"Labels of type {self.labels.dtype} have no number left: convert the layer to a "
                "larger type, such as int32."
            )
        self._last = last + n
        return tuple(range(last + 1, last + n + 1))

    def recount(self) -> None:
        """Look at the array again after somebody else wrote into it."""
        # What others have written, no change of ours takes back.
        self._overwritten = True
        self._sizes = _sizes(self.labels)

    def _apply(self, words: str, where: NDArray[np.intp], after: NDArray[Any]) -> None:
        before = self.labels[np.unravel_index(where, self.labels.shape)]
        change = Change(words, where, before, after)
        self._history.add(change)
        self._make(change)

    def _note(self, change: Change) -> None:
        """Remember a change that somebody else has made."""
        self._history.add(change)
        self._tally_change(change.before, change.after)

    def _make(self, change: Change | None) -> str:
        if change is None:
            return ""
        # Others may have painted over some of these pixels since: theirs stay.
        held = self.labels[np.unravel_index(change.where, self.labels.shape)] == change.before
        where = np.unravel_index(change.where[held], self.labels.shape)
        self.labels[where] = change.after[held]
        self._tally_change(change.before[held], change.after[held])
        return change.words

    def _tally_change(self, before: NDArray[Any], after: NDArray[Any]) -> None:
        both = np.unique(np.concatenate((before, after)))
        self.touched = frozenset(int(each) for each in both if each)
        self._tally(before, -1)
        self._tally(after, 1)

    def _tally(self, numbers: NDArray[Any], sign: int) -> None:
        for number, n in zip(*np.unique(numbers, return_counts=True), strict=True):
            size = self._sizes.pop(int(number), 0) + sign * int(n)
            if number and size > 0:
                self._sizes[int(number)] = size


def _check(labels: NDArray[Any]) -> None:
    if labels.dtype.kind not in "ui" or not labels.flags.writeable:
        raise ValueError(
            f"These labels ({labels.dtype}) cannot be edited: copy them to whole numbers in memory."
        )
    if labels.size and labels.min() < 0:
        raise ValueError("Labels are numbered from 1, and 0 is no label: some are negative.")


def _sizes(labels: NDArray[Any]) -> dict[int, int]:
    # A table is much faster than sorting, but numbers may be sparse.
    if labels.max(initial=0) <= 4 * labels.size:
        table = np.bincount(labels.ravel().astype(np.intp, copy=False))
        found = np.flatnonzero(table)
        sizes = table[found]
    else:
        found, sizes = np.unique(labels, return_counts=True)
    return {int(number): int(n) for number, n in zip(found, sizes, strict=True) if number}
