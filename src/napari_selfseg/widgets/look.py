"""Small pieces of a dock's look."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QWidget

__all__ = ["ERROR", "WIDTH", "button", "line", "links", "scrolled", "sentence", "title"]

WIDTH: Final = 340
TITLE: Final = "font-weight: bold; padding-top: 6px;"
ERROR: Final = "color: #f2777a;"  # readable on napari's dark and on its light background
LINK: Final = '<a href="{url}" style="color: #4aa3ff;">{text}</a>'


def title(text: str) -> QLabel:
    """Return the title of a section."""
    label = QLabel(text)
    label.setStyleSheet(TITLE)
    return label


def sentence(text: str = "") -> QLabel:
    """Return a place for sentences, which can be selected and copied."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def links(named: dict[str, str]) -> str:
    """Return links to pages on the web.

    Parameters
    ----------
    named : dict of str to str
        Address by text.

    Returns
    -------
    str
        For a label that opens them.
    """
    return " &nbsp; ".join(LINK.format(text=text, url=url) for text, url in named.items())


def button(text: str, tooltip: str) -> QPushButton:
    """Return a button that says what it does."""
    made = QPushButton(text)
    made.setToolTip(tooltip)
    return made


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
