"""The table of a labels layer in a dock below the canvas."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_selfseg.widgets.views.looks.feature_table import FeatureTable

__all__ = ["TableDock"]

NAME: Final = "Measured labels"
EDGES: Final = 24  # pixels of a dock around what is in it


class TableDock:
    """One table at a time, as high as a few rows, which follows its layer.

    `picked` is called with a label whose row was clicked.
    """

    def __init__(self, viewer: Any, picked: Callable[[int], None]) -> None:
        self._viewer, self._picked = viewer, picked
        self._table: FeatureTable | None = None
        self._layer: Any = None

    def open(self, layer: Any) -> None:
        """Show the table of a layer, and select the layer."""
        self._viewer.layers.selection.active = layer
        self._follow(layer)
        table = self._table
        if table is None or table.parentWidget() is None:  # closed by its own button
            table = self._table = FeatureTable()
            table.picked.connect(self._pick)
            self._viewer.window.add_dock_widget(table, name=NAME, area="bottom")
            _fit(table)
        table.show_table(layer.features)
        if isinstance(frame := table.parentWidget(), QDockWidget):
            frame.show()

    def close(self) -> None:
        """Take it away: other labels are worked on."""
        self._follow(None)
        table, self._table = self._table, None
        # It may have been closed by hand, or with its window.
        with contextlib.suppress(RuntimeError, LookupError, AttributeError):
            if table is not None and table.parentWidget() is not None:
                self._viewer.window.remove_dock_widget(table)

    def _follow(self, layer: Any) -> None:
        if self._layer is not None:
            self._layer.events.features.disconnect(self._on_features)
            self._layer.events.selected_label.disconnect(self._on_label)
        self._layer = layer
        if layer is not None:
            layer.events.features.connect(self._on_features)
            layer.events.selected_label.connect(self._on_label)

    def _on_features(self, event: object = None) -> None:
        if self._table is not None:
            self._table.show_table(self._layer.features)

    def _on_label(self, event: object = None) -> None:
        if self._table is not None:
            self._table.mark(int(self._layer.selected_label))

    def _pick(self, number: int) -> None:
        if self._layer in self._viewer.layers:
            self._viewer.layers.selection.active = self._layer
            self._picked(number)


def _fit(table: FeatureTable) -> None:
    """Give the rows the height they ask for, and the canvas the rest."""
    frame = table.parentWidget()
    window = None if frame is None else frame.parentWidget()
    if isinstance(window, QMainWindow) and isinstance(frame, QDockWidget):
        height = table.sizeHint().height() + EDGES
        window.resizeDocks([frame], [height], Qt.Orientation.Vertical)
