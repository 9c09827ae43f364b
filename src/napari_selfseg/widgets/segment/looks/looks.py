"""All of how labels look in the Segment dock: lines or areas, and the legend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_selfseg.widgets.editing.presence import Presence
from napari_selfseg.widgets.segment.last_run import LastRun
from napari_selfseg.widgets.segment.looks.legend_actions import LegendActions
from napari_selfseg.widgets.segment.looks.look_actions import LookActions
from napari_selfseg.widgets.views.view import SegmentView
from napari_selfseg.widgets.work.live_session import LiveSession

__all__ = ["Looks"]


class Looks:
    """Follows layers and view while the dock is open.

    `session` returns the live session, if there is one.
    """

    def __init__(
        self,
        viewer: Any,
        view: SegmentView,
        results: LastRun,
        session: Callable[[], LiveSession | None],
    ) -> None:
        self._results, self._session = results, session
        self._lines = LookActions(viewer, view.controls)
        say = view.controls.say
        self._legend = LegendActions(viewer, view.result.legend, self._shown, results.names_of, say)
        self._presence = Presence(view.pages, "Result")
        self._presence.covered.connect(self._legend.cover)
        self.toggle, self.look = self._lines.toggle, self._legend.look

    def begin(self) -> None:
        """Begin to follow them."""
        self._lines.begin()
        self._legend.begin()

    def end(self) -> None:
        """Follow them no longer."""
        self._lines.end()
        self._legend.end()

    def _shown(self) -> Any:
        session = self._session()
        return self._results.layer if session is None else session.layer
