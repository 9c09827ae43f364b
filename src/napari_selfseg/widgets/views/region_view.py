"""How much of an image is segmented, and which pixels of it hold no data: on the Set-up page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QPushButton, QWidget

from napari_selfseg.widgets.model.overlay import Void
from napari_selfseg.widgets.model.words import BY_TILES
from napari_selfseg.widgets.parts.choosers import Chooser
from napari_selfseg.widgets.parts.number_box import NumberBox, number
from napari_selfseg.widgets.parts.panels import beside, rows, stacked
from napari_selfseg.widgets.parts.style import button, narrowed

__all__ = ["RegionView"]

AREAS: Final = (
    ("All of it", "all"),
    (BY_TILES, "tiles"),
    ("In view", "view"),
    ("Rectangle", "rectangle"),
)
AREA_HELP: Final = (
    "All of it: the image is in memory as a whole.\n"
    "All of it, by tiles: for an image larger than memory. Learns from a few samples spread over "
    "it, then labels it tile by tile, those in view first; the labels lie on the disk.\n"
    "In view, Rectangle: a quick trial on what the canvas shows, or on a rectangle you draw."
)
EVERYWHERE: Final = "All pixels count"
ONE_VALUE: Final = "Leave out a value"
NOT_FINITE: Final = "Leave out NaN"
VOID_HELP: Final = "Pixels that hold no data stay 0 and teach nothing: a value, or a layer's zeros."


class RegionView(QWidget):
    """What is chosen of an image."""

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.area = Chooser(AREA_HELP)
        self.draw = button("Draw", "Draw the rectangle on the canvas.")
        self.void = Chooser(VOID_HELP)
        self.void_value = NumberBox(number)
        narrowed(self.area, letters=5)  # it shares its line
        self._value = rows([("Value", self.void_value)])
        layout = stacked(self)
        layout.addWidget(rows([("Area", _joined(self.area, self.draw))]))
        layout.addWidget(rows([("No data", self.void)]))
        layout.addWidget(self._value)
        self._prepare()

    @property
    def rule(self) -> Void | None:
        """Which pixels hold no data, where no layer says so."""
        rule = self.void.thing
        if rule is ONE_VALUE:
            return Void(self.void_value.value())
        return Void(None) if rule is NOT_FINITE else None

    def offer_labels(self, layers: Sequence[tuple[str, Any]]) -> None:
        """Offer labels layers that say where there are data."""
        rules = [(EVERYWHERE, None), (ONE_VALUE, ONE_VALUE), (NOT_FINITE, NOT_FINITE)]
        self.void.offer([*rules, *layers])

    def _prepare(self) -> None:
        self.area.offer(AREAS)
        self.void_value.setToolTip("Grey level of the pixels without data, in every channel.")
        self._show()
        for each in (self.area, self.void):
            each.chosen.connect(self._show)
            each.chosen.connect(self.chosen)
        self.void_value.valueChanged.connect(lambda _: self.chosen.emit())

    def _show(self) -> None:
        self.draw.setVisible(self.area.thing == "rectangle")
        self._value.setVisible(self.void.thing is ONE_VALUE)


def _joined(chooser: Chooser, extra: QPushButton) -> QWidget:
    page = QWidget()
    page.setToolTip(chooser.toolTip())
    stacked(page).addLayout(beside(chooser, extra, first=2))
    return page
