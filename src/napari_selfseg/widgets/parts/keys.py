"""Keys of a dock, told in the tooltips of what they press."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMainWindow, QSlider, QWidget

__all__ = ["EARLIER", "KEYS", "LATER", "RUN", "STOP", "Keys", "Presses", "keyed", "stepped"]

RUN: Final = "Ctrl+Return"
STOP: Final = "Ctrl+."
EARLIER, LATER = "Ctrl+PgUp", "Ctrl+PgDown"
TWIN: Final = "Ctrl+Enter"  # beside the numbers
KEYS: Final = (RUN, STOP, EARLIER, LATER)

# Name of the shortcuts in the canvas.
OURS: Final = "napari-selfseg"

Presses = Mapping[str, Callable[[], object]]


def keyed(help: str, *keys: str) -> str:
    """Say in a tooltip which keys do the same.

    Parameters
    ----------
    help : str
        The tooltip.
    *keys : str
        Such as `RUN`.
    """
    native = QKeySequence.SequenceFormat.NativeText
    return f"{help} ({', '.join(QKeySequence(each).toString(native) for each in keys)})"


def stepped(slider: QSlider, steps: int) -> None:
    """Move a slider that is in view, and can be moved.

    Parameters
    ----------
    slider : QSlider
        Any.
    steps : int
        To the right, or to the left where it is negative.
    """
    if slider.isVisible() and slider.isEnabled():
        slider.setValue(slider.value() + steps * slider.singleStep())


class Keys:
    """What keys do while the focus is in a dock, and in the canvas for a dock that asks for it.

    Parameters
    ----------
    dock : QWidget
        With all below it.
    presses : mapping of str to callable
        What each key does.
    """

    def __init__(self, dock: QWidget, presses: Presses) -> None:
        self._presses = presses
        self._canvas: list[QShortcut] = []
        self._dock = _shortcuts(dock, presses)

    def reach(self, window: QWidget | None) -> None:
        """Work in the canvas as well, until `leave`.

        Parameters
        ----------
        window : QWidget or None
            Whose canvas, if it has one. Where a dock of the kind has it already, that one keeps it.
        """
        centre = window.centralWidget() if isinstance(window, QMainWindow) else None
        if centre is None or self._canvas:
            return
        taken = {each.key().toString() for each in centre.findChildren(QShortcut, OURS)}
        if not taken & set(self._presses):
            self._canvas = _shortcuts(centre, self._presses)

    def leave(self) -> None:
        """Leave the canvas."""
        for each in self._canvas:
            # Qt deletes it later; until then it would hold what it presses.
            each.activated.disconnect()
            each.setParent(None)
            each.deleteLater()
        self._canvas = []


def _shortcuts(widget: QWidget, presses: Presses) -> list[QShortcut]:
    made = []
    for key, press in presses.items():
        for each in (key, *((TWIN,) if key == RUN else ())):
            shortcut = QShortcut(QKeySequence(each), widget)
            # Never of the whole window: two docks with the same keys would undo each other.
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setObjectName(OURS)
            shortcut.activated.connect(press)
            made.append(shortcut)
    return made
