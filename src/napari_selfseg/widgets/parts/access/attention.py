"""Whether somebody is at work in a part of a dock, so that nothing moves under their hand."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtGui import QCursor, QGuiApplication
from qtpy.QtWidgets import QWidget

__all__ = ["Attention"]

DEEDS: Final = (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress, QEvent.Type.Wheel)


class Attention(QObject):
    """Notes whether anybody presses, types or scrolls in a widget from some moment on.

    Attributes
    ----------
    acted : bool
        Whether somebody has, since `begin`.
    """

    def __init__(self, place: QWidget) -> None:
        super().__init__(place)
        self._place = place
        self._watched: list[QWidget] = []
        self._pointer: QPoint | None = None
        self.acted = False

    @property
    def at_hand(self) -> bool:
        """Whether a mouse button is down, or the pointer was moved to the place since `begin`."""
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return True
        moved = self._pointer is not None and QCursor.pos() != self._pointer
        return moved and self._place.underMouse()

    def begin(self) -> None:
        """Look from now on."""
        self.end()
        self.acted, self._pointer = False, QCursor.pos()
        # What is pressed is heard by the widget under the pointer alone.
        self._watched = [self._place, *self._place.findChildren(QWidget)]
        for each in self._watched:
            each.installEventFilter(self)

    def end(self) -> None:
        """Look no longer; what was seen stays known."""
        for each in self._watched:
            each.removeEventFilter(self)
        self._watched = []

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """See `QObject.eventFilter`."""
        if event is not None and event.type() in DEEDS:
            self.acted = True
        return False
