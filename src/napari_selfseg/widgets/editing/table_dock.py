"""The table of a labels layer in a dock below the canvas."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow

from napari_selfseg.widgets.canvas.looks.described import of_labels, turn_dims
from napari_selfseg.widgets.canvas.plane_rows import rows_of
from napari_selfseg.widgets.model.measure import INDEX
from napari_selfseg.widgets.views.looks.feature_table import FeatureTable

__all__ = ["TableDock"]

NAME: Final = "Measured labels"
EDGES: Final = 24  # pixels of a dock around what is in it


class TableDock:
    """One table at a time, as high as a few rows: of the labels that are worked on or selected.

    `picked` is called with a label whose row was clicked, once its plane is in view.
    """

    def __init__(self, viewer: Any, picked: Callable[[int], None]) -> None:
        self._viewer, self._picked = viewer, picked
        self._table: FeatureTable | None = None
        self._layer: Any = None
        self._turning = False

    def open(self, layer: Any) -> None:
        """Show the table of a layer, and select the layer."""
        self._viewer.layers.selection.active = layer
        table = self._table
        if table is None or table.parentWidget() is None:  # closed by its own button
            self._let_go()
            table = self._table = FeatureTable()
            table.picked.connect(self._pick)
            self._viewer.window.add_dock_widget(table, name=NAME, area="bottom")
            _fit(table)
            self._viewer.layers.selection.events.active.connect(self._on_active)
            self._viewer.dims.events.current_step.connect(self._on_label)
        self._follow(layer)
        self.show(there=True)

    def show(self, *, there: bool) -> None:
        """Show it, or hide it while another image is worked on."""
        with contextlib.suppress(RuntimeError):  # closed with its window
            frame = None if self._table is None else self._table.parentWidget()
            if isinstance(frame, QDockWidget):
                frame.setVisible(there)

    def close(self) -> None:
        """Take it away: other labels are worked on."""
        self._follow(None)
        self._let_go()
        table, self._table = self._table, None
        # It may have been closed by hand, or with its window.
        with contextlib.suppress(RuntimeError, LookupError, AttributeError):
            if table is not None and table.parentWidget() is not None:
                self._viewer.window.remove_dock_widget(table)

    def _let_go(self) -> None:
        if self._table is not None:
            self._viewer.layers.selection.events.active.disconnect(self._on_active)
            self._viewer.dims.events.current_step.disconnect(self._on_label)

    def _follow(self, layer: Any) -> None:
        if self._layer is not None:
            self._layer.events.features.disconnect(self._on_features)
            self._layer.events.selected_label.disconnect(self._on_label)
        self._layer = layer
        if layer is not None:
            layer.events.features.connect(self._on_features)
            layer.events.selected_label.connect(self._on_label)
            self._on_features()

    def _on_active(self, event: object = None) -> None:
        """Turn to other labels that are selected; an image that is selected has none."""
        layer = self._viewer.layers.selection.active
        if layer != self._layer and of_labels(layer):
            self._follow(layer)

    def _on_features(self, event: object = None) -> None:
        if self._table is not None:
            rows = rows_of(self._layer)
            self._table.show_table(self._layer.features if rows is None else rows.table)
            self._on_label()

    def _on_label(self, event: object = None) -> None:
        if self._table is not None and self._layer is not None and not self._turning:
            rows = rows_of(self._layer)
            place = {} if rows is None else rows.called(self._layer, self._viewer.dims)
            self._table.mark({INDEX: int(self._layer.selected_label), **place})

    def _pick(self, row: int) -> None:
        layer = self._layer
        if layer not in self._viewer.layers:
            return
        self._viewer.layers.selection.active = layer
        rows = rows_of(layer)
        number = int((layer.features if rows is None else rows.table)[INDEX].iat[row])
        # Until both are turned there may be a row of one with the other.
        self._turning = True
        try:
            if rows is not None:
                turn_dims(self._viewer, layer, rows.pixel(row))
            self._picked(number)
        finally:
            self._turning = False
        self._on_label()


def _fit(table: FeatureTable) -> None:
    """Give the rows the height they ask for, and the canvas the rest."""
    frame = table.parentWidget()
    window = None if frame is None else frame.parentWidget()
    if isinstance(window, QMainWindow) and isinstance(frame, QDockWidget):
        height = table.sizeHint().height() + EDGES
        window.resizeDocks([frame], [height], Qt.Orientation.Vertical)
