"""The Continue button: what it would do with what is filled in, or why it does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from napari_selfseg.widgets.model.continuing import Continuation, continuation
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.state import Missing
from napari_selfseg.widgets.segment.fit_actions import FitActions
from napari_selfseg.widgets.segment.last_run import LastRun
from napari_selfseg.widgets.segment.launcher import Launcher
from napari_selfseg.widgets.segment.setup_actions import SetupActions
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.finished_run import Outcome

__all__ = ["ContinueActions"]

NO_PLANES: Final = "No planes are left of the last stack: press Run to begin anew."
NO_TILES: Final = "No tiles are left of the last image: press Run to begin anew."
LEFT: Final = "Do what is left, in the same labels."
ANOTHER: Final = "Continue goes on with {}: choose it, or press Run to begin anew."


class ContinueActions:
    """Between what was run last and what is filled in now.

    `busy` returns whether a run is live, or about to be.
    """

    def __init__(
        self,
        view: SegmentView,
        setup: SetupActions,
        results: LastRun,
        fits: FitActions,
        busy: Callable[[], bool],
    ) -> None:
        self._view, self._setup, self._busy = view, setup, busy
        self._results, self._fits = results, fits

    def look(self) -> None:
        """Say what Continue would do now, and whether the last one can be taken back."""
        if self._view.setup.loaded and not self._busy():
            outcome = self._results.outcome
            there = outcome is not None and outcome.earlier is not None
            here = outcome is not None and outcome.source == self._view.setup.image.thing
            self._view.controls.show_back(there and here)
            found = self._found()
            self._view.controls.show_resumable(found.help, found.reason)

    def go_on(self, launcher: Launcher) -> None:
        """Continue, or say why not."""
        image, found, session = self._view.setup.image.thing, self._found(), self._results.resumable
        if found.reason:
            self._view.controls.show_error(found.reason)
        elif found.request is not None:
            before = self._results.outcome if found.request.after is not None else None
            launcher.start(image, found.request, before)
        elif session is not None:
            launcher.go_on(session)

    def take_back(self) -> Outcome | None:
        """Show what there was before Continue.

        Returns
        -------
        Outcome or None
            The run that it is of; None where nothing can be taken back now.
        """
        outcome = None if self._busy() else self._results.step_back()
        if outcome is not None:
            self._fits.take_from(outcome)
        return outcome

    def _found(self) -> Continuation:
        found, outcome = self._setup.request(), self._results.outcome
        if (left := self._left(found)) is not None:
            return left
        if outcome is None or not self._fits.of_run:
            return continuation(found, None, None, self._fits.fit)
        return continuation(found, outcome.request, outcome.run, self._fits.fit)

    def _left(self, found: Request | Missing) -> Continuation | None:
        """Say what is left of a stack or of tiles; None where it is about neither.

        What is filled in does not count where something is left: a fit is applied by tiles
        whatever the area says.
        """
        session = self._results.resumable
        if session is not None:
            other = self._view.setup.image.thing != session.source
            return Continuation(LEFT, ANOTHER.format(session.source.name) if other else "")
        if isinstance(found, Request) and found.way != "whole":
            return Continuation(reason=NO_TILES if found.way == "tiles" else NO_PLANES)
        return None
