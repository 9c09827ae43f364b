"""What the Evaluate dock looks like; it knows neither layers nor labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qtpy.QtWidgets import (
    QCheckBox,
    QLineEdit,
    QTabWidget,
    QWidget,
)

from napari_selfseg.metrics import BACKGROUND as NO_OBJECT
from napari_selfseg.widgets.evaluate._legend import LOOKS, legend
from napari_selfseg.widgets.evaluate._table import FiguresView
from napari_selfseg.widgets.parts.access.keys import RUN, keyed
from napari_selfseg.widgets.parts.calm_bar import RunButtons, RunView
from napari_selfseg.widgets.parts.choosers import Checklist, Chooser
from napari_selfseg.widgets.parts.contrast import hinted
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.panels import at_the_end, beside, filled, rows, stacked
from napari_selfseg.widgets.parts.style import afresh, button, dock_layout, scrolled, sentence

__all__ = ["EvaluateView"]

NOTHING: Final = "The figures are shown here: check labels on the first page, press Evaluate."
NO_TRUTH: Final = "This needs a truth layer: check one on the first page."
IGNORE: Final = "Labels of the truth whose pixels do not count, such as 0, 255."
BACKGROUND: Final = (
    "Labels that are no object, in the labels and the truth. Empty: every label is an object. "
    "Matters to the figures of objects alone: Object F, Object AP, Instance AP, PQ, AJI."
)


class EvaluateView(RunView):
    """The widgets of the Evaluate dock, and what they show in which state."""

    def __init__(self) -> None:
        super().__init__()
        self.labels = Checklist("Labels to evaluate, side by side.")
        self.truths = Checklist("What is right. Several are several annotators of one image.")
        self.ignore = QLineEdit()
        self.background = QLineEdit()
        self.image = Chooser("What the labels are of, for figures without ground truth.")
        self.figures = FiguresView()
        self.copy = button("Copy table", "The table on the clipboard, to paste into a spreadsheet.")
        self.save = button("Save table...", "Write the table as CSV.")
        self.shown = QCheckBox("Show disagreement")
        self.look = Chooser("What the labels are: segments of the whole image, or objects.")
        self.one = Chooser("The labels to look at.", nothing="None checked")
        self.other = Chooser("The truth to compare them with.", nothing="None checked")
        self.run = button("Evaluate", keyed("Compute the figures of what is checked.", RUN))
        self._buttons = RunButtons(self.run)
        self.bar = self._buttons.bar
        self.legend = sentence()
        self.afresh = afresh()
        self.pages = QTabWidget()
        self._empty = sentence(NOTHING)
        self._table = QWidget()
        self._disagreement = QWidget()
        self._no_truth = sentence(NO_TRUTH)
        self._lay_out()
        self._prepare()

    @property
    def kept(self) -> Kept:
        """What is remembered: which labels do not count, and what labels are."""
        return {"ignored": self.ignore, "background": self.background, "look": self.look}

    def show_table(self) -> None:
        """Show that there are figures, and turn to them."""
        self._empty.hide()
        self._table.show()
        self.pages.setCurrentIndex(1)

    def show_said(self, said: Mapping[int, str]) -> None:
        """Show how much there is of each kind of disagreement, in words."""
        self.legend.setText(legend(self.look.thing, said))

    def show_comparable(self, comparable: bool) -> None:
        """Show whether there are labels and truth to show a disagreement of."""
        self._disagreement.setVisible(comparable)
        self._no_truth.setVisible(not comparable)

    def _prepare(self) -> None:
        for edit, help in ((self.ignore, IGNORE), (self.background, BACKGROUND)):
            hinted(edit, "none")
            edit.setToolTip(help)
        self.background.setText(", ".join(map(str, NO_OBJECT)))
        self.shown.setToolTip("A layer in colours over the labels; other labels are hidden.")
        self._table.hide()
        self.look.offer(LOOKS)
        self.show_said({})
        self.show_comparable(False)
        self.show_ready("")

    # What lies where

    def _lay_out(self) -> None:
        self.pages.addTab(scrolled(self._choosers()), "Set up")
        self.pages.addTab(scrolled(self._result()), "Result")
        layout = dock_layout(self, self.pages)
        layout.addWidget(self.bar)
        self.lay_out_status(layout)
        layout.addWidget(self.run)

    def _choosers(self) -> QWidget:
        return filled(
            QWidget(),
            "Labels to evaluate",
            self.labels,
            "Truth",
            self.truths,
            rows([("Ignored labels", self.ignore), ("Background labels", self.background)]),
            "Without ground truth",
            rows([("Image", self.image)]),
            at_the_end(self.afresh),
        )

    def _result(self) -> QWidget:
        disagreement = ("Where they disagree", self._no_truth, self._disagreement)
        page = filled(QWidget(), *disagreement, "Figures", self._empty, self._table)
        parts = stacked(self._disagreement)
        parts.addWidget(self.shown)
        parts.addWidget(rows([("Labels", self.one), ("Truth", self.other), ("As", self.look)]))
        parts.addWidget(self.legend)
        table = stacked(self._table)
        table.addLayout(beside(self.copy, self.save))
        table.addWidget(self.figures)
        return page
