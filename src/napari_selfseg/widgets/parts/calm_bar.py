"""A bar that says how far something is, the buttons that begin and end it, and views with these."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QProgressBar,
    QPushButton,
    QStyle,
    QStyleOptionProgressBar,
    QStylePainter,
)

from napari_selfseg.widgets.parts.status import StatusWidget
from napari_selfseg.widgets.parts.style import LOADING, allow

__all__ = ["CalmBar", "RunButtons", "RunView"]

BEAT_MS: Final = 500
BEATS: Final = 8


class CalmBar(QProgressBar):
    """A progress bar that moves twice a second while its maximum is 0.

    Qt's own moves sixty times a second, and each painting of it is one of the whole window where
    there is a canvas: without a graphics card that takes half a core from the run.
    """

    def __init__(self) -> None:
        super().__init__()
        self._beat = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._move)

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.showEvent`."""
        super().showEvent(event)
        self._timer.start(BEAT_MS)

    def hideEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.hideEvent`."""
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.paintEvent`."""
        if self.maximum():
            super().paintEvent(event)
            return
        option = QStyleOptionProgressBar()
        self.initStyleOption(option)
        option.minimum, option.maximum, option.progress = 0, BEATS, 1 + self._beat % BEATS
        option.textVisible = False
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_ProgressBar, option)

    def _move(self) -> None:
        if not self.maximum():
            self._beat += 1
            self.update()


class RunButtons:
    """The buttons and the bar of the work of a dock; the view lays them out.

    Parameters
    ----------
    stop : QPushButton, optional
        Ends it.
    idle : str
        Why nothing can be stopped while nothing is at work.

    Attributes
    ----------
    bar : CalmBar
        How far it is; hidden until there is something to show.
    """

    def __init__(self, run: QPushButton, stop: QPushButton | None = None, idle: str = "") -> None:
        self.bar = CalmBar()
        self._run, self._stop, self._idle = run, stop, idle
        run.setStyleSheet("font-weight: bold;")
        self.bar.setRange(0, 0)
        self.show_ready(LOADING)

    def show_live(self, reason: str) -> None:
        """Show that work goes on and how far it is is not known.

        `reason` is why no other can begin.
        """
        allow(self._run, reason)
        if self._stop is not None:
            allow(self._stop)
        self.bar.setRange(0, 0)
        self.bar.show()

    def show_ready(self, reason: str = "") -> None:
        """Show that nothing goes on; a bar that got somewhere stays.

        `reason` is why nothing can begin; empty where something can.
        """
        allow(self._run, reason)
        if self._stop is not None:
            allow(self._stop, self._idle)
        if not self.bar.maximum():
            self.bar.hide()


class RunView(StatusWidget):
    """A view whose buttons begin and end work, with a sentence on how that goes.

    `live` is why no other work can begin; what is said otherwise.
    """

    live: ClassVar[str] = ""
    _buttons: RunButtons

    def show_live(self, text: str) -> None:
        """Show that work goes on, and which."""
        self._buttons.show_live(self.live or text)
        self.say(text)

    def show_ready(self, text: str, missing: str = "") -> None:
        """Show that nothing goes on; and what is missing, if anything, for work to begin."""
        self._buttons.show_ready(missing)
        self.say(text)
