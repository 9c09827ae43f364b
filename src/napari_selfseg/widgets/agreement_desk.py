"""Segments of a run, live or ended: made when they are shown, cut as the slider moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from qtpy.QtCore import QTimer

from napari_selfseg.widgets.agreement import Agreement, Agreements, Cut, Moment, Turns
from napari_selfseg.widgets.controls import Controls
from napari_selfseg.widgets.request import Request
from napari_selfseg.widgets.results import show_borders
from napari_selfseg.widgets.task import Tasks

__all__ = ["AgreementDesk"]

FRAME_MS: Final = 20
# Following the slider may take this share of the main thread, painting included.
SHARE: Final = 0.5


class AgreementDesk:
    """The switch between classes and segments, and the slider of the segments.

    Parameters
    ----------
    viewer : napari.Viewer
        Gets the layer of borders.
    controls : Controls
        With the switch.
    tasks : Tasks
        For work in worker threads.
    show : callable
        Called when something else is to be shown: `cut`, or classes.
    """

    def __init__(
        self, viewer: Any, controls: Controls, tasks: Tasks, show: Callable[[], None]
    ) -> None:
        self._viewer = viewer
        self._controls = controls
        self._view = controls.shown
        self._tasks = tasks
        self._show = show
        self._chosen: int | None = None
        self._agreements: Agreements | None = None
        self._source: Any = None
        self._moment: Moment | None = None
        self._latest: Agreement | None = None
        self._making = False
        self._ended = False
        self._turns = Turns()
        # One painting for all that the slider went through since the last.
        self._timer, self._painted = QTimer(controls), QTimer(controls)
        self._began = 0.0
        self._connect()

    @property
    def cut(self) -> Cut | None:
        """What is to be shown; None for classes, and while there are no segments yet."""
        if self._latest is None or not self._view.segments.isChecked():
            return None
        return self._latest.cut(self._chosen)

    def begin(self, source: Any, request: Request) -> None:
        """Offer the segments of a run that begins.

        Parameters
        ----------
        source : napari.layers.Image
            The image layer.
        request : Request
            The run.
        """
        self.clear()
        self._source, self._agreements = source, Agreements(request)
        self._view.suit(makes_segments=request.method.segments)
        self._view.offer(True)

    def follow(self, moment: Moment, *, ended: bool = False) -> None:
        """Take note of a moment of the run; segments that are shown are made anew, now and then.

        Parameters
        ----------
        moment : Moment
            The latest one.
        ended : bool
            Whether it is the last one.
        """
        self._moment, self._ended = moment, ended
        self._make()

    def clear(self) -> None:
        """Let go of the run."""
        self._timer.stop()
        self._painted.stop()
        self._agreements = self._source = self._moment = self._latest = None
        self._turns = Turns()
        self._view.granularity.show_waiting()
        self._view.offer(False)

    def close(self) -> None:
        """Let go of the run, and of work whose answer nobody waits for."""
        self.clear()
        self._making = False

    def _make(self) -> None:
        agreements, moment, latest = self._agreements, self._moment, self._latest
        if agreements is None or moment is None or self._making:
            return
        known = latest is not None and latest.record is moment.record
        now = time.monotonic()
        due = self._ended or self._turns.due(now)
        if known or not due or not self._view.segments.isChecked():
            return

        def put(made: Agreement) -> None:
            self._making = False
            if agreements is self._agreements:
                self._turns.took(now, time.monotonic())
                self._put(made)
            # Meanwhile the run may have ended, or another one begun.
            self._make()

        def refused(sentence: str) -> None:
            self._making = False
            if agreements is self._agreements:
                self._view.classes.setChecked(True)
                self._controls.show_error(sentence)

        self._making = True
        self._tasks.begin(lambda: agreements(moment), put, "Finding segments", refused)

    def _put(self, made: Agreement) -> None:
        self._latest = made
        self._view.granularity.offer(made.fewest, made.most, made.automatic)
        self._paint()

    def _paint(self) -> None:
        self._began = time.perf_counter()
        cut, latest = self.cut, self._latest
        if cut is not None and latest is not None:
            self._view.granularity.show_number(
                cut.n_segments, self._chosen is None, latest.sentence
            )
        self._show()
        # Its turn comes when the canvas was drawn, which may take longer than all else.
        self._painted.start(0)

    def _pace(self) -> None:
        took = 1000 * (time.perf_counter() - self._began)
        self._timer.setInterval(max(FRAME_MS, round(took * (1 - SHARE) / SHARE)))

    def _on_number(self, n_segments: int | None) -> None:
        self._chosen = n_segments
        if not self._timer.isActive():
            self._timer.start()

    def _on_switch(self) -> None:
        self._turns = Turns()
        self._make()
        # While segments are made the classes stay.
        if self.cut is not None or self._view.classes.isChecked():
            self._paint()

    def _add_borders(self) -> None:
        agreements, source, latest = self._agreements, self._source, self._latest
        if agreements is None or latest is None:
            return

        def put(image: Any) -> None:
            show_borders(self._viewer, source, agreements.request, image)

        self._tasks.begin(latest.hierarchy.borders, put, "Border confidence")

    def _connect(self) -> None:
        granularity = self._view.granularity
        for timer, then in ((self._timer, self._paint), (self._painted, self._pace)):
            timer.setSingleShot(True)
            timer.timeout.connect(then)
        self._view.switched.connect(self._on_switch)
        granularity.moved.connect(self._on_number)
        granularity.automatic.clicked.connect(lambda: self._on_number(None))
        granularity.borders.clicked.connect(self._add_borders)
