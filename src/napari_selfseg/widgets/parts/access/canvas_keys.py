"""Keys of a dock that are heard while the canvas has the focus."""

from __future__ import annotations

import weakref
from functools import partial
from typing import Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QApplication, QMainWindow, QWidget

from napari_selfseg.widgets.parts.access.keys import Presses, shortcuts

__all__ = ["CanvasKeys", "Claim"]


class CanvasKeys(QObject):
    """Shortcuts on the canvas of a window, for one dock at a time: the one that was used last.

    It belongs to the window, and knows docks only from when they are shown until they are closed:
    so nothing of a closed window stays.
    """

    def __init__(self, middle: QWidget) -> None:
        super().__init__(middle)
        self._claims: list[tuple[QWidget, Presses]] = []
        self._shortcuts: list[QShortcut] = []

    def put_first(self, dock: QWidget, presses: Presses) -> None:
        """Let a dock have the keys, from now on."""
        if not self._claims or self._claims[-1][0] is not dock:
            self._claims = [*self._others(dock), (dock, presses)]
            self._bind()

    def leave_out(self, dock: QWidget) -> None:
        """Let the dock before a closed one have the keys, if there is one."""
        self._claims = self._others(dock)
        self._bind()
        if not self._claims:  # nothing of ours stays in the window
            self.setParent(None)
            self.deleteLater()

    def _others(self, dock: QWidget) -> list[tuple[QWidget, Presses]]:
        return [each for each in self._claims if each[0] is not dock]

    def _bind(self) -> None:
        for each in self._shortcuts:
            each.activated.disconnect()  # which lets go of the dock at once
            each.setParent(None)
            each.deleteLater()
        middle: Any = self.parent()
        # What Qt connects is let go of later than the dock: it knows these keys weakly.
        pressed = partial(_press, weakref.ref(self))
        keys = self._claims[-1][1] if self._claims else {}
        self._shortcuts = shortcuts(middle, {key: partial(pressed, key) for key in keys})

    def press(self, key: str) -> None:
        """Do what a key does in the dock that was used last."""
        self._claims[-1][1][key]()


class Claim(QObject):
    """Claims the keys of the canvas for a dock, whenever it is shown or used."""

    def __init__(self, dock: QWidget, presses: Presses) -> None:
        super().__init__(dock)
        self._dock, self._presses = dock, presses
        self._keys: CanvasKeys | None = None
        dock.installEventFilter(self)
        app: Any = QApplication.instance()
        app.focusChanged.connect(self._on_focus)

    def give_up(self) -> None:
        """Let go of the window; the dock is closed."""
        if self._keys is not None:
            self._keys.leave_out(self._dock)
            self._keys = None

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """See `QObject.eventFilter`."""
        if event is not None and event.type() == QEvent.Type.Show and watched is self._dock:
            self._claim()
        return False

    def _on_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self._keys is not None and self._dock.isAncestorOf(now):
            self._claim()

    def _claim(self) -> None:
        middle = _middle_of(self._dock)
        if middle is not None:
            # The window is asked, and nothing else knows of its keys.
            found: Any = middle.findChild(CanvasKeys)  # or None, whatever its hint says
            self._keys = CanvasKeys(middle) if found is None else found
            self._keys.put_first(self._dock, self._presses)


def _press(keys: weakref.ref[CanvasKeys], key: str) -> None:
    known = keys()
    if known is not None:
        known.press(key)


def _middle_of(dock: QWidget) -> QWidget | None:
    """Return what a window has between its docks; None outside of one."""
    above = dock.parentWidget()
    while above is not None:
        if isinstance(above, QMainWindow):
            return above.centralWidget()
        above = above.parentWidget()
    return None
