"""Which of the objects found are kept: a histogram of their sizes with two limits, and a count."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QLabel, QWidget
from superqt.utils import signals_blocked

from napari_selfseg.widgets.model.sizes import Scale, Sizes
from napari_selfseg.widgets.parts.panels import beside, rows, stacked
from napari_selfseg.widgets.parts.plots.size_plot import SizePlot
from napari_selfseg.widgets.parts.style import button, sentence

__all__ = ["LimitsView"]

HELP: Final = (
    "How many objects there are of each size, small ones to the left. Drag the two lines: what "
    "lies outside is left out at once, and comes back when they are moved back."
)
SMALLEST_HELP: Final = "Smaller objects are left out; 0 keeps any."
LARGEST_HELP: Final = "Larger objects are left out; 0 keeps any."
BORDER_HELP: Final = "Objects that the border of the image cuts are smaller than they are."
ANY: Final = "any size"
KEPT: Final = "Smallest: {}. Largest: {}."
MISSED: Final = "Faint ones missed? Add on the page Review finds each from a click in it."
MOST: Final = 1e12


class LimitsView(QWidget):
    """Limits of size, and whether objects at the border are kept.

    Attributes
    ----------
    changed : Signal
        Whenever a limit was moved by somebody.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.plot = SizePlot()
        self.plot.setToolTip(HELP)
        self.count = QLabel()
        self.smallest, self.largest = QDoubleSpinBox(), QDoubleSpinBox()
        self.at_border = QCheckBox("Keep objects at the border")
        self.at_border.setToolTip(BORDER_HELP)
        self.at_border.setChecked(True)
        self.every = button("All of them", "Keep objects of any size, also at the border.")
        self._scale, self._sizes = Scale(), None
        # What counts: the boxes show it rounded.
        self._limits = [0, 0]
        self._lay_out()
        self.plot.dragged.connect(self._on_dragged)
        self.smallest.valueChanged.connect(lambda size: self._on_typed(0, size))
        self.largest.valueChanged.connect(lambda size: self._on_typed(1, size))
        self.at_border.toggled.connect(lambda _: self._moved())
        self.every.clicked.connect(self._on_every)

    _sizes: Sizes | None

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest size in pixels; 0 is no limit."""
        return self._limits[0], self._limits[1]

    def reset(self) -> None:
        """Keep all objects from now on, without a signal."""
        self.show_limits(0, 0, at_border=True)
        self._sizes = None
        self._show()

    def show_scale(self, scale: Scale) -> None:
        """Show sizes in another unit."""
        self._scale = scale
        decimals = 0 if scale.pixel == 1.0 else 2 if scale.pixel > 0.001 else 5
        for box in (self.smallest, self.largest):
            with signals_blocked(box):
                box.setSuffix(f" {scale.unit}")
                box.setDecimals(decimals)
        self._show()

    def show_limits(self, smallest: int, largest: int, *, at_border: bool) -> None:
        """Show limits in pixels, 0 for none, without a signal.

        `at_border` says whether objects at the border are kept.
        """
        self._limits = [smallest, largest]
        with signals_blocked(self.at_border):
            self.at_border.setChecked(at_border)
        self._show()

    def show_sizes(self, sizes: Sizes) -> None:
        """Show the sizes of all objects, whatever the limits."""
        self._sizes = sizes
        self._show()

    def _on_dragged(self, which: int, place: float) -> None:
        if self._sizes is None:
            return
        # At its end a limit is none.
        free = place <= 0 if which == 0 else place >= 1
        self._limits[which] = 0 if free else max(1, round(self._sizes.at(place)))
        self._moved()

    def _on_typed(self, which: int, size: float) -> None:
        self._limits[which] = (self._scale.at_most if which else self._scale.at_least)(size)
        self._moved()

    def _on_every(self) -> None:
        self.show_limits(0, 0, at_border=True)
        self.changed.emit()

    def _moved(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        """Bring boxes, lines and the count in line with the limits."""
        for box, pixels in zip((self.smallest, self.largest), self._limits, strict=True):
            if not box.hasFocus() or not pixels:
                with signals_blocked(box):
                    box.setValue(self._scale.shown(pixels))
        sizes = self._sizes
        if sizes is None:
            self.plot.show_bars((), ("", ""))
            self.count.setText("")
            return
        low, high = self._limits
        words = self._words(low, high)
        places = (sizes.place(low) if low else 0.0, sizes.place(high) if high else 1.0)
        self.plot.show_limits(*places, words)
        self.plot.setToolTip(f"{HELP}\n{KEPT.format(*words)}" if low or high else HELP)
        self.plot.show_bars(sizes.bars().tolist(), self._ends(sizes))
        found = sizes.within(low, high, at_border=self.at_border.isChecked())
        total = len(sizes.pixels)
        kept = f"{found}" if found == total else f"{found} of {total}"
        self.count.setText(f"{kept} object{'s' * (total != 1)}")

    def _words(self, low: int, high: int) -> tuple[str, str]:
        """Say what the limits are, where they are some."""
        least, most = (self._scale.words(each) if each else ANY for each in (low, high))
        return least, most

    def _ends(self, sizes: Sizes) -> tuple[str, str]:
        low, high = (self._scale.words(each) for each in sizes.range)
        return low, high

    def _lay_out(self) -> None:
        for box, help in ((self.smallest, SMALLEST_HELP), (self.largest, LARGEST_HELP)):
            box.setRange(0, MOST)
            box.setSpecialValueText(ANY)
            box.setToolTip(help)
            # A value is used when it is whole, not at every digit.
            box.setKeyboardTracking(False)
            box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        layout = stacked(self)
        layout.addWidget(self.plot)
        layout.addLayout(beside(self.count, self.every, first=2))
        layout.addWidget(rows([("Smallest", self.smallest), ("Largest", self.largest)]))
        layout.addWidget(self.at_border)
        layout.addWidget(sentence(MISSED))
