"""The Review page of the Segment dock: the result corrected object by object."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QCheckBox, QPushButton, QWidget

from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.panels import beside, filled
from napari_selfseg.widgets.parts.style import allow, button, sentence
from napari_selfseg.widgets.views.class_names import ClassNames
from napari_selfseg.widgets.views.looks.legend_view import COLOURS, COLOURS_HELP

__all__ = ["NOTHING", "ReviewView"]

NOTHING: Final = "After a run its objects can be corrected here, one by one."
NO_OBJECTS: Final = (
    "These labels have no background, so nothing can be taken away or added: merge it with a "
    "neighbour, or run Objects."
)
MERGE: Final = (
    "Click one object, then another; or draw over all that are one.\n"
    "Key J joins the selected objects, or the one under the pointer to the selected one.\n"
    "Without the mouse: N shows an object, J joins it with the neighbour of the longest border."
)
SPLIT: Final = (
    "Draw a line across an object, or click on both sides of it. In a volume the cut goes on "
    "through all planes.\nKey S sets one end of the line at the pointer, and again the other."
)
DELETE: Final = (
    "Click an object, or draw over several.\n"
    "Key D deletes the selected ones, or the one under the pointer."
)
ADD: Final = (
    "Click in the middle of an object that was missed: it is grown from the image.\n"
    "Key A adds the one under the pointer."
)
UNDO: Final = "Take the last correction back, strokes of the brush as well.\nKey Ctrl+Z."
REDO: Final = "Make it again.\nKey Ctrl+Shift+Z."
NEXT: Final = (
    "Go to the object that is least sure of those not looked at yet: far from an ellipse, or from "
    "the usual size.\nKey N."
)
BACK: Final = "Go back to the one before.\nKey Shift+N."
GIVE: Final = (
    "Click objects, or draw over several, to give them the class chosen above.\n"
    "Key C gives it to the selected ones, or the one under the pointer; Shift+C chooses the next "
    "class."
)
CLASS: Final = "Click a class to give it to objects; click again, or double-click, to name it."
RULES: Final = (
    "Without a tool a click selects. Corrections, strokes of the brush as well, are in the record "
    "of the labels, so Copy as Python repeats them. Another iteration or run leaves "
    "corrected labels in a layer of their own."
)
NOT_EDITED: Final = "Nothing was corrected yet."
NOT_UNDONE: Final = "Nothing was taken back."
NONE_BEFORE: Final = "No object was shown before."


class ReviewView(QWidget):
    """Tools, undo and redo, the next uncertain object, and classes."""

    def __init__(self) -> None:
        super().__init__()
        self.about = sentence(NOTHING)
        self.tools = {
            "merge": _tool("Merge", MERGE),
            "split": _tool("Split", SPLIT),
            "delete": _tool("Delete", DELETE),
            "add": _tool("Add", ADD),
            "class": _tool("Give class", GIVE),
        }
        self.undo, self.redo = button("Undo", UNDO), button("Redo", REDO)
        self.next, self.back = button("Next uncertain", NEXT), button("Back", BACK)
        self.classes = ClassNames(CLASS, "Have a further class.")
        self.colours = QCheckBox(COLOURS)
        self.colours.setToolTip(COLOURS_HELP)
        self.rules = sentence(RULES)
        self._name()
        self._lay_out()
        self.show_subject(NOTHING)

    def show_subject(self, reason: str, *, objects: bool = True) -> None:
        """Show why there are no labels to correct; empty where there are.

        `objects` says whether they are objects on a background.
        """
        for each in (self.tools["merge"], self.tools["split"], self.undo, self.redo):
            allow(each, reason)
        others: tuple[QWidget, ...] = (self.next, self.back, self.classes.add, self.colours)
        others += tuple(self.tools[name] for name in ("delete", "add", "class"))
        for other in others:
            allow(other, reason or ("" if objects else NO_OBJECTS))
        self.classes.setVisible(objects and not reason)
        self.rules.setVisible(not reason)
        self.show_about(reason)

    def show_about(self, words: str) -> None:
        """Show which labels are corrected, and how many there are."""
        self.about.setText(words)

    def show_tool(self, tool: str | None) -> None:
        """Show which tool, by its name in `tools`, is taken up."""
        for name, each in self.tools.items():
            each.setChecked(name == tool)

    def show_history(self, undoable: bool, redoable: bool, before: bool) -> None:
        """Show what can be undone and redone, and whether an object was shown before."""
        allow(self.undo, "" if undoable else NOT_EDITED)
        allow(self.redo, "" if redoable else NOT_UNDONE)
        if self.next.isEnabled():
            allow(self.back, "" if before else NONE_BEFORE)

    def _name(self) -> None:
        """Name the controls for those who hear and do not see them."""
        named: list[tuple[QWidget, str]] = [
            (self.tools["merge"], "Merge objects"),
            (self.tools["split"], "Split an object along a line"),
            (self.tools["delete"], "Delete objects"),
            (self.tools["add"], "Add an object from a click"),
            (self.tools["class"], "Give objects the chosen class"),
            (self.undo, "Undo the last correction"),
            (self.redo, "Redo the correction"),
            (self.next, "Next uncertain object"),
            (self.back, "Object before"),
            (self.colours, COLOURS),
            (self.classes.table, "Classes of objects"),
        ]
        for widget, name in named:
            called(widget, name)

    def _lay_out(self) -> None:
        tools = self.tools
        filled(
            self,
            self.about,
            "Correct",
            beside(tools["merge"], tools["split"], tools["delete"], tools["add"]),
            beside(self.undo, self.redo),
            "Look at the doubtful ones",
            beside(self.next, self.back, first=3),
            "Classes",
            self.classes,
            beside(tools["class"], self.colours),
            self.rules,
        )


def _tool(text: str, tooltip: str) -> QPushButton:
    made = button(text, tooltip)
    made.setCheckable(True)
    return made
