"""The recipe of a batch: set up here, or read from a file."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QLineEdit, QSpinBox, QWidget

from napari_selfseg.widgets.batch._request import AUTO, CLASSES, FINISHED, NUMBER, OBJECTS, Form
from napari_selfseg.widgets.model.choices import PRECISIONS, Choices
from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.model.stacking import VOLUME, WAYS
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.choosers import Chooser, titled
from napari_selfseg.widgets.parts.contrast import hinted
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.panels import Fold, Pages, beside, rows, stacked
from napari_selfseg.widgets.parts.style import LOADING, allow_all, button, sentence
from napari_selfseg.widgets.views.preset_bar import PresetBar

__all__ = ["RecipeView"]

HERE, FILE = "here", "file"
SUGGESTED: Final = "As the method suggests"
KINDS: Final = (
    ("Classes", CLASSES),
    ("Connected pieces", OBJECTS),
    ("Segments", AUTO),
    ("A number of segments", NUMBER),
    ("Objects on a background", FINISHED),
)
FILE_HELP: Final = (
    "A saved recipe, a labels file (all images are done as it was made), or a model, which gives "
    "a class the same number in all images."
)
CARRY_HELP: Final = (
    "How images of more than a plane are done, along their first axis; single planes are not "
    "concerned."
)


class RecipeView(QWidget):
    """What is done with each image."""

    refused = Signal(str)

    def __init__(self, presets: Presets) -> None:
        super().__init__()
        self.source = Chooser("Where the recipe comes from.")
        self.file = QLineEdit()
        self.browse = button("Browse...", FILE_HELP)
        self.about = sentence()
        self.method = Chooser("How to segment each image.")
        self.superpixels = Chooser("Small regions that keep one label each.")
        self.kind = Chooser("What the labels in the files are.")
        self.segments = _whole(1, 100_000, 12, "How many segments each image is cut into.")
        self.smallest = _whole(0, 10**9, 0, "Smaller pieces go to a neighbour; 0 keeps all.")
        self.carry = Chooser(CARRY_HELP)
        self.precision = Chooser("Auto takes bfloat16 where it is faster, float32 elsewhere.")
        self.save = button("Save recipe...", "Write a file that others can load, or the terminal.")
        self._methods, self._algorithms = Pages(), Pages()
        self._fold = Fold("Settings of the pieces", self._algorithms)
        self.presets = PresetBar(presets, self._values)
        self._here, self._file = QWidget(), QWidget()
        self._number = rows([("Number", self.segments)])
        self._lay_out()
        self._prepare()

    @property
    def from_file(self) -> bool:
        """Whether the recipe comes from a file."""
        return bool(self.source.thing == FILE)

    @property
    def form(self) -> Form:
        """What is filled in here."""
        algorithm = self._algorithms.current
        return Form(
            method=self.method.thing,
            values=self._values(),
            superpixels=self.superpixels.thing,
            superpixel_values={} if algorithm is None else algorithm.values(),
            labels=self.kind.thing,
            segments=self.segments.value(),
            smallest=self.smallest.value(),
            precision=self.precision.thing,
            carry=None if self.carry.thing == VOLUME else self.carry.thing,
        )

    @property
    def kept(self) -> Kept:
        """What is remembered."""
        return {
            "method": self.method,
            "values": self._methods,
            "superpixels": self.superpixels,
            "superpixel values": self._algorithms,
            "kind": self.kind,
            "segments": self.segments,
            "smallest": self.smallest,
            "carry": self.carry,
            "precision": self.precision,
        }

    def populate(self, choices: Choices) -> None:
        """Offer the methods and algorithms there are."""
        self._methods.fill(choices.methods)
        self._algorithms.fill(choices.superpixels)
        self.method.offer(titled(choices.methods))
        self.method.choose(choices.default)
        made = titled(choices.superpixels)
        self.superpixels.offer([(SUGGESTED, None), *made])
        allow_all(self)

    def fill(self, values: dict[str, Any]) -> None:
        """Fill in parameters of the chosen method; the others stay."""
        if page := self._methods.current:
            page.fill(values)

    def show_file(self, path: str, about: str) -> None:
        """Show the recipe of a file, and what it does; empty where it cannot be used."""
        self.source.choose(FILE)
        self.file.setText(path)
        self.about.setText(about)
        self.about.setVisible(bool(about))

    def _values(self) -> dict[str, Any]:
        page = self._methods.current
        return page.values() if page else {}

    def _prepare(self) -> None:
        named = ((self.file, "File of the recipe"), (self.method, "Method"), (self.carry, "Stacks"))
        for control, name in named:
            called(control, name)
        hinted(self.file, "recipe.json, a labels file or a model")
        self.file.setToolTip(FILE_HELP)
        self.about.hide()
        self._fold.hide()
        self.presets.chosen.connect(self.fill)
        self.presets.refused.connect(self.refused)
        self.source.chosen.connect(self._turn_source)
        self.method.chosen.connect(self._turn_method)
        self.superpixels.chosen.connect(self._turn_superpixels)
        self.kind.chosen.connect(lambda: self._number.setVisible(self.kind.thing == NUMBER))
        self.source.offer([("Set up here", HERE), ("From a file", FILE)])
        self.kind.offer(KINDS)
        self.carry.offer(WAYS)
        self.precision.offer_words(PRECISIONS)
        allow_all(self, LOADING)

    def _turn_source(self) -> None:
        self._here.setVisible(not self.from_file)
        self._file.setVisible(self.from_file)

    def _turn_method(self) -> None:
        kind = self.method.thing
        self._methods.turn_to(kind)
        if kind is not None:
            self.presets.turn_to(kind)

    def _turn_superpixels(self) -> None:
        self._algorithms.turn_to(self.superpixels.thing)
        self._fold.setVisible(self.superpixels.thing is not None)

    # What lies where

    def _lay_out(self) -> None:
        layout = stacked(self)
        for each in (self.source, self._file, self._here, self.save):
            layout.addWidget(each)
        file = stacked(self._file)
        file.addLayout(beside(self.file, self.browse, first=3))
        file.addWidget(self.about)
        here = stacked(self._here)
        for other in (self.method, self.presets, self._methods):
            here.addWidget(other)
        here.addWidget(rows([("Small starting pieces", self.superpixels)]))
        here.addWidget(self._fold)
        here.addWidget(rows([("Labels", self.kind)]))
        here.addWidget(self._number)
        here.addWidget(rows([("Smallest (pixels)", self.smallest)]))
        here.addWidget(Fold("Stacks", self.carry))
        here.addWidget(Fold("Precision", rows([("Precision", self.precision)])))


def _whole(low: int, high: int, value: int, tooltip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setToolTip(tooltip)
    return box
