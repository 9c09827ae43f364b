"""Few or many segments, chosen before a run: a slider over the granularity of a method."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget
from superqt.utils import signals_blocked

from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.access.keys import EARLIER, LATER, keyed, stepped
from napari_selfseg.widgets.parts.panels import stacked
from napari_selfseg.widgets.parts.style import allow, sentence

__all__ = ["GranularityChoice", "granularity_at", "place_of", "why_none"]

HALF: Final = 10  # steps of the slider from its middle to an end
HELP: Final = (
    "Few large segments to the left, many small ones to the right; the middle is what suits most "
    "images (granularity). After the run the slider has a number, and acts at once."
)
AFTER: Final = "How many segments: choose after the run."
FOUND: Final = "How many objects there are is found."
COUNTED: Final = f"{FOUND} Leave out small ones after the run."
TILES: Final = "By tiles there is a choice from few to many with Consensus alone."
FIXED: Final = "{n} segments, as set under More: a number there counts, and not the slider."


def granularity_at(place: int, usual: float) -> float:
    """Return the granularity at a place of the slider, from ``-HALF`` to ``HALF``.

    0 is the default, `usual`, which is between 0 and 1.
    """
    share = place / HALF
    end = usual if share < 0 else 1 - usual
    return round(usual + share * end, 4)


def place_of(granularity: float, usual: float) -> int:
    """Return the place nearest to a granularity; both arguments are between 0 and 1."""
    if granularity == usual:  # which may be an end itself
        return 0
    end = usual if granularity < usual else 1 - usual
    return round(HALF * (granularity - usual) / end)


def why_none(*, finds_objects: bool, by_tiles: bool) -> str:
    """Say when it is chosen how many there are, with a method that has no granularity."""
    if finds_objects:
        return FOUND if by_tiles else COUNTED
    return TILES if by_tiles else AFTER


class GranularityChoice(QWidget):
    """A slider from few to many, or a sentence where granularity cannot be chosen.

    Attributes
    ----------
    moved : Signal
        With the granularity that was chosen.
    """

    moved = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-HALF, HALF)
        self.slider.setPageStep(HALF // 2)
        self.slider.setToolTip(keyed(HELP, EARLIER, LATER))
        called(self.slider, "Few or many segments of the next run")
        self.note = sentence()
        self._usual = 0.5
        self._lay_out()
        self.slider.valueChanged.connect(
            lambda place: self.moved.emit(granularity_at(place, self._usual))
        )
        self.show_none("")

    def show_granularity(self, granularity: float, usual: float, n_segments: int = 0) -> None:
        """Show a granularity, without a signal.

        `usual` is the default; `n_segments` is how many there are to be whatever the granularity, 0
        for none.
        """
        self._usual = usual
        with signals_blocked(self.slider):
            self.slider.setValue(place_of(granularity, usual))
        fixed = FIXED.format(n=n_segments) if n_segments else ""
        allow(self.slider, fixed)
        self._show(fixed, slider=True)

    def show_none(self, why: str) -> None:
        """Show in a sentence why granularity cannot be chosen."""
        self._show(why, slider=False)

    def step(self, steps: int) -> None:
        """Move the slider where it is in view."""
        stepped(self.slider, steps)

    def _show(self, words: str, *, slider: bool) -> None:
        self._line.setVisible(slider)
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def _lay_out(self) -> None:
        self._line = QWidget()
        line = QHBoxLayout(self._line)
        line.setContentsMargins(0, 0, 0, 0)
        few, many = QLabel("Few"), QLabel("Many")
        for each in (few, many):
            each.setToolTip(HELP)
        line.addWidget(few)
        line.addWidget(self.slider, stretch=1)
        line.addWidget(many)
        layout = stacked(self)
        layout.addWidget(self._line)
        layout.addWidget(self.note)
