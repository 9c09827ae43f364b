"""The buttons of the Result page, and the run and the fit they work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtWidgets import QApplication

from napari_selfseg.widgets.apply import Application, add_applied
from napari_selfseg.widgets.dialogs import ask_open, ask_save
from napari_selfseg.widgets.layers import describe_image
from napari_selfseg.widgets.measure import measured, save_table, unit_of
from napari_selfseg.widgets.outcome import Outcome
from napari_selfseg.widgets.tools import NAMES
from napari_selfseg.widgets.view import SegmentView

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit

__all__ = ["ResultDesk"]

Begin = Callable[[Callable[[], Any], Callable[[Any], None], str], None]

FIT_FILES: Final = "Fits (*.safetensors)"
TABLE: Final = ("napari", "Features table widget")
COPIED: Final = "The script is on the clipboard."
EDITED: Final = "The labels you edited are in {name}; the slider goes on in a new layer."


class ResultDesk:
    """What can be done after a run.

    Parameters
    ----------
    viewer : napari.Viewer
        With the layers.
    view : SegmentView
        With the buttons.
    begin : callable
        Called with work for a worker thread, what to do with its answer, and its name.
    threads : callable
        Returns the CPU threads to use.
    """

    def __init__(
        self, viewer: Any, view: SegmentView, begin: Begin, threads: Callable[[], int]
    ) -> None:
        self.outcome: Outcome | None = None
        self._loaded: Fit | None = None
        self._viewer = viewer
        self._view = view
        self._begin = begin
        self._threads = threads
        self._connect()

    @property
    def fit(self) -> Fit | None:
        """What was learned: by the last run, or read from a file."""
        if self.outcome is None:
            return self._loaded
        try:
            return self.outcome.run.fit
        except ValueError:  # the run was ended without its closing pass
            return None

    def put(self, outcome: Outcome | None) -> None:
        """Work on another run.

        Parameters
        ----------
        outcome : Outcome or None
            None lets go of the last one.
        """
        self.outcome = outcome
        if outcome is not None:
            self._loaded = None
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
        n = len(set(outcome.classes[outcome.classes > 0].ravel().tolist()))
        words = f"Iteration {at}: {n} labels." if kind == "classes" else f"Iteration {at}: objects."
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
            self._view.controls.say(f"{len(layer.features)} rows, in the table at the side.")
            self._show()

        self._begin(lambda: measured(labels, *work), put, "Measuring")

    def _class_names(self) -> dict[int, str]:
        scribbles = self._view.setup.scribbles.thing
        return {} if scribbles is None else dict(scribbles.metadata.get(NAMES, {}))

    def _open_table(self, layer: Any) -> None:
        """Open napari's table of features, which shows the selected layer."""
        self._viewer.layers.selection.active = layer
        self._viewer.window.add_plugin_dock_widget(*TABLE)

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
            from napari_selfseg.script import as_script, checked_source

            return as_script(checked_source(record))

        def put(text: str) -> None:
            if clipboard := QApplication.clipboard():
                clipboard.setText(text)
            self._view.controls.say(COPIED)

        self._begin(work, put, "Writing the script")

    # What was learned

    def _save_fit(self) -> None:
        fit = self.fit
        if fit is None:
            return
        path = ask_save(self._view, "Save fit", "fit.safetensors", FIT_FILES)
        if path:

            def work() -> None:
                from napari_selfseg.io import save_fit

                save_fit(fit, path)

            self._begin(work, self._saved(path), "Saving the fit")

    def _load_fit(self) -> None:
        path = ask_open(self._view, "Load fit", FIT_FILES)
        if not path:
            return

        def work() -> Fit:
            from napari_selfseg.io import load_fit

            return load_fit(path)

        def put(fit: Fit) -> None:
            self.put(None)
            self._loaded = fit
            self._view.controls.say(f"Loaded: {path}")
            self._show()

        self._begin(work, put, "Loading the fit")

    def _apply(self) -> None:
        fit, source = self.fit, self._view.result.target.thing
        if fit is None or source is None:
            return
        channels = self._view.setup.channels.things if source == self._source() else ()
        done = Application(
            fit,
            describe_image(source, self._viewer.dims, channels),
            self._view.setup.device.thing,
            self._threads(),
            fit.method.default_superpixels(),
        )

        def put(found: tuple[Any, dict[str, Any]]) -> None:
            add_applied(self._viewer, source, done, *found)
            self._view.controls.say(f"Labelled {source.name} with the classes of the fit.")

        self._view.controls.say(f"Labelling {source.name}...")
        self._begin(done, put, "Labelling")

    def _source(self) -> Any:
        return self._view.setup.image.thing

    def _show(self) -> None:
        outcome, fit = self.outcome, self.fit
        measured = outcome is not None and len(outcome.layer.features.columns) > 0
        self._view.result.show_labels(outcome is not None, measured)
        words = ""
        if fit is not None:
            channels = "1 channel" if fit.in_channels == 1 else f"{fit.in_channels} channels"
            words = f"{fit.method.title}, {channels}, {fit.ndim}-D: {len(fit.classes)} classes."
        self._view.result.show_fit(words, savable=fit is not None)
        self._view.controls.resume.setEnabled(fit is not None)

    def _connect(self) -> None:
        result = self._view.result
        self._view.controls.timeline.moved.connect(lambda _: self._on_view())
        result.kind.chosen.connect(self._on_view)
        result.smallest.valueChanged.connect(lambda _: self._on_view())
        result.measure.clicked.connect(self._measure)
        result.save_table.clicked.connect(self._save_table)
        result.save_labels.clicked.connect(self._save_labels)
        result.copy.clicked.connect(self._copy)
        result.save_fit.clicked.connect(self._save_fit)
        result.load_fit.clicked.connect(self._load_fit)
        result.apply.clicked.connect(self._apply)
