"""Keys of a dock, told in the tooltips of what they press."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QSlider, QWidget

__all__ = [
    "EARLIER",
    "KEYS",
    "LATER",
    "OUTLINED",
    "RUN",
    "STOP",
    "Keys",
    "Presses",
    "keyed",
    "shortcuts",
    "stepped",
]

RUN: Final = "Ctrl+Return"
STOP: Final = "Ctrl+."
EARLIER, LATER = "Ctrl+PgUp", "Ctrl+PgDown"
OUTLINED: Final = "Ctrl+L"
TWIN: Final = "Ctrl+Enter"  # beside the numbers
KEYS: Final = (RUN, STOP, EARLIER, LATER, OUTLINED)

Presses = Mapping[str, Callable[[], object]]


def keyed(help: str, *keys: str) -> str:
    """Add to a tooltip which keys do the same."""
    native = QKeySequence.SequenceFormat.NativeText
    return f"{help} ({', '.join(QKeySequence(each).toString(native) for each in keys)})"


def stepped(slider: QSlider, steps: int) -> None:
    """Move a slider that is in view and enabled; negative steps go to the left."""
    if slider.isVisible() and slider.isEnabled():
        slider.setValue(slider.value() + steps * slider.singleStep())


class Keys:
    """What keys do while the focus is in a dock."""

    def __init__(self, dock: QWidget, presses: Presses) -> None:
        self._shortcuts = shortcuts(dock, presses)


def shortcuts(widget: QWidget, presses: Presses) -> list[QShortcut]:
    """Make shortcuts that are heard while the focus is in a widget."""
    made = []
    for key, press in presses.items():
        for each in (key, *((TWIN,) if key == RUN else ())):
            shortcut = QShortcut(QKeySequence(each), widget)
            # Never of the whole window: two docks with the same keys would undo each other.
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(press)
            made.append(shortcut)
    return made
