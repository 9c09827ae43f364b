"""When a dock is opened and closed: napari does not tell."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget

__all__ = ["Life", "main_window"]


class Life(QObject):
    """Calls two functions in turn when a dock is opened and closed; the first at once.

    `dock` is the widget inside napari's dock.
    """

    def __init__(
        self, dock: QWidget, begin: Callable[[], object], end: Callable[[], object]
    ) -> None:
        super().__init__(dock)
        self._dock = dock
        self._begin, self._end = begin, end
        self._open = False
        # Events may still come while the dock is being deleted, so it is not asked again.
        self._window: QObject | None = None
        dock.installEventFilter(self)
        self._turn(True)

    @property
    def open(self) -> bool:
        """Whether the dock is open."""
        return self._open

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """See `QObject.eventFilter`."""
        if event is not None:
            if event.type() == QEvent.Type.DeferredDelete:
                self._follow_deletion(watched)
            elif watched is self._dock:
                self._follow_dock(event)
            elif watched is self._window:
                self._follow_window(event)
        return False

    def _follow_deletion(self, watched: QObject | None) -> None:
        # What it lies in takes the dock along, and tells it nothing; an earlier frame does not.
        over = isinstance(watched, QWidget) and watched.isAncestorOf(self._dock)
        if over or watched is self._dock:
            self._turn(False)

    def _follow_dock(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ParentChange:
            # The close button of napari only takes the parent away.
            self._turn(self._dock.parent() is not None)
        elif event.type() == QEvent.Type.Show:
            self._follow_frames()
            self._turn(True)

    def _follow_frames(self) -> None:
        self._window, frame = main_window(self._dock), self._dock.parentWidget()
        while frame is not None:
            # One that is there already only comes first, and is called once.
            frame.installEventFilter(self)
            frame = frame.parentWidget()

    def _follow_window(self, event: QEvent) -> None:
        # A window that is closed tells no dock; a minimised one is hidden by the system.
        if event.type() == QEvent.Type.Hide and not event.spontaneous():
            self._turn(False)

    def _turn(self, opened: bool) -> None:
        if opened != self._open:
            self._open = opened
            (self._begin if opened else self._end)()


def main_window(dock: QWidget) -> QWidget | None:
    """Find the window a dock belongs to.

    A floating dock is a window of its own, which Qt hides with that of napari.
    """
    window = dock.window()
    parent = None if window is None else window.parentWidget()
    return window if parent is None else parent.window()
