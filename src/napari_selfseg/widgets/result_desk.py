"""The labels of the last run: the slider over its iterations, and the buttons of its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_selfseg.widgets.dialogs import ask_save
from napari_selfseg.widgets.measure import measured, save_table, unit_of
from napari_selfseg.widgets.origin import with_sure_path
from napari_selfseg.widgets.outcome import Outcome
from napari_selfseg.widgets.task import Begin
from napari_selfseg.widgets.tools import NAMES
from napari_selfseg.widgets.view import SegmentView

__all__ = ["ResultDesk"]

TABLE: Final = ("napari", "Features table widget")
COPIED: Final = "The script is on the clipboard."
EDITED: Final = "The labels you edited are in {name}; the slider goes on in a new layer."


class ResultDesk:
    """What can be done with the labels of a run.

    Parameters
    ----------
    viewer : napari.Viewer
        With the layers.
    view : SegmentView
        With the buttons.
    begin : callable
        Called with work for a worker thread, what to do with its answer, and its name.
    """

    def __init__(self, viewer: Any, view: SegmentView, begin: Begin) -> None:
        self.outcome: Outcome | None = None
        self._viewer = viewer
        self._view = view
        self._begin = begin
        self._connect()

    def put(self, outcome: Outcome | None) -> None:
        """Work on another run.

        Parameters
        ----------
        outcome : Outcome or None
            None lets go of the last one.
        """
        self.outcome = outcome
        result, controls = self._view.result, self._view.controls
        for each in (result.kind, result.smallest):
            each.blockSignals(True)
        result.kind.choose("classes")
        result.smallest.setValue(0)
        for each in (result.kind, result.smallest):
            each.blockSignals(False)
        controls.timeline.offer(outcome.run.iterations if outcome else ())
        if outcome is not None:
            controls.show_losses(outcome.run.losses)
        self._show()

    def forget(self, layer: Any) -> None:
        """Let go of a run whose labels or image were removed.

        Parameters
        ----------
        layer : napari.layers.Layer
            Any.
        """
        if self.outcome is not None and layer in (self.outcome.layer, self.outcome.source):
            self.put(None)

    # Labels

    def _on_view(self) -> None:
        outcome, at = self.outcome, self._view.controls.timeline.iteration
        if outcome is None or at is None:
            return
        before, edited = outcome.layer, outcome.edited
        kind, smallest = self._view.result.kind.thing, self._view.result.smallest.value()
        outcome.show(at, objects=kind == "objects", smallest=smallest)
        words = f"Iteration {at}: {outcome.count} {'labels' if kind == 'classes' else 'pieces'}."
        self._view.controls.say(EDITED.format(name=before.name) if edited else words)
        self._show()

    def _measure(self) -> None:
        outcome = self.outcome
        if outcome is None:
            return
        layer = outcome.layer
        labels = layer.data.reshape(outcome.classes.shape).copy()
        unit, names = unit_of(outcome.source), self._class_names()
        work = outcome.classes, outcome.request, unit, names

        def put(table: Mapping[str, Any]) -> None:
            layer.features = dict(table)
            self._open_table(layer)
            self._view.controls.say(f"{len(layer.features)} rows, in the table below.")
            self._show()

        self._begin(lambda: measured(labels, *work), put, "Measuring")

    def _class_names(self) -> dict[int, str]:
        scribbles = self._view.setup.scribbles.thing
        return {} if scribbles is None else dict(scribbles.metadata.get(NAMES, {}))

    def _open_table(self, layer: Any) -> None:
        """Open napari's table of features, which shows the selected layer."""
        self._viewer.layers.selection.active = layer
        dock, _ = self._viewer.window.add_plugin_dock_widget(*TABLE)
        window = dock.parent()
        if window is not None:
            window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)

    def _save_table(self) -> None:
        if self.outcome is None:
            return
        layer = self.outcome.layer
        path = ask_save(self._view, "Save table", f"{layer.name}.csv", "CSV (*.csv)")
        if path:
            table = layer.features.copy()
            self._begin(lambda: save_table(table, path), self._saved(path), "Saving the table")

    def _save_labels(self) -> None:
        outcome = self.outcome
        if outcome is None:
            return
        path = ask_save(self._view, "Save labels", f"{outcome.layer.name}.tif", "TIFF (*.tif)")
        if not path:
            return
        labels = outcome.layer.data.reshape(outcome.classes.shape).copy()
        record = {**outcome.record, "edited": True} if outcome.edited else outcome.record
        unit, spacing = unit_of(outcome.source), outcome.request.spacing

        def work() -> None:
            from napari_selfseg.io import write_labels

            write_labels(path, labels, spacing=spacing, unit=unit, record=record)

        self._begin(work, self._saved(path), "Saving the labels")

    def _saved(self, path: str) -> Callable[[Any], None]:
        return lambda _: self._view.controls.say(f"Saved: {path}")

    def _copy(self) -> None:
        if self.outcome is None:
            return
        record = self.outcome.record

        def work() -> str:
            from napari_selfseg.script import as_script

            return as_script(with_sure_path(record))

        def put(text: str) -> None:
            if clipboard := QApplication.clipboard():
                clipboard.setText(text)
            self._view.controls.say(COPIED)

        self._begin(work, put, "Writing the script")

    def _show(self) -> None:
        outcome = self.outcome
        measured = outcome is not None and len(outcome.layer.features.columns) > 0
        self._view.result.show_labels(outcome is not None, measured)

    def _connect(self) -> None:
        result = self._view.result
        self._view.controls.timeline.moved.connect(lambda _: self._on_view())
        result.kind.chosen.connect(self._on_view)
        result.smallest.valueChanged.connect(lambda _: self._on_view())
        result.measure.clicked.connect(self._measure)
        result.save_table.clicked.connect(self._save_table)
        result.save_labels.clicked.connect(self._save_labels)
        result.copy.clicked.connect(self._copy)
