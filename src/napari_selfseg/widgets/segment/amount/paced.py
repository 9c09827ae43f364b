"""Painting as often as the main thread bears it, however often that is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from qtpy.QtCore import QObject, QTimer

__all__ = ["SHARE", "Paced"]

FRAME_MS: Final = 20
# Following the slider may take this share of the main thread, painting included.
SHARE: Final = 0.5


class Paced:
    """One painting for all that a slider went through since the last.

    Parameters
    ----------
    paint : callable
        Shows what is chosen.
    """

    def __init__(self, parent: QObject, paint: Callable[[], None]) -> None:
        self._timer, self._painted = QTimer(parent), QTimer(parent)
        self.began = 0.0
        for timer, then in ((self._timer, paint), (self._painted, self._pace)):
            timer.setSingleShot(True)
            timer.timeout.connect(then)

    def ask(self) -> None:
        """Paint soon."""
        if not self._timer.isActive():
            self._timer.start()

    def begin(self) -> None:
        """Note that a painting begins."""
        self.began = time.perf_counter()

    def end(self) -> None:
        """Note that all is done but for the canvas, which is drawn next."""
        # Its turn comes when the canvas was drawn, which may take longer than all else.
        self._painted.start(0)

    def stop(self) -> None:
        """Paint no more."""
        self._timer.stop()
        self._painted.stop()

    def _pace(self) -> None:
        rest = (time.perf_counter() - self.began) * (1 - SHARE) / SHARE
        self._timer.setInterval(max(FRAME_MS, round(1000 * rest)))
