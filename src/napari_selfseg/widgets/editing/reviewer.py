"""What clicks, strokes and keys do to the objects of a layer; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_selfseg.labelmaps import longest_neighbour
from napari_selfseg.widgets.editing import words
from napari_selfseg.widgets.editing.doubts import Doubts, middle_of, sizes_in
from napari_selfseg.widgets.editing.line import dotted, simplified
from napari_selfseg.widgets.editing.subject import Point, Subject

if TYPE_CHECKING:
    from napari_selfseg.editing import ObjectEdits

__all__ = ["Reviewer", "Tool"]

Tool = Literal["merge", "split", "delete", "add", "class"]


class Reviewer:
    """Corrections of one layer, what is selected, and the line that is drawn.

    Attributes
    ----------
    tool : {"merge", "split", "delete", "add", "class"} or None
        What the mouse does; None selects.
    selected : dict of int to tuple of int
        Objects, each with a pixel of it.
    line : list of tuple of int
        Corners of a cut.

    Raises
    ------
    ValueError
        When the labels cannot be corrected.
    """

    def __init__(self, viewer: Any, subject: Subject) -> None:
        self.subject = subject
        self.tool: Tool | None = None
        self.selected: dict[int, Point] = {}
        self.line: list[Point] = []
        self._viewer = viewer
        self._array = subject.array()
        self._data = subject.layer.data
        self._known = self._array.copy()
        # Of labels that were corrected before, and are not known from the beginning.
        self._before: list[Any] = list(subject.record.get("edits") or ())
        self._objects: ObjectEdits | None = None
        self._kinds: dict[int, int] = {}
        self._doubts = Doubts()
        self._pointer: tuple[float, ...] = ()  # where it was when an object was shown

    @property
    def fresh(self) -> bool:
        """Whether the layer still shows the array that is corrected."""
        return self.subject.layer.data is self._data

    def suits(self, subject: Subject) -> bool:
        """Say whether it can go on with some labels: those it knows, in the same array."""
        same = subject.layer == self.subject.layer and self.fresh
        recorded = list(subject.record.get("edits") or ())
        return same and recorded == self.corrections and np.array_equal(self._array, self._known)

    @property
    def corrections(self) -> list[Any]:
        """All corrections, as a record has them."""
        objects = self._objects
        done = [] if objects is None else [each.as_record() for each in objects.edits]
        return [*self._before, *done]

    @property
    def objects(self) -> ObjectEdits:
        """The labels with their corrections."""
        if self._objects is None:
            from napari_selfseg.editing import ObjectEdits

            self._objects = ObjectEdits(self._array, axes=self.subject.axes)
            self._objects.sort(self._kinds)
        return self._objects

    @property
    def classes(self) -> dict[int, int]:
        """Class by object, of those that have one."""
        return dict(self._kinds) if self._objects is None else self._objects.classes

    def sort(self, kinds: Mapping[int, int]) -> None:
        """Take note of the kinds that objects were found to be of."""
        self._kinds = dict(kinds)
        if self._objects is not None:
            self._objects.sort(kinds)

    @property
    def begun(self) -> bool:
        """Whether anything was corrected, or taken back."""
        return self._objects is not None and (self._objects.undoable or self._objects.redoable)

    @property
    def before(self) -> bool:
        """Whether an object was shown before the one in view."""
        return self._doubts.before

    @property
    def certainty(self) -> dict[int, float]:
        """Certainty by object, as far as it was asked for; of a stack it is of one image alone."""
        return {} if self.subject.axes else dict(self._doubts.known)

    def marked(self) -> list[tuple[float, ...]]:
        """Return dots along the line that is drawn, in pixels of the layer."""
        return [self.subject.in_layer(each) for each in dotted(self.line)]

    def sync(self) -> bool:
        """Record what somebody painted with napari's tools; say whether there was anything."""
        where = np.flatnonzero(self._array != self._known)
        if not len(where):
            return False
        flat, known = self._array.reshape(-1), self._known.reshape(-1)
        before, after = known[where], flat[where].copy()
        # Objects are counted as they were before.
        flat[where] = before
        objects = self.objects
        flat[where] = after
        for number in np.unique(after).tolist():
            own = after == number
            objects.painted(where[own], before[own], number)
            self._doubts.changed(self._array, objects.touched)
        self._settle()
        return True

    # With the mouse

    def take(self, tool: Tool | None) -> None:
        """Take up a tool, or put it away."""
        self.tool = tool
        self.let_go()

    def let_go(self) -> None:
        """Select nothing, and forget the line."""
        self.selected.clear()
        self.line.clear()

    def click(self, position: Sequence[float], kind: int = 1) -> str:
        """Do what the tool does with an object that is clicked, in world coordinates.

        `kind` is the class that is given, from 1.

        Returns
        -------
        str
            What was done, or what comes next.

        Raises
        ------
        ValueError
            When it cannot be done.
        """
        point = self.subject.pixel(position)
        if self.tool == "split":
            return self._cut_at(point)
        if self.tool == "add":
            return self._add(point)
        if self.tool is None:
            self.let_go()
            return words.about_object(self.objects, self._select(point))
        number = self._select(point)
        if not number:
            self.let_go()
            raise ValueError(f"{words.NOTHING_HERE} Click on one.")
        if self.tool == "merge" and len(self.selected) < 2:
            return words.ANOTHER.format(number=number)
        return self.end(kind)

    def sweep(self, position: Sequence[float]) -> None:
        """Continue a stroke to the position of the mouse in world coordinates."""
        point = self.subject.pixel(position)
        if self.tool == "split":
            if not self.line or self.line[-1] != point:
                self.line.append(point)
        elif self.tool is not None:
            self._select(point)

    def end(self, kind: int = 1) -> str:
        """Do what the tool does with what was drawn over; `kind` is the class given, from 1."""
        if self.tool == "split":
            return self._cut()
        if self.tool == "add" or not self.selected:
            self.let_go()
            raise ValueError("Click on an object." if self.tool == "add" else words.NOTHING_HERE)
        points = tuple(self.selected.values())
        if self.tool == "merge":
            return self._done(lambda: self.objects.merge(points))
        if self.tool == "delete":
            return self._done(lambda: self.objects.delete(points))
        return self._done(lambda: self.objects.classify(points, kind))

    # With keys

    def join(self, position: Sequence[float]) -> str:
        """Merge what is selected: several, or one with what is under the pointer.

        Where that did not move since `next` has shown an object, the neighbour with the longest
        border is meant.
        """
        if len(self.selected) < 2:
            shown = len(self.selected) == 1 and tuple(position) == self._pointer
            point = self._neighbour() if shown else self.subject.pixel(position)
            number = self._select(point)
            if len(self.selected) < 2:
                return words.ANOTHER.format(number=number) if number else words.NOTHING_HERE
        points = tuple(self.selected.values())
        return self._done(lambda: self.objects.merge(points))

    def cut(self, position: Sequence[float]) -> str:
        """Set an end of a cut at the pointer."""
        return self._cut_at(self.subject.pixel(position))

    def delete(self, position: Sequence[float]) -> str:
        """Delete what is selected, else what is under the pointer."""
        points = self._meant(position)
        return self._done(lambda: self.objects.delete(points))

    def add(self, position: Sequence[float]) -> str:
        """Grow an object under the pointer."""
        return self._add(self.subject.pixel(position))

    def classify(self, position: Sequence[float], kind: int) -> str:
        """Give what is selected, else what is under the pointer, a class."""
        points = self._meant(position)
        return self._done(lambda: self.objects.classify(points, kind))

    def undo(self) -> str:
        """Take the last correction back."""
        return self._again("Undone", self.objects.undo)

    def redo(self) -> str:
        """Make the correction again that was taken back last."""
        return self._again("Redone", self.objects.redo)

    def next(self, step: int = 1) -> str:
        """Show the object that is least certain of those not looked at; for -1 the one before."""
        frame = self.subject.frame(self._viewer.dims)
        found = self._doubts.go(self._array, frame, self.subject.request.spacing, step)
        self.let_go()
        if found is None:
            return words.NOTHING_LEFT
        point = self.selected[found.number] = middle_of(self._array, frame, found.number)
        self._pointer = tuple(self._viewer.cursor.position)
        self.subject.look_at(self._viewer, point)
        begun = f"{words.AGAIN} " if found.again else ""
        return f"{begun}Object {found.number}: certainty {found.certainty:.2f}, {found.place}."

    # How it is done

    def _select(self, point: Point) -> int:
        number = self.objects.at(point)
        if number:
            self.selected.setdefault(number, point)
        return number

    def _neighbour(self) -> Point:
        """Return a pixel of the neighbour that the selected object has most in common with."""
        (number,) = self.selected
        frame = self.subject.frame(self._viewer.dims)
        sizes = sizes_in(frame, self.subject.request.spacing)
        if other := longest_neighbour(self._array[frame], number, sizes):
            return middle_of(self._array, frame, other)
        raise ValueError(words.ALONE.format(number=number))

    def _meant(self, position: Sequence[float]) -> tuple[Point, ...]:
        self.selected = {k: p for k, p in self.selected.items() if self.objects.at(p) == k}
        if not self.selected:
            self._select(self.subject.pixel(position))
        if not self.selected:
            raise ValueError(f"{words.NOTHING_HERE} Point at one, or select it with a click.")
        return tuple(self.selected.values())

    def _cut_at(self, point: Point) -> str:
        self.line.append(point)
        return self._cut() if len(self.line) > 1 else words.OTHER_SIDE

    def _cut(self) -> str:
        axis = self.subject.across(self._viewer.dims)
        return self._done(lambda: self.objects.split(simplified(self.line), axis))

    def _add(self, point: Point) -> str:
        if self.objects.evidence is None:
            self.objects.evidence = self.subject.evidence()
        return self._done(lambda: self.objects.add(point))

    def _done(self, act: Any) -> str:
        try:
            said: str = act()
        finally:
            self.let_go()
        self._doubts.changed(self._array, self.objects.touched)
        self._settle()
        return said

    def _again(self, word: str, act: Any) -> str:
        said = self._done(act)
        return f"{word}: {said[:1].lower()}{said[1:]}" if said else ""

    def _settle(self) -> None:
        self._known[...] = self._array
        self.subject.note(self.corrections)
