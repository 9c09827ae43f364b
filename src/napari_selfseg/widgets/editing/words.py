"""What is said of labels that are corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_selfseg.editing import ObjectEdits

__all__ = ["about", "about_object"]

ANOTHER: Final = "Object {number}: now the one to merge it with."
ALONE: Final = "Object {number} touches no other: point at the one to merge it with, and press J."
OTHER_SIDE: Final = "Now the other side of the object."
NOTHING_HERE: Final = "There is no object here."
NOTHING_LEFT: Final = "There are no objects."
AGAIN: Final = "All objects were looked at: from the beginning again."
FLAT: Final = "Objects are corrected in a plane: press the 2D/3D button below the layers first."
HIDDEN: Final = "{name} is hidden: show it (the eye in the list of layers) to correct it."
OTHERS: Final = "Other labels were put into the layer: run again, and correct those."
LIVE: Final = "A run is at work: correct its labels when it has ended."
PAINTED: Final = "What you painted is a correction: Undo takes it back, and the record has it."


def about(name: str, edits: ObjectEdits, done: int, *, objects: bool) -> str:
    """Say which labels are corrected, how many there are, and how much was done."""
    what = "object" if objects else "label"
    count = edits.count
    number = f"{count:,}".replace(",", "\u00a0")
    said = f"{name}: {number} {what}{'' if count == 1 else 's'}"
    return f"{said}, {done} correction{'' if done == 1 else 's'}." if done else f"{said}."


def about_object(objects: ObjectEdits, number: int) -> str:
    """Say of an object what is known of it; of none, 0, nothing."""
    if not number:
        return ""
    one = objects.classes.get(number)
    kind = f", class {one}" if one else ""
    return f"Object {number}: {objects.size(number)} pixels{kind}."
