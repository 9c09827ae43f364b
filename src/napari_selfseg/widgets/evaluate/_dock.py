"""The Evaluate dock: labels against the truth, side by side, and where they disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtWidgets import QApplication

from napari_selfseg.widgets.canvas.layer_watcher import LayerWatcher
from napari_selfseg.widgets.evaluate._actions import DisagreementActions
from napari_selfseg.widgets.evaluate._comparison import NO_LABELS, resolve
from napari_selfseg.widgets.evaluate._figures import Figures, figures
from napari_selfseg.widgets.evaluate._saving import save_lines
from napari_selfseg.widgets.evaluate._view import EvaluateView
from napari_selfseg.widgets.parts.dialogs import ask_save
from napari_selfseg.widgets.work.dock.work_dock import DockBase

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["EvaluateDock"]

NOTHING: Final = "Open or make two labels layers first: one to evaluate, and one with the truth."
NO_TRUTH: Final = "Without truth there are only figures that are not accuracy: check one, if any."
READY: Final = "Ready."
WORKING: Final = "Comparing..."
COPIED: Final = "The table is on the clipboard."


class EvaluateDock(DockBase):
    """Compare labels layers with truth layers, and show where they disagree."""

    view: EvaluateView
    remembered_as = "evaluate"

    def __init__(self, napari_viewer: Viewer) -> None:
        view = EvaluateView()
        super().__init__(napari_viewer, view, view.show_error)
        self._found: Figures | None = None
        self._live = False
        self._hint = ""
        self._desk = DisagreementActions(napari_viewer, self.view, self._tasks.begin)
        self._connect_widgets()
        self._memory.recall()
        self._watch = LayerWatcher(napari_viewer, self._offer_layers, self._desk.forget)
        self._open_from_now()

    @property
    def live(self) -> bool:
        """Whether figures are being computed."""
        return self._live

    @property
    def found(self) -> Figures | None:
        """The figures shown; None before there are any."""
        return self._found

    def start(self) -> None:
        """Compute the figures of what is checked."""
        if self.live:
            return
        view = self.view
        try:
            comparison = resolve(
                view.labels.things,
                view.truths.things,
                view.image.thing,
                view.ignore.text(),
                view.background.text(),
            )
        except ValueError as error:
            view.show_error(str(error))
            return
        view.show_live(WORKING)
        self._live = True
        self._tasks.begin(lambda: figures(comparison), self._show, "The comparison", self._refused)
        self._desk.follow(again=True)

    # Opened and closed

    def _end(self) -> None:
        super()._end()
        self._desk.close()
        if self.live:
            self._finish("")

    # What is filled in

    def _offer_layers(self) -> None:
        labels = self._watch.labels()
        self.view.labels.offer(labels)
        self.view.truths.offer(labels)
        self.view.image.offer([("none", None), *self._watch.images()])

    def _on_checked(self) -> None:
        view = self.view
        view.one.offer([(each.name, each) for each in view.labels.things])
        view.other.offer([(each.name, each) for each in view.truths.things])
        view.show_comparable(bool(view.labels.things and view.truths.things))
        hint = self._missing()
        # What was done is not said over by every layer that comes and goes.
        if hint != self._hint and not self.live:
            self._hint = hint
            view.say(hint)

    def _missing(self) -> str:
        if not self.view.labels.things:
            return NO_LABELS if self.view.labels.count() > 1 else NOTHING
        return READY if self.view.truths.things else NO_TRUTH

    def _finish(self, words: str) -> None:
        self._live = False
        self.view.show_ready(words)
        self.ended.emit()

    # The table

    def _show(self, found: Figures) -> None:
        self._finish("")
        self._found = found
        self.view.figures.show_figures(found)
        self.view.show_table()
        self.view.say(found.note)

    def _refused(self, sentence: str) -> None:
        self._finish("")
        self.view.show_error(sentence)

    def _copy(self) -> None:
        if self._found is not None and (clipboard := QApplication.clipboard()):
            clipboard.setText("\n".join("\t".join(each) for each in self._found.lines()))
            self.view.say(COPIED)

    def _save(self) -> None:
        if self._found is None:
            return
        lines = self._found.lines()
        path = ask_save(self.view, "Save table", "evaluation.csv", "CSV (*.csv)")
        if path:
            said = f"Saved: {path}"
            self._tasks.begin(
                lambda: save_lines(lines, path), lambda _: self.view.say(said), "Saving"
            )

    def _connect_widgets(self) -> None:
        view = self.view
        for each in (view.labels, view.truths):
            each.chosen.connect(self._on_checked)
        view.run.clicked.connect(self.start)
        view.copy.clicked.connect(self._copy)
        view.save.clicked.connect(self._save)
