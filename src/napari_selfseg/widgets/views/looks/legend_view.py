"""A legend of the labels in view: colour, name, how many, share and size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QIcon, QKeySequence, QShortcut  # type: ignore[attr-defined]
from qtpy.QtWidgets import QCheckBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget
from superqt.utils import signals_blocked

from napari_selfseg.widgets.model.looks.legend import Legend, Row
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.panels import stacked
from napari_selfseg.widgets.parts.style import sentence
from napari_selfseg.widgets.views.class_names import Colour, NameDelegate, swatch

__all__ = ["COLOURS", "COLOURS_HELP", "LegendView"]

NAME, COUNT, SHARE, AREA = range(4)  # columns
TITLES: Final = ("Label", "Number", "Share", "Size")
VISIBLE_ROWS: Final = 7
ROW: Final = 22  # pixels
HELP: Final = "Click a line to see where it is; click it again to hide the mark."
NAMING: Final = "Double-click its name to give another one."
COLOURS: Final = "Colours of classes"
COLOURS_HELP: Final = "Show every object in the colour of its class, those without one in grey."


class LegendView(QWidget):
    """Lines that are clicked, and names that are filled in where labels are classes.

    Attributes
    ----------
    picked : Signal
        With the label whose line was clicked.
    sought : Signal
        With a label that somebody chose elsewhere, to be shown.
    named : Signal
        With a class and its new name.
    seen : Signal
        It came into view.
    hidden : Signal
        It is in view no longer.
    """

    picked = Signal(int)
    sought = Signal(int)
    named = Signal(int, str)
    seen = Signal()
    hidden = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.head = sentence()
        # PyQt's hints say that every item and header may be None.
        self.table: Any = _table(self)
        self.rest = sentence()
        self.by_class = QCheckBox(COLOURS)
        self.by_class.setToolTip(COLOURS_HELP)
        called(self.by_class, COLOURS)
        layout = stacked(self)
        for each in (self.head, self.table, self.rest, self.by_class):
            layout.addWidget(each)
        enter = QShortcut(QKeySequence("Return"), self.table)
        enter.setContext(Qt.ShortcutContext.WidgetShortcut)
        enter.activated.connect(lambda: self._pick(self.table.currentRow()))
        self.table.cellClicked.connect(lambda row, _: self._pick(row))
        self.table.itemChanged.connect(self._on_change)
        self.show_legend(Legend(""), (), editable=False)

    def show_legend(
        self, found: Legend, colours: Sequence[Colour | None], *, editable: bool
    ) -> None:
        """Show another legend.

        A line without a colour is one of many colours. `editable` says whether names can be given.
        """
        self.head.setText(found.head)
        self.head.setVisible(bool(found.head))
        self.rest.setText(found.rest)
        self.rest.setVisible(bool(found.rest))
        with signals_blocked(self.table):
            # Lines stay, so that a name that is being typed is not lost.
            self.table.setRowCount(len(found.rows))
            for row, (line, colour) in enumerate(zip(found.rows, colours, strict=True)):
                self._fill(row, line, colour, found.grouped, editable=editable)
        self.table.setColumnHidden(COUNT, not found.grouped)
        self.by_class.setVisible(found.grouped)
        self._fit()

    def let_go(self) -> None:
        """Show no line as chosen."""
        self.table.clearSelection()

    def showEvent(self, event: Any) -> None:  # noqa: N802
        """Tell that it is in view."""
        super().showEvent(event)
        self.seen.emit()

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        """Tell that it is not."""
        super().hideEvent(event)
        self.hidden.emit()

    def _pick(self, row: int) -> None:
        if row >= 0:
            self.picked.emit(int(self.table.item(row, COUNT).data(Qt.ItemDataRole.UserRole)))

    def _on_change(self, item: Any) -> None:
        if item.column() == NAME:
            number = self.table.item(item.row(), SHARE).data(Qt.ItemDataRole.UserRole)
            self.named.emit(int(number), item.text().strip())

    def _fill(
        self, row: int, line: Row, colour: Colour | None, grouped: bool, *, editable: bool
    ) -> None:
        for column in range(len(TITLES)):
            if self.table.item(row, column) is None:
                self.table.setItem(row, column, _item(column))
        name, count, share, area = (self.table.item(row, each) for each in range(len(TITLES)))
        name.setText(line.name)
        hint = f"Class {line.number}" if editable or grouped else str(line.number)
        name.setData(Qt.ItemDataRole.UserRole, hint)
        name.setIcon(QIcon() if colour is None else swatch(colour))
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        name.setFlags(flags | Qt.ItemFlag.ItemIsEditable if editable else flags)
        count.setText(f"{line.many:,}".replace(",", "\u00a0"))
        count.setData(Qt.ItemDataRole.UserRole, line.first)
        share.setText(_percent(line.share))
        share.setData(Qt.ItemDataRole.UserRole, line.number)
        area.setText(line.area)
        for each in (name, count, share, area):
            each.setToolTip(f"{HELP} {NAMING}" if editable else HELP)

    def _fit(self) -> None:
        """Make the table as high as its lines, up to some."""
        rows = self.table.rowCount()
        header = self.table.horizontalHeader().sizeHint().height()
        frame = 2 * self.table.frameWidth()
        self.table.setFixedHeight(header + min(rows, VISIBLE_ROWS) * ROW + frame)
        self.table.setVisible(rows > 0)


def _item(column: int) -> QTableWidgetItem:
    made = QTableWidgetItem()
    made.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    if column != NAME:
        made.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made


def _percent(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"


def _table(parent: QWidget) -> Any:
    table: Any = QTableWidget(0, len(TITLES), parent)
    called(table, "Legend")
    table.setHorizontalHeaderLabels(TITLES)
    table.horizontalHeaderItem(NAME).setTextAlignment(Qt.AlignmentFlag.AlignLeft)
    modes = QHeaderView.ResizeMode
    header = table.horizontalHeader()
    header.setSectionResizeMode(modes.ResizeToContents)
    header.setSectionResizeMode(NAME, modes.Stretch)
    header.setSectionsClickable(False)
    header.setHighlightSections(False)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(modes.Fixed)
    table.verticalHeader().setDefaultSectionSize(ROW)
    table.setShowGrid(False)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
    triggers = QTableWidget.EditTrigger
    table.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
    table.setTabKeyNavigation(False)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setItemDelegateForColumn(NAME, NameDelegate(table))
    return table
