"""Names for the classes of a scribbles layer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from qtpy.QtCore import QModelIndex, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QColor, QIcon, QPalette, QPixmap
from qtpy.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.contrast import faint, hinted
from napari_selfseg.widgets.parts.panels import stacked

__all__ = ["ClassNames", "Colour", "NameDelegate", "swatch"]

Colour = tuple[float, float, float]

NUMBER, NAME, REFUSED = range(3)  # columns
VISIBLE_ROWS: Final = 6
SWATCH: Final = 14  # pixels
ROW: Final = 24  # pixels
LONGEST: Final = 60
HELP: Final = "Click a class to paint with it; click again, or double-click, to name it."
ADDING: Final = "Paint a further class."
NO_OBJECT: Final = "Not an object"
NO_OBJECT_HELP: Final = (
    "Checked, strokes of this class say what is no object; otherwise each object that is most like "
    "those under its strokes is of this class. Space checks it."
)


class ClassNames(QWidget):
    """A table of classes: colour, number and a name to fill in.

    `help` says what a click on a class does, `adding` what *Add class* does.

    Attributes
    ----------
    changed : Signal
        A name was edited.
    picked : Signal
        With the number of the class whose row was clicked.
    added : Signal
        Another class is wanted; whoever listens shows it.
    refusing : Signal
        With a class, and whether it is said to be no object.
    """

    changed = Signal()
    picked = Signal(int)
    added = Signal()
    refusing = Signal(int, bool)

    def __init__(self, help: str = HELP, adding: str = ADDING) -> None:
        super().__init__()
        self._help = help
        # PyQt's hints say that every item and header may be None.
        self.table: Any = _table(self)
        self.add = QPushButton("Add class")
        self.add.setToolTip(adding)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = stacked(self)
        layout.addWidget(self.table)
        layout.addWidget(self.add)
        self.table.itemChanged.connect(self._on_change)
        self.table.cellClicked.connect(self._on_click)
        self.add.clicked.connect(lambda _: self.added.emit())
        self.show_classes((), (), {})
        self.offer_refusing(False)

    def offer_refusing(self, there: bool) -> None:
        """Offer to say of classes that they are no objects.

        `there` says whether the method finds objects like those that strokes show.
        """
        self.table.setColumnHidden(REFUSED, not there)

    def show_classes(
        self, numbers: Sequence[int], colours: Sequence[Colour], names: Mapping[int, str]
    ) -> None:
        """Show other classes, counted from 1; names of classes that are not shown are ignored."""
        chosen = self.chosen
        with signals_blocked(self.table):
            # Rows stay, so a name that is being typed is not lost.
            self.table.setRowCount(len(numbers))
            for row, (number, colour) in enumerate(zip(numbers, colours, strict=True)):
                self._fill(row, number, colour, names.get(number, ""))
        self._fit()
        if chosen is not None:
            self.choose(chosen)

    def show_refused(self, numbers: Collection[int]) -> None:
        """Show which classes are no objects, without the signal `refusing`."""
        with signals_blocked(self.table):
            for row in range(self.table.rowCount()):
                number, item = self._number(row), self.table.item(row, REFUSED)
                state = Qt.CheckState.Checked if number in numbers else Qt.CheckState.Unchecked
                item.setCheckState(state)
                name = self.table.item(row, NAME).text().strip() or f"Class {number}"
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{name} is not an object")

    def names(self) -> dict[int, str]:
        """Return the names that were filled in, by class."""
        rows = range(self.table.rowCount())
        found = {self._number(row): self.table.item(row, NAME).text().strip() for row in rows}
        return {number: name for number, name in found.items() if name}

    @property
    def chosen(self) -> int | None:
        """The class whose row is chosen, None when there is none."""
        rows = self.table.selectionModel().selectedRows()
        return self._number(rows[0].row()) if rows else None

    def choose(self, number: int) -> None:
        """Select the row of a class, without the signal `picked`; none where it does not occur."""
        rows = range(self.table.rowCount())
        row = next((each for each in rows if self._number(each) == number), None)
        if row is None:
            self.table.clearSelection()
        elif number != self.chosen:
            self.table.selectRow(row)

    def _on_click(self, row: int, column: int) -> None:
        if column != REFUSED:
            self.picked.emit(self._number(row))

    def _on_change(self, item: Any) -> None:
        if item.column() == REFUSED:
            checked = item.checkState() == Qt.CheckState.Checked
            self.refusing.emit(self._number(item.row()), checked)
        else:
            self.changed.emit()

    def _number(self, row: int) -> int:
        return int(self.table.item(row, NUMBER).data(Qt.ItemDataRole.UserRole))

    def _fill(self, row: int, number: int, colour: Colour, name: str) -> None:
        if self.table.item(row, NUMBER) is None:
            first = QTableWidgetItem()
            first.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.table.setItem(row, NUMBER, first)
            self.table.setItem(row, NAME, QTableWidgetItem())
            self.table.setItem(row, REFUSED, _check())
        first, second = self.table.item(row, NUMBER), self.table.item(row, NAME)
        first.setText(str(number))
        first.setData(Qt.ItemDataRole.UserRole, number)
        first.setIcon(swatch(colour))
        second.setText(name)
        second.setData(Qt.ItemDataRole.UserRole, f"Class {number}")
        for each in (first, second):
            each.setToolTip(self._help)

    def _fit(self) -> None:
        """Make the table as high as its rows, up to some."""
        rows = self.table.rowCount()
        frame = 2 * self.table.frameWidth()
        self.table.setFixedHeight(min(rows, VISIBLE_ROWS) * ROW + frame)
        self.table.setVisible(rows > 0)
        for column in (NUMBER, REFUSED):
            self.table.resizeColumnToContents(column)


class NameDelegate(QStyledItemDelegate):
    """Shows what an unnamed class is called, and bounds the names."""

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem | None, index: QModelIndex
    ) -> None:
        """Show what an unnamed class is called."""
        super().initStyleOption(option, index)
        if option is not None and not option.text:
            option.text = index.data(Qt.ItemDataRole.UserRole) or ""
            for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
                option.palette.setColor(role, faint(option.palette))

    def createEditor(  # noqa: N802
        self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget | None:
        """Bound the name that is typed."""
        editor = super().createEditor(parent, option, index)
        if isinstance(editor, QLineEdit):
            editor.setMaxLength(LONGEST)
            hinted(editor, index.data(Qt.ItemDataRole.UserRole))
        return editor


def _table(parent: QWidget) -> Any:
    table: Any = QTableWidget(0, 3, parent)
    called(table, "Classes of the scribbles")
    table.horizontalHeader().hide()
    table.horizontalHeader().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(ROW)
    table.setShowGrid(False)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
    triggers = QTableWidget.EditTrigger
    table.setEditTriggers(
        triggers.DoubleClicked | triggers.SelectedClicked | triggers.EditKeyPressed
    )
    table.setTabKeyNavigation(False)
    table.setItemDelegateForColumn(NAME, NameDelegate(table))
    return table


def _check() -> QTableWidgetItem:
    made = QTableWidgetItem(NO_OBJECT)
    flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable
    made.setFlags(flags | Qt.ItemFlag.ItemIsSelectable)
    made.setCheckState(Qt.CheckState.Unchecked)
    made.setToolTip(NO_OBJECT_HELP)
    return made


def swatch(colour: Colour) -> QIcon:
    """Return a square of a colour."""
    pixmap = QPixmap(SWATCH, SWATCH)
    pixmap.fill(QColor.fromRgbF(*colour))
    icon = QIcon()
    # The same when selected; Qt would tint it.
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        icon.addPixmap(pixmap, mode)
    return icon
