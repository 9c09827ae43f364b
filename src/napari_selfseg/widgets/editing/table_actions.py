"""The table of a result: measured, measured again after corrections, and saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.columns import write_table
from napari_selfseg.widgets.canvas.drawing_layers import NAMES
from napari_selfseg.widgets.canvas.layers import METADATA, part_sizes
from napari_selfseg.widgets.canvas.looks.described import own_names
from napari_selfseg.widgets.canvas.plane_rows import rows_of
from napari_selfseg.widgets.editing.table_dock import TableDock
from napari_selfseg.widgets.model.measure import measured, save_table, unit_of
from napari_selfseg.widgets.parts.dialogs import ask_save
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.task import Begin

__all__ = ["TableActions"]

MEASURED: Final = "{count} row{s}, in the table below. Save table... writes them."
CHANGED: Final = "Other labels are shown than were measured: press Measure again."


class TableActions:
    """Measures labels of a run, and keeps the table.

    Parameters
    ----------
    labels : callable
        Returns the labels layers there are.

    Attributes
    ----------
    given : callable
        Returns the class of each object that a person gave one, and the names of classes.
    """

    def __init__(
        self,
        viewer: Any,
        view: SegmentView,
        begin: Begin,
        labels: Callable[[], list[tuple[str, Any]]],
    ) -> None:
        self.given: Callable[[], tuple[dict[int, int], dict[int, str]]] = lambda: ({}, {})
        self._view, self._begin, self._labels = view, begin, labels
        self._dock = TableDock(viewer, view.result.legend.sought.emit)

    def open(self, layer: Any) -> None:
        """Show the table of a layer."""
        self._dock.open(layer)

    def turn(self, *, there: bool) -> None:
        """Show the table only while the image of the labels is chosen."""
        self._dock.show(there=there)

    def close(self) -> None:
        """Show no table any more: other labels are worked on."""
        self._dock.close()

    def measure(
        self,
        outcome: Outcome,
        current: Callable[[], Outcome | None],
        done: Callable[[], None],
        *,
        opened: bool,
    ) -> None:
        """Measure labels in a worker thread.

        Parameters
        ----------
        current : callable
            Returns what is worked on by then.
        done : callable
            Called when there is a table.
        opened : bool
            Whether to open the table and speak of it.
        """
        layer, version = outcome.layer, outcome.version
        try:
            labels = outcome.labels()
        except ValueError as error:
            self._view.controls.say(str(error))
            return
        sizes = part_sizes(layer, outcome.request.index), unit_of(layer)
        classes, names = self._classes(outcome, labels)
        work = classes, outcome.request, *sizes, names

        def put(table: Mapping[str, Any]) -> None:
            if (outcome, version) != (current(), outcome.version):
                if opened:
                    self._view.controls.say(CHANGED)
                return
            write_table(layer, table)
            if opened:
                self._dock.open(layer)
                count = len(layer.features)
                self._view.controls.say(MEASURED.format(count=count, s="s" * (count != 1)))
            done()

        self._begin(lambda: measured(labels, *work), put, "Measuring")

    def save(self, layer: Any) -> None:
        """Ask for a file, and write the table of a layer."""
        source = layer.metadata.get(METADATA, {}).get("source") or {}
        image = str(source.get("path") or "")
        path = ask_save(self._view, "Save table", f"{layer.name}.csv", "CSV (*.csv)", image)
        if path:
            rows = rows_of(layer)
            table = (layer.features if rows is None else rows.table).copy()
            said = f"Saved: {path}"
            self._begin(
                lambda: save_table(table, path),
                lambda _: self._view.controls.say(said),
                "Saving the table",
            )

    def _classes(
        self, outcome: Outcome, labels: NDArray[Any]
    ) -> tuple[NDArray[Any] | None, dict[int, str]]:
        """Return the class of each pixel, None where nothing has one, and the names of classes."""
        if not outcome.objects:
            return outcome.classes(labels), self._class_names(outcome)
        given, names = self.given()
        if not given:
            return None, {}
        table = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
        for number, one in given.items():
            table[number] = one
        return table[labels], names

    def class_names(self, outcome: Outcome | None) -> dict[int, str]:
        """Return the names of classes, where the labels shown are classes that were scribbled."""
        if outcome is None or outcome.objects or "objects" in outcome.record:
            return {}
        return self._class_names(outcome)

    def _class_names(self, outcome: Outcome) -> dict[int, str]:
        """Return names of the classes shown: from scribbles, and from the legend above them."""
        drawn = outcome.request.scribbles
        layers = [] if drawn is None else [e for _, e in self._labels() if e.data is drawn.data]
        if outcome.bound:
            layers = [self._view.setup.scribbles.thing, *layers]
        # Somebody may have chosen no layer since.
        named = layers[0].metadata.get(NAMES, {}) if layers and layers[0] is not None else {}
        given = {number: name for number, name in named.items() if number in outcome.drawn}
        return {**given, **own_names(outcome.layer)}
