"""What the Superpixels dock looks like; it knows neither layers nor labels."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtWidgets import (
    QCheckBox,
    QPushButton,
    QTabWidget,
    QWidget,
)

from napari_selfseg.widgets.model.choices import Choices
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.access.keys import RUN, STOP, keyed
from napari_selfseg.widgets.parts.calm_bar import RunButtons, RunView
from napari_selfseg.widgets.parts.choosers import Chooser, LayerChooser, titled
from napari_selfseg.widgets.parts.elided import Line
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.panels import Pages, at_the_end, beside, filled, rows
from napari_selfseg.widgets.parts.style import (
    LOADING,
    afresh,
    allow,
    button,
    dock_layout,
    scrolled,
    sentence,
)

__all__ = ["SuperpixelsView", "suggested"]

PARTS: Final = (("Plane in view", "plane"), ("Whole volume", "whole"))
PICK_HELP: Final = "Click superpixels to pick them; hold Shift and drag to pick all on the way."
SPLIT_HELP: Final = "Click two or more points inside one superpixel, then press Split."
EDIT: Final = "Edit"
N_SEGMENTS: Final = "n_segments"
# Smaller superpixels cannot be told apart on a canvas, nor picked.
PIXELS_EACH: Final = 100
LIVE: Final = "Superpixels are being made: press Cancel, or wait."
NOT_LIVE: Final = "Nothing is being made."
NOTHING: Final = "There are no superpixels to edit yet: press Run, or open labels."
FEW: Final = {
    None: "Press Pick and click superpixels to merge, or Split and click points.",
    "pick": "Click two or more superpixels first.",
    "split": "Click two or more points inside one superpixel first.",
}
NONE_CHOSEN: Final = "Nothing is picked."
NOT_EDITED: Final = "Nothing was merged or split yet."
NOT_UNDONE: Final = "Nothing was taken back."
HINTS: Final = {"pick": PICK_HELP, "split": SPLIT_HELP, None: ""}


class SuperpixelsView(RunView):
    """The widgets of the Superpixels dock, and what they show in which state."""

    live = LIVE

    def __init__(self) -> None:
        super().__init__()
        self.image = LayerChooser("The image to cut.", nothing="No image is open")
        self.part = Chooser("The plane in view is fast; the whole volume is cut in 3-D.")
        self.algorithm = Chooser("How to cut.")
        self.reset = QPushButton("Reset")
        self.run = button("Run", keyed("Cut the image.", RUN))
        self.cancel = button("Cancel", keyed("Do not wait for the superpixels.", STOP))
        self._buttons = RunButtons(self.run, self.cancel, NOT_LIVE)
        self.bar = self._buttons.bar
        self.layer = LayerChooser(
            "The superpixels to show and edit.", nothing="None yet: press Run"
        )
        self.afresh = afresh()
        self.subject = Line()
        self.count = sentence()
        self.boundaries = QCheckBox("Show as boundaries")
        self.pick = QPushButton("Pick")
        self.split = QPushButton("Split")
        self.apply = QPushButton("Merge")
        self.undo = QPushButton("Undo")
        self.redo = QPushButton("Redo")
        self.clear = QPushButton("Clear")
        self._part_row = rows([("Part", self.part)])
        self._pages = Pages()
        self.pages = QTabWidget()
        self._loaded = False
        self._lay_out()
        self._prepare()

    @property
    def kept(self) -> Kept:
        """What is remembered: what does not depend on the image."""
        return {
            "algorithm": self.algorithm,
            "values": self._pages,
            "boundaries": self.boundaries,
        }

    @property
    def loaded(self) -> bool:
        """Whether there are algorithms to choose from."""
        return self._loaded

    def populate(self, choices: Choices) -> None:
        """Offer the algorithms there are."""
        kinds = (*choices.superpixels, *choices.files)
        self._pages.fill(kinds)
        self.algorithm.offer(titled(kinds))
        self._loaded = True
        for each in (self.algorithm, self.reset, self.layer, self.boundaries):
            allow(each)

    def values(self) -> dict[str, Any]:
        """Return the parameters of the chosen algorithm that are filled in."""
        page = self._pages.current
        return page.values() if page else {}

    def fill(self, values: dict[str, Any]) -> None:
        """Fill in parameters of the chosen algorithm; the others stay."""
        if page := self._pages.current:
            page.fill(values)

    def suit(self, pixels: int) -> None:
        """Suggest as many superpixels as there is room for in so many pixels."""
        self._pages.suggest(lambda kind: suggested(kind, pixels))

    def offer_parts(self, offered: bool) -> None:
        """Show or hide the choice between plane and volume."""
        self._part_row.setVisible(offered)

    def show_ready(self, text: str, missing: str = "") -> None:
        """Show that superpixels can be made, as soon as the algorithms are loaded."""
        super().show_ready(text, missing if self._loaded else LOADING)

    def show_made(self) -> None:
        """Turn to the superpixels that were made."""
        self.pages.setCurrentIndex(1)

    def show_editable(self, editable: bool) -> None:
        """Show whether there is something to edit."""
        for each in (self.pick, self.split):
            allow(each, "" if editable else NOTHING)

    def show_tool(self, tool: str | None, chosen: int) -> None:
        """Show which tool is at work, and how many superpixels are picked or points are set."""
        self.pick.setChecked(tool == "pick")
        self.split.setChecked(tool == "split")
        self.apply.setText(_action(tool, chosen))
        allow(self.apply, "" if tool is not None and chosen >= 2 else FEW[tool])
        allow(self.clear, "" if tool is not None and chosen > 0 else NONE_CHOSEN)

    def show_history(self, undoable: bool, redoable: bool) -> None:
        """Show which edits can be taken back and made again."""
        allow(self.undo, "" if undoable else NOT_EDITED)
        allow(self.redo, "" if redoable else NOT_UNDONE)

    def show_count(self, text: str) -> None:
        """Show how many superpixels the chosen layer has; empty while that is not known."""
        self.count.setText(text)
        self.count.setVisible(bool(text))

    def _prepare(self) -> None:
        self.part.offer(PARTS)
        self.boundaries.setChecked(True)
        self.boundaries.setToolTip("Lines between the superpixels; otherwise they are filled.")
        self._prepare_tools()
        self.algorithm.chosen.connect(lambda: self._pages.turn_to(self.algorithm.thing))
        self.reset.clicked.connect(self._reset)
        for each in (self.algorithm, self.reset, self.layer, self.boundaries):
            allow(each, LOADING)
        self.show_count("")
        self.show_editable(False)
        self.show_tool(None, 0)
        self.show_history(False, False)
        self.offer_parts(False)
        self.show_ready("Loading algorithms...")

    def _prepare_tools(self) -> None:
        for each in (self.pick, self.split):
            each.setCheckable(True)
        self.reset.setToolTip("Put the defaults of the algorithm back.")
        self.pick.setToolTip(PICK_HELP)
        self.split.setToolTip(SPLIT_HELP)
        self.undo.setToolTip(
            "Take the last merge or split back.\nKey Ctrl+Z on the canvas, for strokes as well."
        )
        self.redo.setToolTip("Make it again.\nKey Ctrl+Shift+Z on the canvas.")
        self.clear.setToolTip("Put back what is picked; the superpixels stay.")

    def _reset(self) -> None:
        if page := self._pages.current:
            page.reset()

    # What lies where

    def _lay_out(self) -> None:
        self.pages.addTab(scrolled(self._choosers()), "Set up")
        self.pages.addTab(scrolled(self._editing()), EDIT)
        layout = dock_layout(self, self.pages)
        layout.addWidget(self.subject)
        layout.addWidget(self.bar)
        self.lay_out_status(layout)
        layout.addLayout(beside(self.run, self.cancel))

    def _choosers(self) -> QWidget:
        return filled(
            QWidget(),
            "Image",
            beside(self.image, self.image.follow, first=3),
            self._part_row,
            "Algorithm",
            beside(self.algorithm, self.reset, first=3),
            self._pages,
            at_the_end(self.afresh),
        )

    def _editing(self) -> QWidget:
        called(self.layer, "Superpixels")
        return filled(
            QWidget(),
            "Superpixels",
            beside(self.layer, self.layer.follow, first=3),
            self.count,
            self.boundaries,
            "Edit by clicking",
            beside(self.pick, self.split),
            self.apply,
            beside(self.undo, self.redo, self.clear),
        )


def suggested(kind: type[Any], pixels: int) -> dict[str, int]:
    """Return a number of superpixels that suits an image, where the default is too many.

    Empty where the default will do, or the algorithm asks for no number.
    """
    usual = {each.name: each.default for each in kind.declared()}.get(N_SEGMENTS, 0)
    room = max(pixels // PIXELS_EACH, 1)
    return {N_SEGMENTS: room} if room < usual else {}


def _action(tool: str | None, chosen: int) -> str:
    if tool == "split":
        return f"Split at {chosen} points" if chosen >= 2 else "Split"
    return f"Merge {chosen} superpixels" if chosen >= 2 else "Merge"
