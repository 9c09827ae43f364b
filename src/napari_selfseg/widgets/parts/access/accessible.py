"""Names that a screen reader says, and the order in which Tab goes through a dock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QLabel,
    QLayout,
    QScrollArea,
    QTabWidget,
    QWidget,
)

from napari_selfseg.widgets.parts.style import CONTROLS, controls_of

__all__ = ["called", "in_reading_order", "labelled", "spoken"]

# What is text for the eye alone.
SIGNS: Final = ("", "...")


def labelled(label: QLabel, widget: QWidget) -> None:
    """Tie a label to a control, or the first one in a container: it names it for a screen reader.

    Buttons have a text of their own.
    """
    found = [widget] if isinstance(widget, CONTROLS) else controls_of(widget)
    if not found or (isinstance(found[0], QAbstractButton) and found[0].text() not in SIGNS):
        return
    called(found[0], found[0].accessibleName() or label.text())
    # With a buddy, Qt takes one & for the letter of a shortcut.
    label.setText(label.text().replace("&", "&&"))
    label.setBuddy(found[0])


def called(control: QWidget, name: str) -> None:
    """Name a control, in a word or two, for a screen reader; its tooltip tells what it is for."""
    control.setAccessibleName(name)


def spoken(control: QWidget) -> str:
    """Return what a screen reader calls a control; empty where it has no name."""
    if named := control.accessibleName():
        return named
    text = control.text() if isinstance(control, QAbstractButton) else ""
    return "" if text in SIGNS else text


def in_reading_order(view: QWidget) -> None:
    """Let Tab go through a view as it is read; call it again when controls are added."""
    for before, after in pairwise(_in_layout(view)):
        QWidget.setTabOrder(before, after)


def _in_layout(widget: QWidget) -> Iterator[QWidget]:
    """Yield what Tab stops at, in the order of the layouts."""
    if isinstance(widget, QTabWidget):
        # It gives the focus on to its bar.
        yield from (each for each in (widget.tabBar(),) if each is not None)
        for number in range(widget.count()):
            yield from _below(widget.widget(number))
        return
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        yield from _below(widget.widget())
    # What is inside a control is its own business.
    elif not isinstance(widget, CONTROLS) and (layout := widget.layout()) is not None:
        yield from _of_layout(layout)


def _below(widget: QWidget | None) -> Iterator[QWidget]:
    if widget is not None:
        yield from _in_layout(widget)


def _of_layout(layout: QLayout) -> Iterator[QWidget]:
    for number in range(layout.count()):
        if (item := layout.itemAt(number)) is None:
            continue
        yield from _below(item.widget())
        if (inner := item.layout()) is not None:
            yield from _of_layout(inner)
