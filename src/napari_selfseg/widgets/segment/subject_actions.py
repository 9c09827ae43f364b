"""Which image the controls speak of: named beside Run, and what is left of its last run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_selfseg.widgets.parts.status import AT_WORK, NEXT, NONE
from napari_selfseg.widgets.segment.last_run import LastRun
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.live_session import LiveSession

__all__ = ["SubjectActions"]


class SubjectActions:
    """Turns the controls and the Result page to the image that is chosen.

    Parameters
    ----------
    session : callable
        Returns the live session; None where there is none.
    words : callable
        Returns what to say of the chosen image.
    """

    def __init__(
        self,
        view: SegmentView,
        results: LastRun,
        session: Callable[[], LiveSession | None],
        words: Callable[[], str],
    ) -> None:
        self._view, self._results = view, results
        self._session, self._words = session, words
        self._image: Any = None

    def look(self) -> None:
        """Name the image; where it is another than before, clear what was said of that."""
        session, image = self._session(), self._view.setup.image.thing
        self._view.controls.show_subject(self._named(session))
        if session is None and image != self._image:
            self.turn()
            if self._view.setup.loaded:
                self._view.controls.show_estimate("")
                self._view.controls.offer(())
                self._view.controls.say(self._words())

    def turn(self) -> None:
        """Show the last run where it is one of the image, and nothing of it otherwise."""
        self._image = image = self._view.setup.image.thing
        self._view.controls.show_run(self._results.turn_to(image))

    def _named(self, session: LiveSession | None) -> str:
        if session is not None:
            return AT_WORK.format(name=session.request.picture.name)
        setup = self._view.setup
        if setup.image.thing is None:
            return NONE
        layers = [setup.image.thing, *setup.channels.things]
        return NEXT.format(name=" + ".join(each.name for each in layers))
