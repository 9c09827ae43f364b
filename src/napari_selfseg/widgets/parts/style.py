"""Small pieces of a dock's look."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QSizePolicy,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from napari_selfseg.widgets.parts.contrast import legible
from napari_selfseg.widgets.parts.elided import Sentence

__all__ = [
    "BLUE",
    "CONTROLS",
    "ERROR",
    "LOADING",
    "WIDTH",
    "afresh",
    "allow",
    "allow_all",
    "button",
    "controls_of",
    "dock_layout",
    "line",
    "links",
    "narrowed",
    "scrolled",
    "sentence",
    "shortened",
    "title",
    "why_not",
]

WIDTH: Final = 340
TITLE: Final = "font-weight: bold; padding-top: 6px;"
# White on dark red has a contrast of 7 : 1 whatever lies around it; no red has it on both themes.
ERROR: Final = "color: white; background: #9c2f33; padding: 3px; border-radius: 2px;"
FEWEST_LETTERS: Final = 8
LOADING: Final = "The methods are being loaded: wait a moment."
# Properties of a widget: its own tooltip, and why it cannot be used.
HELP, WHY = "help", "why not"
CONTROLS: Final = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)
LINK: Final = '<a href="{url}" style="color: {colour};">{text}</a>'
AFRESH: Final = (
    "Put back what a new dock shows. What is filled in is remembered otherwise, also when napari "
    "is closed."
)
BLUE: Final = "#4aa3ff"


def title(text: str) -> QLabel:
    """Return the title of a section."""
    label = QLabel(text)
    label.setStyleSheet(TITLE)
    return label


def sentence(text: str = "") -> Sentence:
    """Return a place for sentences, which can be selected and copied."""
    return Sentence(text)


def links(named: dict[str, str], palette: QPalette) -> str:
    """Return links to pages, text and address, for a label that opens them."""
    colour = legible(BLUE, palette).name()
    made = (LINK.format(text=text, url=url, colour=colour) for text, url in named.items())
    return " &nbsp; ".join(made)


def button(text: str, tooltip: str) -> QPushButton:
    """Return a button that says what it does."""
    made = QPushButton(text)
    made.setToolTip(tooltip)
    return made


def afresh() -> QPushButton:
    """Return the button that lets a dock forget what was filled in."""
    return button("Start afresh", AFRESH)


def narrowed(box: QComboBox, letters: int = FEWEST_LETTERS) -> None:
    """Let a long entry widen the list that opens, and not the dock.

    The box asks for room for so many `letters`.
    """
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(letters)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


def shortened(items: QListWidget) -> None:
    """Shorten long entries of a list in their middle; all of one is its tooltip."""
    items.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    items.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    for each in (items.item(row) for row in range(items.count())):
        if each is not None:
            # An entry is as wide as the list then, and not as its text.
            each.setSizeHint(QSize(1, items.fontMetrics().height() + 4))
            each.setToolTip(each.toolTip() or each.text())


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
    # Tab goes from control to control, and the page scrolls to where it is.
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def allow(control: QWidget, reason: str = "") -> None:
    """Enable a control, or disable it and say why in its tooltip.

    `reason` is why it cannot be used now, and what to do about it; empty where it can.
    """
    if not why_not(control):
        control.setProperty(HELP, control.toolTip())
    help: str = control.property(HELP) or ""
    control.setProperty(WHY, reason)
    control.setEnabled(not reason)
    control.setToolTip(_told(reason, help) if reason else help)


def allow_all(container: QWidget, reason: str = "") -> None:
    """Enable or disable all controls in a container, none of which has reasons of its own."""
    for each in controls_of(container):
        allow(each, reason)


def why_not(control: QWidget) -> str:
    """Return why a control cannot be used, as `allow` was told; empty where it can."""
    return control.property(WHY) or ""


def controls_of(container: QWidget) -> list[QWidget]:
    """Return what can be pressed, chosen or filled in below a container.

    The parts of a control, such as the line of a combo box or the arrows of tabs, are not controls.
    """
    found = [each for each in container.findChildren(QWidget) if isinstance(each, CONTROLS)]
    return [each for each in found if not isinstance(each, QScrollBar) and not _within_one(each)]


def _within_one(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None and not parent.isWindow():
        if isinstance(parent, (*CONTROLS, QTabBar)):
            return True
        parent = parent.parentWidget()
    return parent is not None and isinstance(parent.parentWidget(), CONTROLS)


def _told(reason: str, help: str) -> str:
    return f"<p>{reason}</p>{help}" if help.startswith("<") else f"{reason}\n\n{help}".strip()


def dock_layout(dock: QWidget, pages: QWidget) -> QVBoxLayout:
    """Lay out a dock: its pages, which take what room there is, and a line below them.

    The layout returned is for what comes below the line.
    """
    dock.setMinimumWidth(WIDTH)
    # Otherwise napari fills half the dock with nothing.
    dock.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
    layout = QVBoxLayout(dock)
    layout.setContentsMargins(8, 4, 8, 8)
    layout.addWidget(pages, stretch=1)
    layout.addWidget(line())
    return layout
