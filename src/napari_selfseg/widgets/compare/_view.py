"""What the Compare dock looks like; it knows neither layers nor labels."""

from __future__ import annotations

from typing import Final

from qtpy.QtWidgets import QCheckBox, QWidget

from napari_selfseg.widgets.parts.access.keys import RUN, STOP, keyed
from napari_selfseg.widgets.parts.calm_bar import RunButtons, RunView
from napari_selfseg.widgets.parts.choosers import Chooser
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.panels import beside, filled, rows
from napari_selfseg.widgets.parts.style import button, dock_layout, scrolled, sentence

__all__ = ["CompareView"]

ONE: Final = "The result on the left."
OTHER: Final = "The result on the right: any labels of the same shape."
IMAGE: Final = "Shown below both results."
COMPARE: Final = "Show both side by side, with colours of their own for what goes together."
BACK: Final = "Show the layers as they were before: camera, grid, what is hidden."
MARKED: Final = "Show in yellow, in both, where they differ."
RULES: Final = (
    "Labels of both go together one to one where they overlap most, and have the same colour then, "
    "whatever their numbers. Both views move together."
)
UP: Final = "Two results are compared now: go back first."
NOT_UP: Final = "Nothing is compared now."


class CompareView(RunView):
    """Two results, their image, and what came of it."""

    def __init__(self) -> None:
        super().__init__()
        self.one = Chooser(ONE, nothing="No labels are there")
        self.other = Chooser(OTHER, nothing="No others are there")
        self.image = Chooser(IMAGE)
        self.run = button("Compare", keyed(COMPARE, RUN))
        self.stop = button("Back to normal", keyed(BACK, STOP))
        self._buttons = RunButtons(self.run, self.stop, NOT_UP)
        self.bar = self._buttons.bar
        self.marked = QCheckBox("Mark differences")
        self.marked.setToolTip(MARKED)
        self.marked.setChecked(True)
        self.figures = sentence()
        self._rules = sentence(RULES)
        self._lay_out()
        self.show_up(False)

    @property
    def kept(self) -> Kept:
        """What is remembered."""
        return {"marked": self.marked}

    def show_up(self, up: bool) -> None:
        """Show whether two results are side by side."""
        self._buttons.show_ready()
        if up:
            self._buttons.show_live(UP)
            self.bar.hide()
        self.marked.setVisible(up)
        self.figures.setVisible(up)
        self._rules.setVisible(not up)

    def _lay_out(self) -> None:
        page = filled(
            QWidget(),
            rows([("Left", self.one), ("Right", self.other), ("Image", self.image)]),
            beside(self.run, self.stop),
            self.bar,
            self._rules,
            self.figures,
            self.marked,
        )
        self.lay_out_status(dock_layout(self, scrolled(page)))
