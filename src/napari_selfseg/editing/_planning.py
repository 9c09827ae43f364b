"""What an edit changes: which pixels get which number, and which objects which class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.editing._cutting import divided, line_through
from napari_selfseg.editing._edit import Edit, Kind
from napari_selfseg.editing._growing import grown

if TYPE_CHECKING:
    from napari_selfseg.editing._object_edits import ObjectEdits

__all__ = ["Plan", "painted_in_words", "plan_of"]

NO_IMAGE: Final = "An object is grown from the image: give it as well."


class Plan(NamedTuple):
    """What becomes of pixels, in the flat array, and of classes."""

    words: str
    where: NDArray[np.intp]
    after: Any
    classes: Mapping[int, int] = {}


def plan_of(objects: ObjectEdits, edit: Edit) -> Plan:
    """Say what an edit changes; ValueError where it cannot be done. No pixel is written."""
    return PLANS[edit.kind](objects, edit)


def painted_in_words(number: int) -> str:
    """Say what was painted."""
    return f"Painted label {number}." if number else "Erased with the brush."


def _merge(objects: ObjectEdits, edit: Edit) -> Plan:
    index, numbers = objects.frames.index(edit.points), _named(objects, edit.points)
    if len(numbers) < 2:
        raise ValueError("Merging needs two objects at least: click another one.")
    where = objects.frames.places(np.isin(objects.labels[index], numbers[1:]), index)
    words = f"Merged {len(numbers)} objects: they are object {numbers[0]} now."
    return Plan(words, where, numbers[0], _gone(objects, where))


def _split(objects: ObjectEdits, edit: Edit) -> Plan:
    index = objects.frames.index(edit.points)
    labels, points = objects.labels[index], objects.frames.local(edit.points, index)
    axis = objects.frames.wall(edit.axis, index)
    line = line_through(points, labels.shape, axis)
    under = labels[line]
    if not under.any():
        raise ValueError("The line crosses no object: draw it across one.")
    # The object that most of the line lies in.
    number = int(np.bincount(under[under > 0]).argmax())
    parts = divided(labels == number, points, axis)
    n = int(parts.max())
    if n < 2:
        raise ValueError("The line does not cut the object: draw it from side to side.")
    new = objects.new_numbers(n - 1)
    own = np.array((0, number, *new), objects.labels.dtype)
    moved = parts > 1
    kept = objects.classes.get(number, 0)
    classes = dict.fromkeys(new, kept) if kept else {}
    return Plan(
        f"Split {number} into {n}.",
        objects.frames.places(moved, index),
        own[parts[moved]],
        classes,
    )


def _delete(objects: ObjectEdits, edit: Edit) -> Plan:
    index, numbers = objects.frames.index(edit.points), _named(objects, edit.points)
    where = objects.frames.places(np.isin(objects.labels[index], numbers), index)
    some = f"{len(numbers)} objects" if len(numbers) > 1 else f"object {numbers[0]}"
    return Plan(f"Deleted {some}.", where, 0, _gone(objects, where))


def _add(objects: ObjectEdits, edit: Edit) -> Plan:
    (point,) = edit.points[:1]
    if objects.evidence is None:
        raise ValueError(NO_IMAGE)
    index = objects.frames.index(edit.points)
    if objects.at(point):
        raise ValueError("There is an object here already: click where there is none.")
    labels = objects.labels[index]
    (local,) = objects.frames.local([point], index).tolist()
    grey = objects.evidence.grey(labels, index)
    mask = grown(labels, grey, tuple(local), objects.evidence.spacing(index))
    (number,) = objects.new_numbers(1)
    words = f"Added object {number}, {np.count_nonzero(mask)} pixels."
    return Plan(words, objects.frames.places(mask, index), number)


def _classify(objects: ObjectEdits, edit: Edit) -> Plan:
    numbers = _named(objects, edit.points)
    some = f"{len(numbers)} objects are" if len(numbers) > 1 else f"Object {numbers[0]} is"
    what = f"of class {edit.number}" if edit.number else "of no class"
    classes = dict.fromkeys(numbers, edit.number)
    return Plan(f"{some} {what}.", np.zeros(0, np.intp), 0, classes)


def _paint(objects: ObjectEdits, edit: Edit) -> Plan:
    where = edit.painted(objects.labels.shape)
    gone = _gone(objects, where[objects.labels.ravel()[where] != edit.number])
    return Plan(painted_in_words(edit.number), where, edit.number, gone)


def _named(objects: ObjectEdits, points: Sequence[tuple[int, ...]]) -> list[int]:
    found = list(dict.fromkeys(objects.at(point) for point in points))
    for each in found:
        if not objects.size(each):
            raise ValueError("There is no object here: click on one.")
    return found


def _gone(objects: ObjectEdits, where: NDArray[np.intp]) -> dict[int, int]:
    """Return the objects of which nothing is left without some pixels, as of no class."""
    found = objects.labels[np.unravel_index(where, objects.labels.shape)]
    pairs = zip(*np.unique(found, return_counts=True), strict=True)
    gone = [int(number) for number, n in pairs if objects.size(int(number)) == n]
    classed = objects.classes
    return {number: 0 for number in gone if number in classed}


PLANS: Final[Mapping[Kind, Callable[[ObjectEdits, Edit], Plan]]] = {
    "merge": _merge,
    "split": _split,
    "delete": _delete,
    "add": _add,
    "class": _classify,
    "paint": _paint,
}
