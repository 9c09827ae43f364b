"""Objects that are corrected in place, with undo and redo of everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.editing._edit import Edit, runs_of
from napari_selfseg.editing._evidence import Evidence
from napari_selfseg.editing._frames import Frames
from napari_selfseg.editing._planning import painted_in_words, plan_of
from napari_selfseg.superpixels import EditedArray
from napari_selfseg.superpixels._editing._undo import Change

__all__ = ["ObjectEdits"]

Points = Iterable[Sequence[int]]


@dataclass(frozen=True)
class _Done:
    """An edit, with what it changed beside pixels."""

    edit: Edit
    classes: Mapping[int, tuple[int, int]]
    last: tuple[int, int]  # number given last, before and after


class ObjectEdits(EditedArray):
    """Objects that are corrected in place.

    The same edits in the same order give the same labels, also where some were undone in
    between: a new object has the number after the largest of those at first, those in use and
    those given by the edits that count.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` objects from 1; 0 is no object. Edits write into it.
    evidence : Evidence, optional
        Of the image, for objects that are grown from a click.
    axes : sequence of int
        Axes of a stack: each index along them is an image of its own, and an edit changes that
        one only.

    Attributes
    ----------
    evidence : Evidence or None
        As given; it may be given later.

    Raises
    ------
    ValueError
        When the array cannot be edited.
    """

    def __init__(
        self,
        labels: NDArray[Any],
        evidence: Evidence | None = None,
        *,
        axes: Sequence[int] = (),
        **options: Any,
    ) -> None:
        super().__init__(labels, **options)
        self.frames = Frames(labels.shape, axes)
        self.evidence = evidence
        self._log: list[_Done] = []
        self._undone: list[_Done] = []
        self._classes: dict[int, int] = {}
        self._kinds: dict[int, int] = {}

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What was done and not taken back, also what can no longer be taken back."""
        return tuple(each.edit for each in self._log)

    @property
    def classes(self) -> dict[int, int]:
        """Class by object, of those that have one: as it was given, or as they were sorted."""
        found = {k: one for k, one in self._kinds.items() if one and k in self._sizes}
        found |= self._classes
        return {each: found[each] for each in sorted(found)}

    @property
    def numbers(self) -> tuple[int, ...]:
        """The objects there are."""
        return tuple(sorted(self._sizes))

    def size(self, number: int) -> int:
        """Return the pixels of an object; 0 of one that does not exist."""
        return self._sizes.get(number, 0)

    def sort(self, classes: Mapping[int, int]) -> None:
        """Say of which class objects are where no edit gives them one."""
        self._kinds = dict(classes)

    def apply(self, edit: Edit) -> str:
        """Do what an edit says, and return that in words.

        Where it cannot be done ValueError is raised, and nothing is changed.
        """
        if edit.points and len(edit.points[0]) != self.labels.ndim:
            raise ValueError(
                f"An edit has points of {len(edit.points[0])} axes, and the labels have "
                f"{self.labels.ndim}."
            )
        before = self._last
        plan = plan_of(self, edit)
        after = np.full(len(plan.where), plan.after, self.labels.dtype)
        self._apply(plan.words, plan.where, after)
        self._remember(edit, plan.classes, before)
        return plan.words

    def merge(self, points: Points) -> str:
        """Join the objects at some points into the first of them; they need not touch."""
        return self.apply(Edit("merge", _tuples(points)))

    def split(self, line: Points, axis: int | None = None) -> str:
        """Cut the object that a line lies in for the longest way."""
        return self.apply(Edit("split", _tuples(line), axis=axis))

    def delete(self, points: Points) -> str:
        """Take the objects at some points away."""
        return self.apply(Edit("delete", _tuples(points)))

    def add(self, point: Sequence[int]) -> str:
        """Grow an object from a point."""
        return self.apply(Edit("add", _tuples([point])))

    def classify(self, points: Points, number: int) -> str:
        """Give the objects at some points a class; 0 takes it away."""
        return self.apply(Edit("class", _tuples(points), number))

    def painted(self, where: NDArray[np.intp], before: NDArray[Any], number: int) -> str:
        """Take note of what somebody else has painted into the array; return the edit in words.

        Parameters
        ----------
        where : ndarray of int
            ``(n,)`` places in the flat array, ascending, each once.
        before : ndarray of int
            ``(n,)`` labels that were there.
        number : int
            The label that is there now.
        """
        edit, words = Edit("paint", number=number, runs=runs_of(where)), painted_in_words(number)
        after = np.full(len(where), number, self.labels.dtype)
        self._note(Change(words, where, before.astype(self.labels.dtype), after))
        # An object that was painted over has no class any more.
        gone = dict.fromkeys((each for each in self._classes if each not in self._sizes), 0)
        self._remember(edit, gone, self._last)
        return words

    def undo(self) -> str:
        """Take the last edit back; return it in words, empty when there is none."""
        if words := super().undo():
            done = self._log.pop()
            self._undone.append(done)
            self._reclass({number: was for number, (was, _) in done.classes.items()})
            # Numbers given since are free again, as if the edit had never been: a record tells of
            # none.
            self._last = done.last[0]
        return words

    def redo(self) -> str:
        """Make the edit again that was taken back last; return it in words, empty for none."""
        if words := super().redo():
            done = self._undone.pop()
            self._log.append(done)
            self._reclass({number: now for number, (_, now) in done.classes.items()})
            self._last = done.last[1]
        return words

    def _remember(self, edit: Edit, classes: Mapping[int, int], before: int) -> None:
        changed = {k: (self._classes.get(k, 0), now) for k, now in classes.items()}
        self._log.append(_Done(edit, changed, (before, self._last)))
        self._undone.clear()
        self._reclass(classes)

    def _reclass(self, classes: Mapping[int, int]) -> None:
        for number, one in classes.items():
            if one:
                self._classes[number] = one
            else:
                self._classes.pop(number, None)


def _tuples(points: Points) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(each) for each in point) for point in points)
