"""Whether a page of a dock can be seen, and whether a dialog lies over the window."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QTabWidget, QWidget

from napari_selfseg.widgets.work.dock_lifecycle import main_window

__all__ = ["Presence"]


class Presence(QObject):
    """Follows one page of a dock: another page, a hidden dock and a dock that lies over it hide it.

    Attributes
    ----------
    turned : Signal
        The page came into view, or went.
    covered : Signal
        With whether a dialog lies over the window, such as one that asks where to save layers.
        That it is gone is told only when what it was asked for is done.
    """

    turned = Signal()
    covered = Signal(bool)

    def __init__(self, pages: QTabWidget, title: str) -> None:
        super().__init__(pages)
        self._pages, self._title = pages, title
        self._hidden = False  # a dock that was not shown yet is not hidden
        self._window: QWidget | None = None
        pages.installEventFilter(self)
        pages.currentChanged.connect(lambda _: self.turned.emit())

    @property
    def there(self) -> bool:
        """Whether the page is in front, in a dock that is not hidden."""
        pages = self._pages
        return not self._hidden and pages.tabText(pages.currentIndex()) == self._title

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """See `QObject.eventFilter`."""
        if event is not None and watched is self._pages:
            self._follow_dock(event)
        elif event is not None and watched is self._window:
            self._follow_window(event)
        return False

    def _follow_dock(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.Show:
            self._follow_new_window()
            self._turn(hidden=False)
        # A window that is minimised is hidden by the system.
        elif event.type() == QEvent.Type.Hide and not event.spontaneous():
            self._turn(hidden=True)

    def _follow_new_window(self) -> None:
        window = main_window(self._pages)
        if window is not self._window and window is not None:
            self._window = window
            window.installEventFilter(self)

    def _turn(self, *, hidden: bool) -> None:
        if hidden != self._hidden:
            self._hidden = hidden
            self.turned.emit()

    def _follow_window(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.WindowBlocked:
            self.covered.emit(True)
        elif event.type() == QEvent.Type.WindowUnblocked:
            # The answer of the dialog is used before this has its turn.
            QTimer.singleShot(0, lambda: self.covered.emit(False))
