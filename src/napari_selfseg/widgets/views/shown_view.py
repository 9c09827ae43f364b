"""What of a run is shown: classes of an iteration, or segments that the iterations agree on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSlider,
    QSpinBox,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.access.keys import EARLIER, LATER, keyed, stepped
from napari_selfseg.widgets.parts.panels import beside, stacked
from napari_selfseg.widgets.parts.style import allow, button, sentence
from napari_selfseg.widgets.parts.timeline import Timeline
from napari_selfseg.widgets.views.amount.granularity import nearest, stops

__all__ = ["GranularityView", "ShownView"]

CLASSES_HELP: Final = "Every pixel with the class that an iteration gave it."
ITERATIONS_HELP: Final = "What the method had found after an iteration, as it found it."
SEGMENTS_HELP: Final = (
    "Connected regions whose borders the iterations agree on, as few or as many as you like."
)
HELP: Final = "Few large segments to the left, many small ones to the right; nothing is trained."
NUMBER_HELP: Final = "How many segments; also more than the slider reaches."
AUTOMATIC: Final = "Automatic"
AUTOMATIC_HELP: Final = (
    "As many segments as have borders that most iterations agree on; it follows a run."
)
BORDERS_HELP: Final = (
    "Add a layer with the share of label maps that have each border: 0 for none, 1 for all."
)
WAITING: Final = "Finding segments..."


class GranularityView(QWidget):
    """How many segments: a slider, a number, and the number found automatically."""

    moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip(keyed(HELP, EARLIER, LATER))
        called(self.slider, "Few or many segments")
        self.number = QSpinBox()
        self.number.setToolTip(NUMBER_HELP)
        called(self.number, "Number of segments")
        # The slider has the room, and a number is used when it is whole, not at every digit.
        self.number.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.number.setFixedWidth(self.number.fontMetrics().horizontalAdvance("1000000"))
        self.number.setKeyboardTracking(False)
        self.automatic = button(AUTOMATIC, AUTOMATIC_HELP)
        self.automatic.setCheckable(True)
        self.borders = button("Border confidence", BORDERS_HELP)
        self.note = sentence(WAITING)
        self._stops: list[int] = []
        self._lay_out()
        self.slider.valueChanged.connect(lambda place: self.number.setValue(self._stops[place]))
        self.number.valueChanged.connect(self._on_number)

    def offer(self, fewest: int, most: int, automatic: int, no_borders: str = "") -> None:
        """Offer numbers of segments, without a signal.

        `automatic` is the number when nobody chooses one, `no_borders` why nobody can look at the
        borders; empty where one can.
        """
        self._stops = stops(fewest, most)
        self.number.setSpecialValueText("")
        self._quietly(lambda: self._set_ranges(fewest, most))
        self.automatic.setText(f"{AUTOMATIC}: {automatic}")
        self.refuse("")
        allow(self.borders, no_borders)

    def show_number(self, n_segments: int, automatic: bool, note: str) -> None:
        """Show how many segments are shown, without a signal.

        `automatic` says that nobody chose the number, `note` what they are made of.
        """

        def put() -> None:
            self.number.setValue(n_segments)
            self.slider.setValue(nearest(self._stops, n_segments))

        self._quietly(put)
        self.automatic.setChecked(automatic)
        self.note.setText(note)

    def show_waiting(self) -> None:
        """Show that there are no segments yet."""
        self._quietly(lambda: self.number.setRange(0, 0))
        self.number.setSpecialValueText("-")
        self.automatic.setText(AUTOMATIC)
        self.note.setText(WAITING)
        self.refuse(WAITING)

    def refuse(self, reason: str) -> None:
        """Say why no number can be chosen now; empty where one can."""
        for each in (self.slider, self.number, self.automatic, self.borders):
            allow(each, reason)

    def _on_number(self, number: int) -> None:
        self._quietly(lambda: self.slider.setValue(nearest(self._stops, number)))
        self.automatic.setChecked(False)
        self.moved.emit(number)

    def _set_ranges(self, fewest: int, most: int) -> None:
        self.slider.setRange(0, len(self._stops) - 1)
        self.slider.setPageStep(max(1, len(self._stops) // 10))
        self.number.setRange(fewest, most)

    def _quietly(self, change: Callable[[], object]) -> None:
        with signals_blocked(self.slider, self.number):
            change()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        few, many = QLabel("Few"), QLabel("Many")
        for each in (few, many):
            each.setToolTip(HELP)
        line.addWidget(few)
        line.addWidget(self.slider, stretch=1)
        line.addWidget(many)
        line.addWidget(self.number)
        layout = stacked(self)
        layout.addLayout(line)
        layout.addLayout(beside(self.automatic, self.borders))
        layout.addWidget(self.note)
        self.show_waiting()


class ShownView(QWidget):
    """A switch between classes and segments, and the slider of either."""

    switched = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.classes, self.segments = QRadioButton("Classes"), QRadioButton("Segments")
        self.classes.setToolTip(CLASSES_HELP)
        self.segments.setToolTip(SEGMENTS_HELP)
        self.timeline = Timeline()
        self.granularity = GranularityView()
        self.note = sentence()
        self._there = self._makes_segments = False
        # The timeline hides by itself where there is nothing to choose from.
        self._iterations = QWidget()
        self._lay_out()
        self.classes.setChecked(True)
        self.segments.toggled.connect(lambda _: self._on_switch())
        self.offer(False)

    def offer(self, there: bool, why: str = "") -> None:
        """Show or hide the switch; `why` says why there is none, where that is to be said."""
        self._there = there
        self.note.setText(why)
        self.note.setVisible(bool(why))
        self._switch.setVisible(there)
        self._turn()

    def suit(self, *, makes_segments: bool) -> None:
        """Name the choice after what a method makes: segments or classes."""
        self._makes_segments = makes_segments
        self.classes.setText("Iterations" if makes_segments else "Classes")
        self.classes.setToolTip(ITERATIONS_HELP if makes_segments else CLASSES_HELP)

    def end(self) -> None:
        """Show no switch where a run that makes segments has no iterations beside them."""
        needless = self._makes_segments and self.timeline.needless
        self._switch.setVisible(self._there and not (needless and self.segments.isChecked()))

    def step(self, steps: int) -> None:
        """Move whichever slider is in view: to later iterations or more segments, or back."""
        for each in (self.timeline.slider, self.granularity.slider):
            stepped(each, steps)

    def _on_switch(self) -> None:
        self._turn()
        self.switched.emit()

    def _turn(self) -> None:
        segments = self.segments.isChecked()
        self._iterations.setVisible(not segments)
        self.granularity.setVisible(segments and self._there)

    def _lay_out(self) -> None:
        self._switch = QWidget()
        line = QHBoxLayout(self._switch)
        line.setContentsMargins(0, 0, 0, 0)
        # Radio buttons of one group, wherever else there are some.
        self._group = QButtonGroup(self)
        line.addWidget(QLabel("Show"))
        for choice in (self.classes, self.segments):
            self._group.addButton(choice)
            line.addWidget(choice)
        line.addStretch(1)
        stacked(self._iterations).addWidget(self.timeline)
        layout = stacked(self)
        for each in (self._switch, self._iterations, self.granularity, self.note):
            layout.addWidget(each)
