"""Run, Stop, and how it goes in words: the same under every dock."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from napari_selfseg.widgets.panels import beside, stacked

__all__ = ["Controls"]

STOP: Final = "Stop"
STOP_HELP: Final = "End the run and keep what was found."
ERROR: Final = "color: #f2777a;"  # readable on napari's dark and on its light background


class Controls(QWidget):
    """The buttons, the bar and the sentences of a run."""

    def __init__(self) -> None:
        super().__init__()
        self.run = QPushButton("Run")
        self.run.setStyleSheet("font-weight: bold;")
        self.stop = QPushButton(STOP)
        self.bar = QProgressBar()
        self.bar.setFormat("%v / %m")
        self.status = _sentence()
        self.error = _sentence()
        self.error.setStyleSheet(ERROR)
        layout = stacked(self)
        layout.addLayout(beside(self.run, self.stop))
        for each in (self.bar, self.status, self.error):
            layout.addWidget(each)
        self._begin()

    def _begin(self) -> None:
        self.run.setEnabled(False)
        self.stop.setEnabled(False)
        self.bar.hide()
        self.error.hide()
        self._say("Loading methods...")

    def show_ready(self, sentence: str) -> None:
        """Show that a run can be started.

        Parameters
        ----------
        sentence : str
            What is missing, or how the last run ended.
        """
        self.run.setEnabled(True)
        self.stop.setEnabled(False)
        self.stop.setText(STOP)
        self.error.hide()
        self._say(sentence)

    def show_live(self, sentence: str) -> None:
        """Show that a run is being prepared.

        Parameters
        ----------
        sentence : str
            What it does.
        """
        self.run.setEnabled(False)
        self.stop.setEnabled(True)
        self.stop.setText(STOP)
        self.stop.setToolTip(STOP_HELP)
        self.error.hide()
        self.bar.setRange(0, 0)
        self.bar.show()
        self._say(sentence)

    def show_progress(self, iteration: int, total: int, sentence: str) -> None:
        """Show where a run is.

        Parameters
        ----------
        iteration, total : int
            Made, and to be made at most.
        sentence : str
            The same in words.
        """
        self.bar.setRange(0, total)
        self.bar.setValue(iteration)
        self._say(sentence)

    def show_stopping(self) -> None:
        """Show that Stop was heard; large images take a while to settle, so offer not to wait."""
        self.stop.setText("End now")
        self.stop.setToolTip("Keep the labels as they are, without the closing pass.")
        self._say("Stopping: a closing pass settles the labels...")

    def show_ending(self) -> None:
        """Show that the run ends without its closing pass."""
        self.stop.setEnabled(False)
        self._say("Ending...")

    def show_error(self, sentence: str) -> None:
        """Show what went wrong, in place of the status.

        Parameters
        ----------
        sentence : str
            What, and what to do.
        """
        self.error.setText(sentence)
        self.error.show()
        self._say("")
        if not self.bar.maximum():
            self.bar.hide()

    def _say(self, sentence: str) -> None:
        self.status.setText(sentence)
        self.status.setVisible(bool(sentence))


def _sentence() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
