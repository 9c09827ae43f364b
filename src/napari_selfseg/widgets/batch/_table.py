"""The images of a batch, line by line, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QModelIndex, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from napari_selfseg.widgets.batch._words import detail, shortened_path, state
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.contrast import faint, legible

if TYPE_CHECKING:
    from napari_selfseg.scale import Entry

__all__ = ["EntryTable"]

# Where the colour of a line is told to who paints it.
STATE: Final = Qt.ItemDataRole.UserRole
RED: Final = "#f2777a"


class _Colours(QStyledItemDelegate):
    """What failed is red, what is left is pale, in whatever theme."""

    def initStyleOption(  # noqa: N802
        self, option: QStyleOptionViewItem | None, index: QModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if option is not None and (state := index.data(STATE)) in ("failed", "left"):
            palette = option.palette
            colour = legible(RED, palette) if state == "failed" else faint(palette)
            palette.setColor(QPalette.ColorRole.Text, colour)


class EntryTable(QTreeWidget):
    """A line an image; a double click on one that is done opens it."""

    chosen = Signal()
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] = ()
        self._shown: list[tuple[str, str]] = []
        called(self, "What became of each image")
        self.setColumnCount(2)
        self.setHeaderLabels(["Image", "State"])
        self.setRootIsDecorated(False)
        self.setItemDelegate(_Colours(self))
        self.setUniformRowHeights(True)
        self.setStyleSheet("QTreeWidget::item { padding: 2px 0; }")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        if header := self.header():
            header.setStretchLastSection(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemSelectionChanged.connect(self.chosen)
        self.itemDoubleClicked.connect(lambda item, _: self.opened.emit(self._number(item)))

    @property
    def entry(self) -> Entry | None:
        """The line that is selected; None when none is."""
        items = self.selectedItems()
        return self._entries[self._number(items[0])] if items else None

    @property
    def number(self) -> int:
        """Its place; -1 when none is selected."""
        items = self.selectedItems()
        return self._number(items[0]) if items else -1

    def show_entries(self, entries: Sequence[Entry], running: int, how_far: str) -> None:
        """Show what became of each image; only lines that changed are written.

        `running` is the index of the image worked on, -1 for none, and `how_far` its progress.
        """
        if [each.image for each in entries] != [each.image for each in self._entries]:
            self._fill(entries)
        for k, each in enumerate(entries):
            self._write(k, each, state(each, how_far if k == running else ""))
        changed = tuple(entries) != self._entries
        self._entries = tuple(entries)
        if changed:
            self.chosen.emit()

    def choose(self, image: str) -> None:
        """Select an image, by the name in its entry, if it is there."""
        for k, each in enumerate(self._entries):
            if each.image == image:
                self.setCurrentItem(self.topLevelItem(k))

    def choose_failed(self) -> None:
        """Select the first image that failed, where nothing is selected."""
        failed = (k for k, each in enumerate(self._entries) if each.state == "failed")
        if self.entry is None and (first := next(failed, None)) is not None:
            self.setCurrentItem(self.topLevelItem(first))

    def _fill(self, entries: Sequence[Entry]) -> None:
        self.clear()
        names = [shortened_path(each.image) for each in entries]
        self._shown = [("", "")] * len(names)
        self._entries = ()
        self.addTopLevelItems([QTreeWidgetItem([name, ""]) for name in names])

    def _write(self, k: int, entry: Entry, text: str) -> None:
        item = self.topLevelItem(k)
        if item is None or self._shown[k] == (entry.state, text):
            return
        self._shown[k] = (entry.state, text)
        item.setText(1, text)
        at_hand = entry.state == "left" and text != state(entry)
        for column in (0, 1):
            item.setData(column, STATE, "" if at_hand else entry.state)
            item.setToolTip(column, detail(entry))
        if at_hand:
            self.scrollToItem(item)

    def _number(self, item: QTreeWidgetItem) -> int:
        return self.indexOfTopLevelItem(item)
