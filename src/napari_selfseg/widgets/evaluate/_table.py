"""The figures as tables, the labels side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QTableWidget, QTableWidgetItem, QWidget

from napari_selfseg.widgets.evaluate._figures import TRUTH, WITHOUT, Figures, Row
from napari_selfseg.widgets.evaluate._words import WORDS
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.panels import stacked
from napari_selfseg.widgets.parts.style import sentence, title

__all__ = ["FiguresView"]

ARROWS: Final = {"higher": "\u2191", "lower": "\u2193", "": ""}
LEGEND: Final = "\u2191 higher is better, \u2193 lower is better; bold: best of a row."
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
CENTRE: Final = Qt.AlignmentFlag.AlignHCenter
PADDING: Final = 16  # pixels
# Without the bevels that the style gives to what can be pressed.
PLAIN: Final = """
QHeaderView::section, QTableCornerButton::section {
    border: none; background: transparent; padding: 0 2px;
}
"""


class FiguresView(QWidget):
    """A table for each group of figures."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = {group: _Table() for group in (TRUTH, WITHOUT)}
        for group, table in self.tables.items():
            called(table, group)
        self._titles = {group: title(group) for group in self.tables}
        self._names = sentence()
        self._legend = sentence(LEGEND)
        layout = stacked(self)
        layout.addWidget(self._names)
        for group, table in self.tables.items():
            layout.addWidget(self._titles[group])
            layout.addWidget(table)
            if group == TRUTH:
                layout.addWidget(self._legend)

    def show_figures(self, found: Figures) -> None:
        """Show other figures; a group without any is left out."""
        metrics = self.fontMetrics()
        pairs = zip(_numbered(found.names), found.names, strict=True)
        self._names.setText("\n".join(f"{head} {name}" for head, name in pairs))
        # Columns of both tables lie below each other.
        width = max(metrics.horizontalAdvance(_head(row)) for row in found.rows) + PADDING
        for group, table in self.tables.items():
            rows = [row for row in found.rows if row.group == group]
            table.fill(found.names, rows, width)
            table.setVisible(bool(rows))
            self._titles[group].setVisible(bool(rows))
        self._legend.setVisible(any(row.better for row in found.rows))


class _Table(QTableWidget):
    """As high as its rows, so that the page around it scrolls; titles stay in view sideways."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet(PLAIN)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)
        self._across, self._down = self.horizontalHeader(), self.verticalHeader()
        if self._across is not None:
            self._across.setMinimumSectionSize(1)
        if self._down is not None:
            self._down.setMinimumSectionSize(1)

    def fill(self, names: Sequence[str], rows: Sequence[Row], width: int) -> None:
        """Show other rows, with a value for each column, or one for all.

        Titles have `width` pixels.
        """
        self.clear()
        self.clearSpans()
        self.setRowCount(len(rows))
        self.setColumnCount(len(names))
        for column, (head, name) in enumerate(zip(_numbered(names), names, strict=True)):
            self.setHorizontalHeaderItem(column, _item(head, name, RIGHT))
        for k, row in enumerate(rows):
            self.setVerticalHeaderItem(k, _item(_head(row), _tooltip(row), LEFT))
            self._fill_row(k, row, len(names))
            self.setRowHeight(k, self.fontMetrics().height() + 4)
        if self._down is not None:
            self._down.setFixedWidth(width)
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """See `QWidget.resizeEvent`."""
        super().resizeEvent(event)
        self._fit()

    def _fill_row(self, k: int, row: Row, n: int) -> None:
        shared = len(row.texts) == 1 < n
        for column, text in enumerate(row.texts):
            item = _item(text, _tooltip(row), CENTRE if shared else RIGHT)
            font = item.font()
            font.setBold(column in row.best)
            item.setFont(font)
            self.setItem(k, column, item)
        if shared:
            self.setSpan(k, 0, 1, n)

    def _fit(self) -> None:
        """Share the width among the columns, and be as high as the rows."""
        n, across, down = self.columnCount(), self._across, self._down
        if not n or across is None or down is None:
            return
        viewport = self.width() - down.width() - 2 * self.frameWidth()
        for column in range(n):
            self.setColumnWidth(column, max(viewport // n, self._narrowest()))
        below = self._bar() if n * self._narrowest() > viewport else 0
        rows = down.length() + across.sizeHint().height()
        self.setFixedHeight(rows + below + 2 * self.frameWidth())

    def _narrowest(self) -> int:
        """Return the width of the widest value."""
        items = [self.item(row, 0) for row in range(self.rowCount())]
        widths = [self.fontMetrics().horizontalAdvance(item.text()) for item in items if item]
        return max([*widths, 0]) + PADDING

    def _bar(self) -> int:
        bar = self.horizontalScrollBar()
        return bar.sizeHint().height() if bar is not None else 0


def _numbered(names: Sequence[str]) -> list[str]:
    """Return the heads of the columns: names are too long for them."""
    return [f"[{k}]" for k in range(1, len(names) + 1)]


def _head(row: Row) -> str:
    return f"{WORDS[row.name].short} {ARROWS[row.better]}".rstrip()


def _tooltip(row: Row) -> str:
    # Qt breaks the lines of rich text alone.
    return f"<b>{row.title.strip()}</b><br>{WORDS[row.name].meaning}"


def _item(text: str, tooltip: str, alignment: Qt.AlignmentFlag) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(tooltip)
    item.setTextAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
    return item
