"""Which session a request needs, and whether there is the memory for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_selfseg.widgets.estimates.forecast import Forecast
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.large.stack_session import StackSession
from napari_selfseg.widgets.large.tile_session import TileSession
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.views.controls import Controls
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.live_session import LiveSession
from napari_selfseg.widgets.work.session import Session

if TYPE_CHECKING:
    from napari_selfseg.scale import TileLayout

__all__ = ["Launcher"]


class Launcher:
    """Begins sessions.

    Parameters
    ----------
    controls : Controls
        Where it is said why nothing begins.
    forecast : Forecast
        Says whether there is room.
    begin : callable
        Called with what makes a session, which it makes and starts.
    """

    def __init__(
        self,
        viewer: Any,
        controls: Controls,
        forecast: Forecast,
        begin: Callable[[Callable[[], LiveSession]], None],
    ) -> None:
        self._viewer, self._controls, self._begin = viewer, controls, begin
        self._forecast = forecast

    def start(self, source: Any, request: Request, before: Outcome | None = None) -> None:
        """Begin, where there is the memory; say what to reduce where there is not.

        `before` is the run that is gone on with, in its labels.
        """
        found = self._forecast.room(request)
        if found.enough:
            self._launch(source, request, found.layout, before)
        else:
            self._controls.show_estimate("")
            self._controls.show_error(found.sentence)
            self._controls.offer(found.remedies)

    def label(self, source: Any, request: Request) -> bool:
        """Label an image by tiles with what was learned, where it is too large for memory.

        The request has a `Request.start`; False where the image is small enough.
        """
        if self._forecast.labels_whole(request):
            return False
        self.start(source, request)
        return True

    def go_on(self, before: LargeSession) -> None:
        """Do what is left of a stack, or of tiles, whose session has ended."""
        self._begin(before.again)

    def _launch(
        self,
        source: Any,
        request: Request,
        layout: TileLayout | None = None,
        before: Outcome | None = None,
    ) -> None:
        def make() -> LiveSession:
            if layout is not None:
                return TileSession(self._viewer, source, request, layout)
            if request.way == "planes":
                return StackSession(self._viewer, source, request)
            return Session(self._viewer, source, request, before)

        self._begin(make)
