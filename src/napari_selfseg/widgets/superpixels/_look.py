"""Small pieces of a dock's look."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

__all__ = ["line", "scrolled", "sentence", "title"]

TITLE: Final = "font-weight: bold; padding-top: 6px;"


def title(text: str) -> QLabel:
    """Return the title of a section."""
    label = QLabel(text)
    label.setStyleSheet(TITLE)
    return label


def sentence() -> QLabel:
    """Return an empty place for sentences, which can be selected and copied."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def line() -> QFrame:
    """Return a horizontal line."""
    made = QFrame()
    made.setFrameShape(QFrame.Shape.HLine)
    return made


def scrolled(page: QWidget) -> QScrollArea:
    """Return a page that scrolls up and down where it is too high."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
