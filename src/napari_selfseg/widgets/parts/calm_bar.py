"""A bar that says how far something is, and takes little to say that nobody knows."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QProgressBar, QStyle, QStyleOptionProgressBar, QStylePainter

__all__ = ["CalmBar"]

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
