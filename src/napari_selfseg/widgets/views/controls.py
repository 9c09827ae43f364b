"""Run, Stop, and how it goes in words and as a curve: below the pages of the dock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QCheckBox

from napari_selfseg.widgets.estimates.remedies import Remedy
from napari_selfseg.widgets.parts.access.keys import OUTLINED, RUN, keyed
from napari_selfseg.widgets.parts.access.keys import STOP as STOP_KEY
from napari_selfseg.widgets.parts.calm_bar import RunButtons
from napari_selfseg.widgets.parts.elided import Line
from napari_selfseg.widgets.parts.in_front import SEGMENT, in_dock
from napari_selfseg.widgets.parts.panels import beside, stacked
from napari_selfseg.widgets.parts.plots.plot import LossPlot
from napari_selfseg.widgets.parts.status import StatusWidget
from napari_selfseg.widgets.parts.style import ERROR, allow, button, sentence
from napari_selfseg.widgets.views.amount.granularity_choice import GranularityChoice
from napari_selfseg.widgets.views.remedy_bar import RemedyBar
from napari_selfseg.widgets.views.shown_view import ShownView

__all__ = ["Controls"]

STOP: Final = "Stop"
STOP_HELP: Final = "End the run and keep what was found."
END_HELP: Final = "Keep the labels as they are, without the closing pass."
RESUME: Final = "Continue"
BACK_HELP: Final = (
    "Put back the labels as they were before Continue, with their iterations. Labels that you "
    "edited since stay in a layer of their own."
)
LIVE: Final = "A run is live: it has to end first."
NOT_LIVE: Final = "Nothing is running."
ENDING: Final = "The run is ending."
OUTLINED_HELP: Final = "Show labels as lines along their borders, so that the image is seen inside."
NOTHING_YET: Final = "Nothing was run yet: press Run."


class Controls(StatusWidget):
    """The buttons, the bar, the curve, the slider and the sentences of a run.

    Attributes
    ----------
    began : Signal
        A run begins.
    """

    words = SEGMENT
    began = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.run = button("Run", keyed("Start with what is set up.", RUN))
        self.stop = button(STOP, keyed(STOP_HELP, STOP_KEY))
        self.resume = button(RESUME, "")
        self.back = button("Take back", BACK_HELP)
        self._buttons = RunButtons(self.run, self.stop, NOT_LIVE)
        self.bar = self._buttons.bar
        self.subject = Line()
        self.outlined = QCheckBox("Lines only")
        self.outlined.setToolTip(keyed(OUTLINED_HELP, OUTLINED))
        self.estimate = sentence()
        self.remedies = RemedyBar()
        self.bar.setFormat("%v / %m")
        self.plot = LossPlot()
        self.granularity = GranularityChoice()
        self.shown = ShownView()
        self.timeline = self.shown.timeline
        self._losses: dict[str, dict[int, float]] = {}
        layout = stacked(self)
        layout.addLayout(beside(self.subject, self.outlined, first=3))
        # One place for few and many: before a run what is chosen, after it what there is.
        layout.addWidget(self.granularity)
        layout.addWidget(self.shown)
        for each in (self.estimate, self.bar, self.plot):
            layout.addWidget(each)
        self.lay_out_status(layout)
        layout.addWidget(self.remedies)
        # Last of all: sentences above come and go, and what is pressed stays where it is.
        layout.addLayout(beside(self.run, self.stop, self.resume, self.back))
        self.plot.picked.connect(self.timeline.go_to)
        self.timeline.moved.connect(self.plot.mark)
        self._begin()

    def step(self, steps: int) -> None:
        """Move the slider that is in view; negative steps go to the left."""
        for each in (self.granularity, self.shown):
            each.step(steps)

    def _show_slider(self, there: bool) -> None:
        self.shown.setVisible(there)
        self.granularity.setHidden(there)

    def _begin(self) -> None:
        allow(self.resume, NOTHING_YET)
        for other in (self.estimate, self.plot, self.back):
            other.hide()
        self._show_slider(False)
        self.say("Loading methods...")

    def show_ready(self, sentence: str) -> None:
        """Show that a run can be started; and what is missing, or how the last run ended."""
        self._buttons.show_ready()
        self.stop.setText(STOP)
        self.say(sentence)

    def show_subject(self, text: str) -> None:
        """Show which image is going to be run, or is."""
        self.subject.setText(text)

    def show_resumable(self, help: str, reason: str = "") -> None:
        """Show what going on with a run would do, and why it cannot; empty where it can."""
        allow(self.resume)
        self.resume.setToolTip(help)
        allow(self.resume, reason)

    def show_back(self, there: bool) -> None:
        """Show whether *Continue* can be taken back: whether there are labels from before it."""
        self.back.setVisible(there)

    def show_run(self, there: bool) -> None:
        """Show the bar, the curve and the slider of the last run, if it is of the chosen image.

        Otherwise show the granularity that is chosen for the next run.
        """
        self.bar.setVisible(there and bool(self.bar.maximum()))
        self.plot.setVisible(there and bool(self._losses))
        self._show_slider(there)

    def show_estimate(self, sentence: str, enough: bool = True) -> None:
        """Show what a run is going to take; empty while that is not known.

        `enough` says whether there is memory for it.
        """
        self.estimate.setText(in_dock(sentence, self.words))
        self.estimate.setStyleSheet("" if enough else ERROR)
        self.estimate.setVisible(bool(sentence))
        self.offer(())

    def offer(self, found: Sequence[Remedy]) -> None:
        """Offer, with a button each, what can be done about a run that has too little memory."""
        self.remedies.offer(found)

    def show_live(self, sentence: str) -> None:
        """Show that a run is being prepared."""
        self._buttons.show_live(LIVE)
        allow(self.resume, LIVE)
        self.show_back(False)
        self.stop.setText(STOP)
        self.stop.setToolTip(keyed(STOP_HELP, STOP_KEY))
        self._show_slider(True)
        self.show_losses({})
        self.timeline.offer(())
        self.offer(())
        self.say(sentence)
        self.began.emit()

    def show_step(
        self, iteration: int, total: int, sentence: str, losses: Mapping[str, float]
    ) -> None:
        """Show how far a run is, also in words.

        `losses`, the terms of the loss, are a further point of the curve; empty for none.
        """
        # One painting for all: the bar alone would paint at once, and with it half the window.
        self.setUpdatesEnabled(False)
        self.bar.setRange(0, total)
        self.bar.setValue(iteration)
        self.say(sentence)
        for name, value in losses.items():
            self._losses.setdefault(name, {})[iteration] = value
        if losses:
            self.show_losses(self._losses)
        self.setUpdatesEnabled(True)

    def show_losses(self, losses: Mapping[str, Mapping[int, float]]) -> None:
        """Show a whole curve, every term by iteration; it is hidden where there is none."""
        self._losses = {name: dict(values) for name, values in losses.items()}
        self.plot.show_losses(self._losses)
        self.plot.mark(None)
        self.plot.setVisible(bool(self._losses))

    def show_stopping(self, sentence: str) -> None:
        """Show that Stop was heard, and what is waited for.

        Large images take a while to settle, so there is a button not to wait.
        """
        self.stop.setText("End now")
        self.stop.setToolTip(keyed(END_HELP, STOP_KEY))
        self.say(sentence)

    def show_ending(self) -> None:
        """Show that the run ends without its closing pass."""
        allow(self.stop, ENDING)
        self.say("Ending...")
