"""Which session a request needs, and the estimate that comes before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from napari_selfseg.widgets.controls import Controls
from napari_selfseg.widgets.forecast import Forecast, Prediction
from napari_selfseg.widgets.large_session import LargeSession
from napari_selfseg.widgets.live_session import LiveSession
from napari_selfseg.widgets.request import Request
from napari_selfseg.widgets.session import Session
from napari_selfseg.widgets.stack_session import StackSession
from napari_selfseg.widgets.task import Tasks
from napari_selfseg.widgets.tile_session import TileSession

if TYPE_CHECKING:
    from napari_selfseg.scale import Foresight

__all__ = ["Launcher"]

WHAT: Final = "The estimate"


class Launcher:
    """Begins sessions.

    Parameters
    ----------
    viewer : napari.Viewer
        With the layers.
    controls : Controls
        Where it is said why nothing begins.
    tasks : Tasks
        Estimates are made in a worker thread.
    forecast : Forecast
        Makes them.
    begin : callable
        Called with what makes a session, which it makes and starts.
    """

    def __init__(
        self,
        viewer: Any,
        controls: Controls,
        tasks: Tasks,
        forecast: Forecast,
        begin: Callable[[Callable[[], LiveSession]], None],
    ) -> None:
        self._viewer, self._controls, self._begin = viewer, controls, begin
        self._tasks, self._forecast = tasks, forecast

    def start(self, source: Any, request: Request) -> None:
        """Begin; where there is a limit, and for tiles, after an estimate.

        Parameters
        ----------
        source : napari.layers.Image
            The image layer.
        request : Request
            What to run.
        """
        if not self._forecast.limited and not request.tiles:
            self._launch(source, request)
        else:
            forecast = self._forecast
            self._tasks.begin(
                lambda: forecast(request),
                lambda found: self._within(found, source, request),
                WHAT,
            )

    def label(self, source: Any, request: Request) -> bool:
        """Label an image by tiles with what was learned, where it is too large for memory.

        Parameters
        ----------
        source : napari.layers.Image
            The image layer.
        request : Request
            With its `Request.start`.

        Returns
        -------
        bool
            Whether it is.
        """
        if self._forecast.labels_whole(request):
            return False
        self.start(source, request)
        return True

    def go_on(self, before: LargeSession) -> None:
        """Do what is left of a stack, or of tiles.

        Parameters
        ----------
        before : LargeSession
            One that has ended.
        """
        self._begin(before.again)

    def _within(self, found: Prediction, source: Any, request: Request) -> None:
        if not found.allowed:
            self._controls.show_estimate("")
            self._controls.show_error(found.sentence)
        elif source in self._viewer.layers:
            self._launch(source, request, found.layout)

    def _launch(self, source: Any, request: Request, layout: Foresight | None = None) -> None:
        def make() -> LiveSession:
            if layout is not None:
                return TileSession(self._viewer, source, request, layout)
            kind = StackSession if request.stack else Session
            return kind(self._viewer, source, request)

        self._begin(make)
