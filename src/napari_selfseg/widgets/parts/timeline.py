"""A slider over the iterations of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget
from superqt.utils import signals_blocked

from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.access.keys import EARLIER, LATER, keyed

__all__ = ["Timeline"]

HELP: Final = "Show the labels of another iteration; nothing is computed again."


class Timeline(QWidget):
    """A slider over iterations, and the number of the one it is at.

    The iterations kept may be thinned, so that the slider steps through a list.
    """

    moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip(keyed(HELP, EARLIER, LATER))
        called(self.slider, "Iteration")
        self._number = QLabel()
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("100000"))
        self._iterations: tuple[int, ...] = ()
        title = QLabel("Iteration")
        title.setToolTip(HELP)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(title)
        layout.addWidget(self.slider, stretch=1)
        layout.addWidget(self._number)
        self.slider.valueChanged.connect(self._on_value)
        self.hide()

    @property
    def iteration(self) -> int | None:
        """Where the slider is; None when there is nothing to choose from."""
        return self._iterations[self.slider.value()] if self._iterations else None

    @property
    def needless(self) -> bool:
        """Whether there is nothing to choose between."""
        return len(self._iterations) < 2

    def offer(self, iterations: Sequence[int]) -> None:
        """Offer ascending iterations, and go to the last one without a signal.

        The slider is hidden where there are fewer than two.
        """
        self._iterations = tuple(iterations)
        with signals_blocked(self.slider):
            self.slider.setRange(0, max(0, len(self._iterations) - 1))
            self.slider.setPageStep(max(1, len(self._iterations) // 10))
            self.slider.setValue(self.slider.maximum())
        self.setHidden(self.needless)
        self._show_number()

    def go_to(self, iteration: int) -> None:
        """Move to the iteration nearest to a number."""
        if self._iterations:
            distance = [abs(each - iteration) for each in self._iterations]
            self.slider.setValue(distance.index(min(distance)))

    def _on_value(self) -> None:
        self._show_number()
        if self.iteration is not None:
            self.moved.emit(self.iteration)

    def _show_number(self) -> None:
        self._number.setText("" if self.iteration is None else str(self.iteration))
