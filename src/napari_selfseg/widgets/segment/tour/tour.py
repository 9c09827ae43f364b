"""The tour of the Segment dock: napari's own callouts, offered once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

from qtpy.QtWidgets import QWidget

from napari_selfseg.samples import histology
from napari_selfseg.widgets.model.kept import remembered
from napari_selfseg.widgets.parts.style import allow
from napari_selfseg.widgets.segment.tour.steps import Step, steps
from napari_selfseg.widgets.views.view import SegmentView

__all__ = ["Tour", "callouts"]

KEPT_AS: Final = "tour"
TOO_OLD: Final = "The tour needs napari 0.9 or newer."


class Tour:
    """Offers the tour once, and shows it; the viewer gets a sample where there is no image."""

    def __init__(
        self, viewer: Any, dock: QWidget, view: SegmentView, run: Callable[[], object]
    ) -> None:
        self._viewer, self._dock, self._view, self._run = viewer, dock, view, run
        self._shown: Any = None
        self._ran = False
        view.setup.take_tour.clicked.connect(self.begin)
        view.setup.tour.take.clicked.connect(self.begin)
        if callouts() is None:
            allow(view.setup.take_tour, TOO_OLD)

    def offer(self) -> None:
        """Show the line that offers it, to whoever has never seen that."""
        kept = remembered.Remembered(remembered.default_path())
        if callouts() is not None and not kept.read(KEPT_AS):
            kept.keep(KEPT_AS, {"offered": True})
            self._view.setup.tour.show()

    def begin(self) -> None:
        """Begin the tour, with a sample where there is no image."""
        made = callouts()
        if made is None or self._shown is not None:
            return
        self._view.setup.tour.hide()
        self._ran = self._view.result.there
        if self._view.setup.image.thing is None:
            for data, settings, _ in histology():
                self._viewer.add_image(data, **settings)
        kind, step, anchor = made
        found = [self._as_theirs(each, step, anchor) for each in self._steps()]
        self._shown = kind(found, self._dock.window())
        self._shown.finished.connect(self._on_finished)
        self._shown.start()

    def end(self) -> None:
        """Leave the tour, where it is shown."""
        if self._shown is not None:
            self._shown.close_tour()

    def _steps(self) -> list[Step]:
        return steps(self._view, self._run_once)

    def _run_once(self) -> None:
        if not self._ran:
            self._ran = True
            self._run()

    def _as_theirs(self, step: Step, kind: Any, anchor: Any) -> Any:
        def before() -> bool:
            """Make ready; say whether what came into view has still to be laid out."""
            here = step.target()
            seen = here is not None and here.isVisible()
            step.before()
            return not seen and here is not None and here.isVisible()

        return kind(
            target=step.target,
            title=step.title,
            body=step.body,
            anchor=anchor.LEFT,
            ensure_visible=before,
        )

    def _on_finished(self) -> None:
        self._shown = None


def callouts() -> tuple[Any, Any, Any] | None:
    """Return napari's classes for a tour, its steps and their places; None before napari 0.9."""
    with contextlib.suppress(ImportError):
        from napari._qt.widgets.qt_viewer_tour import GuidedTour, TourAnchor, TourStep

        return GuidedTour, TourStep, TourAnchor
    return None
