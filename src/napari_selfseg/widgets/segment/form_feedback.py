"""Says what is missing in a form, or what its run is going to take."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject, QTimer

from napari_selfseg.widgets.estimates.forecast import Forecast, Prediction
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.model.state import Missing
from napari_selfseg.widgets.views.controls import Controls
from napari_selfseg.widgets.work.task import Tasks

if TYPE_CHECKING:
    from napari_selfseg.protocol import Estimate

__all__ = ["Guide"]

SETTLE_MS: Final = 300
WHAT: Final = "The estimate"


class Guide(QObject):
    """Looks at the form once nothing has changed for a moment.

    Parameters
    ----------
    tasks : Tasks
        Estimates are made in a worker thread.
    forecast : Forecast
        Makes them.
    request : callable
        Returns what is filled in, or None while nobody asks.
    words : callable
        Returns what to say when nothing is missing.
    """

    def __init__(
        self,
        controls: Controls,
        tasks: Tasks,
        forecast: Forecast,
        request: Callable[[], Request | Missing | None],
        words: Callable[[], str],
    ) -> None:
        super().__init__(controls)
        self._controls = controls
        self._tasks = tasks
        self._forecast = forecast
        self._request = request
        self._words = words
        self._estimating = False
        self._taken: Estimate | None = None
        # Until the form was looked at for the first time, nothing is known to be there.
        self._missing = True
        self._unwanted = threading.Event()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._look)

    @property
    def waiting(self) -> bool:
        """Whether it is about to look."""
        return self._timer.isActive()

    def changed(self) -> None:
        """Look soon: something was changed."""
        self._timer.start()

    def stop(self) -> None:
        """Look no more; what is being estimated is broken off."""
        self._timer.stop()
        self._unwanted.set()
        self._estimating = False

    def begun(self) -> Estimate | None:
        """A run begins: what is said of its time stays, and is returned, where it is of it."""
        self.told()
        if self.waiting or self._estimating:
            self._controls.show_estimate("")
            return None
        return self._taken

    def told(self) -> None:
        """Something else is said now, which stays until something is missing."""
        self._missing = False

    def _look(self) -> None:
        found = self._request()
        if found is None:
            return
        if isinstance(found, Missing):
            self._controls.show_estimate("")
            self._controls.say(found.sentence)
            self._missing = True
            return
        if self._missing:
            self._controls.say(self._words())
            self.told()
        self._estimate(found)

    def _estimate(self, request: Request) -> None:
        # Two at once would disturb each other's measurement.
        if self._estimating:
            self.changed()
            return
        self._estimating, self._taken = True, None
        # The thread may outlive the window, so it holds nothing that leads to it.
        forecast, unwanted = self._forecast, threading.Event()
        self._unwanted = unwanted
        self._tasks.begin(
            lambda: forecast(request, lambda: not unwanted.is_set()),
            self._put,
            WHAT,
            self._refused,
            unwanted.set,
        )

    def _put(self, found: Prediction) -> None:
        self._estimating = False
        if self._request() is not None:
            self._taken = found.taken
            self._controls.show_estimate(found.sentence, found.enough)
            self._controls.offer(found.remedies)

    def _refused(self, sentence: str) -> None:
        self._estimating = False
        self._controls.show_estimate(sentence, enough=False)
