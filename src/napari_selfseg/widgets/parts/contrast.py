"""Colours of text that can be read on whatever the theme puts behind it (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QWidget

__all__ = ["ENOUGH", "contrast", "faint", "hinted", "legible"]

ENOUGH: Final = 4.5
STEPS: Final = 50
FAINT: Final = 0.7


def contrast(first: QColor, second: QColor) -> float:
    """Return the contrast ratio of two opaque colours: from 1 to 21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def legible(colour: str, palette: QPalette) -> QColor:
    """Bring a colour as near to that of the text as it takes to be read on the background."""
    wanted, ground = QColor(colour), palette.window().color()
    mixed = (_mixed(wanted, palette.windowText().color(), k / STEPS) for k in range(STEPS))
    found = (each for each in mixed if contrast(each, ground) >= ENOUGH)
    return next(found, palette.windowText().color())


def faint(palette: QPalette) -> QColor:
    """Return the colour of secondary text, which can be read all the same."""
    mixed = _mixed(palette.window().color(), palette.windowText().color(), FAINT)
    return legible(mixed.name(), palette)


def _mixed(first: QColor, second: QColor, share: float) -> QColor:
    pairs = zip(first.getRgbF()[:3], second.getRgbF()[:3], strict=True)
    return QColor.fromRgbF(*((1 - share) * a + share * b for a, b in pairs))


def _luminance(colour: QColor) -> float:
    """Return the relative luminance of a colour in sRGB."""
    red, green, blue = (_linear(each) for each in colour.getRgbF()[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def hinted(widget: Any, text: str) -> None:
    """Show a placeholder, where nothing is filled in or chosen, in a colour that can be read."""
    widget.setPlaceholderText(text)
    widget.installEventFilter(_Hint(widget))


class _Hint(QObject):
    """Keeps a hint readable: Qt's own colour is the text's, half transparent."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._write()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """See `QObject.eventFilter`."""
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._write()
        return False

    def _write(self) -> None:
        palette = self._widget.palette()
        wanted, role = faint(palette), QPalette.ColorRole.PlaceholderText
        # Setting it changes the palette again.
        if palette.color(role) != wanted:
            palette.setColor(role, wanted)
            self._widget.setPalette(palette)
