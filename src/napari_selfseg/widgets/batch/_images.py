"""The list of images to do: files, and layers that are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem

from napari_selfseg.widgets.batch._words import shortened_path
from napari_selfseg.widgets.parts.style import shortened

__all__ = ["ImageList"]

LINES: Final = 6
HELP: Final = "What is going to be segmented. Remove takes the selected ones off the list."


class ImageList(QListWidget):
    """Files by name and layers, each once.

    Attributes
    ----------
    changed : Signal
        When something was added or taken off.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._things: list[Any] = []
        self.setToolTip(HELP)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setFixedHeight(LINES * (self.fontMetrics().height() + 4) + 6)

    @property
    def things(self) -> tuple[Any, ...]:
        """Files as str and layers, in their order."""
        return tuple(self._things)

    def add_files(self, paths: Sequence[str]) -> None:
        """Add files that are not in the list yet."""
        for each in paths:
            self._enter(each)
        self.changed.emit()

    def add_layers(self, layers: Sequence[Any]) -> None:
        """Add layers that are not in the list yet."""
        for each in layers:
            self._enter(each)
        self.changed.emit()

    def remove_selected(self) -> None:
        """Take the selected ones off, or all where none is selected."""
        rows = sorted({self.row(each) for each in self.selectedItems()}, reverse=True)
        for row in rows or range(self.count() - 1, -1, -1):
            self._remove(row)
        self.changed.emit()

    def replace_files(self, old: Sequence[str], new: Sequence[str]) -> None:
        """Put files in the place of others, if these are there."""
        rest = [each for each in self._things if each not in old]
        before = next((k for k, each in enumerate(self._things) if each in old), len(rest))
        things = [*rest[:before], *new, *rest[before:]]
        self._things = []
        self.clear()
        for each in things:
            self._enter(each)
        self.changed.emit()

    def forget(self, layer: Any) -> None:
        """Remove a layer from the list."""
        if layer in self._things:
            self._remove(self._things.index(layer))
            self.changed.emit()

    def _enter(self, thing: Any) -> None:
        if thing in self._things:
            return
        file = isinstance(thing, str)
        item = QListWidgetItem(shortened_path(thing) if file else f"Layer: {thing.name}")
        item.setToolTip(thing if file else thing.name)
        self._things.append(thing)
        self.addItem(item)
        shortened(self)

    def _remove(self, row: int) -> None:
        del self._things[row]
        self.takeItem(row)
