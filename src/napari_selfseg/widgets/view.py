"""What the Segment dock looks like; it knows neither layers nor runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_selfseg.widgets.choices import PRECISIONS, Choices
from napari_selfseg.widgets.controls import Controls
from napari_selfseg.widgets.panels import Chooser, Fold, Pages, beside, rows, stacked
from napari_selfseg.widgets.state import Form

__all__ = ["SegmentView"]

WIDTH: Final = 320
PARTS: Final = (("Plane in view", "plane"), ("Whole volume", "whole"))
SUGGESTED: Final = "As the method suggests"
TITLE: Final = "font-weight: bold; padding-top: 6px;"


class SegmentView(QWidget):
    """The widgets of the Segment dock, and what they show in which state."""

    def __init__(self) -> None:
        super().__init__()
        self.image = Chooser("The image to segment.", nothing="No image is open")
        self.part = Chooser("The plane in view is fast; the whole volume is segmented in 3-D.")
        self.superpixels = Chooser(
            "Small regions that keep one label each: from an algorithm or a labels layer."
        )
        self.controls = Controls()
        self.method = Chooser("How to segment.")
        self.reset = QPushButton("Reset")
        self.device = Chooser("Where to compute; auto takes a graphics card if there is one.")
        self.precision = Chooser("Auto takes bfloat16 where it is faster, float32 elsewhere.")
        self._part_row = rows([("Part", self.part)])
        self._choices: Choices | None = None
        self._method_pages = Pages()
        self._superpixel_pages = Pages()
        self._superpixel_fold = Fold("Superpixel parameters", self._superpixel_pages)
        self._lay_out()
        self._prepare()

    @property
    def loaded(self) -> bool:
        """Whether there are methods to choose from."""
        return self._choices is not None

    def populate(self, choices: Choices) -> None:
        """Offer the methods, algorithms and devices there are.

        Parameters
        ----------
        choices : Choices
            From `napari_selfseg.widgets.choices.load`.
        """
        self._choices = choices
        self._method_pages.fill(choices.methods)
        self._superpixel_pages.fill(choices.superpixels)
        self.method.offer([(each.title, each) for each in choices.methods])
        self.method.choose(choices.default)
        self.device.offer([(each, each) for each in choices.devices])
        self.offer_superpixels([])
        for each in (self.method, self.reset, self.superpixels, self.device, self.precision):
            each.setEnabled(True)

    def offer_superpixels(self, layers: Sequence[tuple[str, Any]]) -> None:
        """Offer the algorithms there are, and layers.

        Parameters
        ----------
        layers : sequence of (str, layer)
            Labels layers.
        """
        if self._choices is not None:
            made = [(each.title, each) for each in self._choices.superpixels]
            given = [(f"Layer: {name}", layer) for name, layer in layers]
            self.superpixels.offer([(SUGGESTED, None), *made, *given])

    def form(self) -> Form:
        """Return what is filled in.

        Returns
        -------
        Form

        Raises
        ------
        RuntimeError
            Before the methods are loaded.
        """
        page = self._method_pages.current
        if self._choices is None or page is None:
            raise RuntimeError("The methods are not loaded yet.")
        algorithm = self._superpixel_pages.current
        return Form(
            method=self.method.thing,
            values=page.values(),
            superpixels=self.superpixels.thing if algorithm else None,
            superpixel_values=algorithm.values() if algorithm else {},
            part=self.part.thing,
            device=self.device.thing,
            precision=self.precision.thing,
            threads=self._choices.threads,
        )

    def fill(self, values: dict[str, Any]) -> None:
        """Fill in parameters of the chosen method.

        Parameters
        ----------
        values : dict
            Values by parameter; the others stay.
        """
        if page := self._method_pages.current:
            page.fill(values)

    def offer_parts(self, offered: bool) -> None:
        """Show or hide the choice between plane and volume."""
        self._part_row.setVisible(offered)

    def _prepare(self) -> None:
        self.part.offer(PARTS)
        self.precision.offer([(each, each) for each in PRECISIONS])
        self.reset.setToolTip("Put the defaults of the method back.")
        self.reset.clicked.connect(self._reset)
        self.method.chosen.connect(lambda: self._method_pages.turn_to(self.method.thing))
        self.superpixels.chosen.connect(self._turn_superpixels)
        for each in (self.method, self.reset, self.superpixels, self.device, self.precision):
            each.setEnabled(False)
        self.offer_parts(False)
        self._superpixel_fold.hide()

    def _reset(self) -> None:
        if page := self._method_pages.current:
            page.reset()

    def _turn_superpixels(self) -> None:
        self._superpixel_pages.turn_to(self.superpixels.thing)
        self._superpixel_fold.setVisible(self._superpixel_pages.current is not None)

    # What lies where

    def _lay_out(self) -> None:
        self.setMinimumWidth(WIDTH)
        # Otherwise napari fills half the dock with nothing.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.addWidget(_scrolled(self._choosers()), stretch=1)
        layout.addWidget(_line())
        layout.addWidget(self.controls)

    def _choosers(self) -> QWidget:
        page = QWidget()
        layout = stacked(page)
        layout.addWidget(_title("Image"))
        layout.addWidget(self.image)
        layout.addWidget(self._part_row)
        layout.addWidget(_title("Superpixels"))
        layout.addWidget(self.superpixels)
        layout.addWidget(self._superpixel_fold)
        layout.addWidget(_title("Method"))
        layout.addLayout(beside(self.method, self.reset, first=3))
        layout.addWidget(self._method_pages)
        where = [("Device", self.device), ("Precision", self.precision)]
        layout.addWidget(Fold("Device and precision", rows(where)))
        layout.addStretch(1)
        return page


def _title(text: str) -> QLabel:
    label = QLabel(text)
    label.setStyleSheet(TITLE)
    return label


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    return line


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
