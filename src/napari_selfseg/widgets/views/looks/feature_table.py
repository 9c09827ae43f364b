"""A table of what is measured: a row a label, sorted by a click on a title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from qtpy.QtCore import (  # type: ignore[attr-defined]
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from qtpy.QtGui import QGuiApplication, QKeySequence, QPainter
from qtpy.QtWidgets import QAbstractItemView, QTableView

from napari_selfseg.widgets.model.measure import INDEX, LABEL
from napari_selfseg.widgets.parts.access.accessible import called

__all__ = ["FeatureTable"]

ROWS: Final = 8  # that are seen without scrolling
LEAST: Final = 2
WIDTH: Final = 400
EMPTY: Final = "Nothing of these labels is measured: Measure does it after a run."
HELP: Final = "Click a row to see its label on the image, a title to sort. Ctrl+C copies rows."
LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
Only = QItemSelectionModel.SelectionFlag
# Under which the model gives values to sort by.
VALUE: Final = Qt.ItemDataRole.UserRole


class Columns(QAbstractTableModel):
    """A table of pandas as Qt asks for it: nothing is copied, whatever its length."""

    def __init__(self) -> None:
        super().__init__()
        self.table: Any = None

    def put(self, table: Any) -> None:
        """Show another table, which is not written on."""
        self.beginResetModel()
        self.table = table
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008
        """See `QAbstractTableModel.rowCount`."""
        return 0 if self.table is None or parent.isValid() else len(self.table)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008
        """See `QAbstractTableModel.columnCount`."""
        return 0 if self.table is None or parent.isValid() else len(self.table.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See `QAbstractTableModel.data`."""
        value = self.table.iat[index.row(), index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return written(value)
        if role == VALUE:
            return value.item() if isinstance(value, np.generic) else value
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if isinstance(value, str) else RIGHT
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """See `QAbstractTableModel.headerData`."""
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return titled(self.table.columns[section])


class FeatureTable(QTableView):
    """A table of labels.

    Attributes
    ----------
    picked : Signal
        With the row of the table that was clicked, wherever it is shown.
    """

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._columns, self._sorted = Columns(), QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._columns)
        self._sorted.setSortRole(VALUE)
        self.setModel(self._sorted)
        self.setToolTip(HELP)
        called(self, "Measured labels")
        self._look()
        self.clicked.connect(self._on_click)

    def show_table(self, table: Any) -> None:
        """Show another table; a sentence in its place where it has no columns."""
        self._columns.put(table)
        self.resizeColumnsToContents()
        self.update()

    def mark(self, values: Mapping[str, int]) -> None:
        """Select the row with these values in its columns, without a signal; none without one."""
        table = self._columns.table
        there = table is not None and set(values) <= set(table.columns)
        found = [table[name] == value for name, value in values.items()] if there else []
        rows: Any = np.flatnonzero(np.logical_and.reduce(found)) if found else ()
        if not len(rows):
            self.clearSelection()
            return
        place = self._sorted.mapFromSource(self._columns.index(int(rows[0]), 0))
        if place.row() not in {each.row() for each in self.selectedIndexes()}:
            chosen: Any = self.selectionModel()
            # `selectRow` would add to what is selected while Ctrl is held.
            chosen.select(place, Only.ClearAndSelect | Only.Rows)
            self.scrollTo(place)

    def sizeHint(self) -> QSize:  # noqa: N802
        """See `QWidget.sizeHint`."""
        return QSize(WIDTH, self._height(ROWS))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """See `QWidget.minimumSizeHint`."""
        return QSize(WIDTH // 2, self._height(LEAST))

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """Copy the rows that are selected, as spreadsheets read them."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """See `QWidget.paintEvent`."""
        super().paintEvent(event)
        if not self._columns.columnCount():
            page: Any = self.viewport()
            QPainter(page).drawText(page.rect(), Qt.AlignmentFlag.AlignCenter, EMPTY)

    def _on_click(self, place: QModelIndex) -> None:
        if INDEX in self._columns.table:
            self.picked.emit(self._sorted.mapToSource(place).row())

    def _copy(self) -> None:
        rows = sorted({each.row() for each in self.selectedIndexes()})
        source = [self._sorted.mapToSource(self._sorted.index(row, 0)).row() for row in rows]
        if source and (clipboard := QGuiApplication.clipboard()) is not None:
            copied = self._columns.table.iloc[source].rename(columns=titled)
            clipboard.setText(copied.to_csv(sep="\t", index=False))

    def _look(self) -> None:
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)  # as it comes
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        numbers: Any = self.verticalHeader()
        numbers.hide()
        numbers.setMinimumSectionSize(1)
        numbers.setDefaultSectionSize(self.fontMetrics().height() + 1)

    def _height(self, rows: int) -> int:
        self.ensurePolished()  # napari's theme has fonts and frames of its own
        head: Any = self.horizontalHeader()
        bar: Any = self.horizontalScrollBar()
        line: int = self.verticalHeader().defaultSectionSize()  # type: ignore[union-attr]
        around = head.sizeHint().height() + bar.sizeHint().height() + 2 * self.frameWidth()
        return int(rows * line + around)


def titled(column: Any) -> str:
    """Return the title of a column: napari's own name of the number of a label says nothing."""
    return LABEL if column == INDEX else str(column)


def written(value: Any) -> str:
    """Return a value as a table shows it; nothing where it is not known."""
    if not isinstance(value, float | np.floating):
        return str(value)
    number = float(value)
    if np.isnan(number):
        return ""
    # Four digits, but no power of ten where that is harder to read.
    return f"{number:.0f}" if 1e4 <= abs(number) < 1e7 else f"{number:.4g}"
