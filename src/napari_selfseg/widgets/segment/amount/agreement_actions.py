"""Segments of a run, live or ended: made when they are shown, cut as the slider moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from napari_selfseg.widgets.canvas.label_layer import show_borders
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.segment.amount.paced import SHARE, Paced
from napari_selfseg.widgets.views.controls import Controls
from napari_selfseg.widgets.work.agreement import Agreement, Agreements, Cut, Moment, Turns
from napari_selfseg.widgets.work.binder import Binder
from napari_selfseg.widgets.work.task import Tasks

__all__ = ["AgreementActions"]


class AgreementActions:
    """The switch between classes and segments, the slider of the segments, and strokes on them.

    Parameters
    ----------
    show : callable
        Called when something else is to be shown: `cut`, or classes.
    strokes : callable
        Reads what is drawn on the image of the run now; None where nobody draws.
    count : callable
        Counts the labels in view.
    """

    def __init__(
        self,
        viewer: Any,
        controls: Controls,
        tasks: Tasks,
        show: Callable[[], None],
        strokes: Callable[[], NDArray[Any] | None],
        count: Callable[[], int],
    ) -> None:
        self._viewer = viewer
        self._controls = controls
        self._view = controls.shown
        self._tasks = tasks
        self._show = show
        self._count = count
        self._binder = Binder(tasks, strokes, self._put, controls.show_error)
        self._chosen: int | None = None
        self._agreements: Agreements | None = None
        self._source: Any = None
        self._moment: Moment | None = None
        self._made: Agreement | None = None
        self._latest: Agreement | None = None  # bound to the strokes there are
        self._in_view: int | None = None
        self._pending = False
        self._making = False
        self._ended = False
        self._turns = Turns()
        self._paced, self._drawing = Paced(controls, self._paint), QTimer(controls)
        self._free = 0.0
        self._connect()

    @property
    def cut(self) -> Cut | None:
        """What is to be shown; None for classes, and while there are no segments yet."""
        if self._latest is None or not self._view.segments.isChecked():
            return None
        return self._latest.cut(self._chosen)

    @property
    def pending(self) -> bool:
        """Whether segments that are to be shown are still being made."""
        return self._making and self._view.segments.isChecked()

    @property
    def binds(self) -> bool:
        """Whether strokes act on what is shown of a run that has ended."""
        if self._agreements is None or not self._ended:
            return False
        return self._agreements.request.method.segments or self._view.segments.isChecked()

    def strokes_changed(self) -> None:
        """Bind the segments to what is drawn, soon; called often while somebody draws."""
        if self._agreements is None or self._pending:
            return
        self._pending = True
        rest = round(1000 * (self._free - time.perf_counter()))
        if rest > 0:
            self._drawing.start(rest)
        else:  # posted: its turn is before that of the canvas, which then is drawn once
            QTimer.singleShot(0, self._bind)

    def begin(self, source: Any, request: Request, *, kept: bool = False) -> None:
        """Offer the segments of a run that begins.

        Of one that goes on, or with `kept`, the number stays that was chosen before.
        """
        self.clear()
        if request.after is None and not kept:
            self._chosen = getattr(request.method, "n_segments", 0) or None
        if request.method.instances:  # objects are no votes that agree
            self._view.classes.setChecked(True)
            return
        self._source, self._agreements = source, Agreements(request)
        self._view.suit(makes_segments=request.method.segments)
        if request.method.segments:
            self._view.segments.setChecked(True)
        self._view.offer(True)

    def follow(self, moment: Moment, *, ended: bool = False) -> None:
        """Keep the latest moment of the run, the last one where it has `ended`.

        Segments that are shown are made anew now and then.
        """
        self._moment, self._ended = moment, ended
        self._make()
        if ended:
            self._view.end()
            # Something may have been drawn during the run.
            self.strokes_changed()

    def clear(self) -> None:
        """Let go of the run."""
        self._paced.stop()
        self._drawing.stop()
        self._agreements = self._source = self._moment = self._made = self._latest = None
        self._ended, self._in_view, self._pending = False, None, False
        self._binder.clear()
        self._turns = Turns()
        self._view.granularity.show_waiting()
        self._view.offer(False)

    def close(self) -> None:
        """Let go of the run, and of work whose answer nobody waits for."""
        self.clear()
        self._making = False

    def _make(self) -> None:
        agreements, moment, last = self._agreements, self._moment, self._made
        if agreements is None or moment is None or self._making:
            return
        known = last is not None and last.record is moment.record
        now = time.monotonic()
        due = self._ended or self._turns.due(now)
        if known or not due or not self._view.segments.isChecked():
            return

        def put(made: Agreement) -> None:
            self._making = False
            if agreements is self._agreements:
                self._turns.took(now, time.monotonic())
                self._take(made)
            # Meanwhile the run may have ended, or another one begun.
            self._make()

        def refused(sentence: str) -> None:
            self._making = False
            if agreements is self._agreements:
                self._view.classes.setChecked(True)
                self._controls.show_error(sentence)

        self._making = True
        self._tasks.begin(lambda: agreements(moment), put, "Finding segments", refused)

    def _take(self, made: Agreement) -> bool:
        """Show what was made, bound to what is drawn now; say whether that is anything new."""
        self._made = made
        if self._in_view is not None:
            self._chosen = None if self._in_view == made.automatic else self._in_view
            self._in_view = None
        return self._binder.bind(made)

    def _bind(self) -> None:
        """Bind to what is drawn now; a run that makes segments shows those that follow it."""
        shown, self._pending = self._view.segments, False
        if self._moment is None or not (self.binds or shown.isChecked()):
            return
        if not shown.isChecked() and self._binder.differs(self._moment.scribbles[0]):
            self._in_view = self._count()
            shown.setChecked(True)
        elif shown.isChecked() and self._made is not None:
            self._binder.bind(self._made)

    def _put(self, made: Agreement) -> None:
        self._latest = made
        self._view.granularity.offer(made.fewest, made.most, made.automatic)
        self._paint()

    def _paint(self) -> None:
        self._paced.begin()
        cut, latest = self.cut, self._latest
        if cut is not None and latest is not None:
            self._view.granularity.show_number(
                cut.n_segments, self._chosen is None, latest.sentence
            )
        self._show()
        # The canvas is drawn for the stroke itself as well, and is not waited for.
        now = time.perf_counter()
        self._free = now + (now - self._paced.began + self._binder.took) * (1 - SHARE) / SHARE
        self._paced.end()

    def _on_number(self, n_segments: int | None) -> None:
        self._chosen = n_segments
        self._paced.ask()

    def _on_switch(self) -> None:
        self._turns = Turns()
        self._make()
        if self._view.classes.isChecked():
            self._in_view = None
            self._paint()
        # While segments are made the classes stay.
        elif self._made is not None and not self._take(self._made):
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
        self._drawing.setSingleShot(True)
        self._drawing.timeout.connect(self._bind)
        self._view.switched.connect(self._on_switch)
        granularity.moved.connect(self._on_number)
        granularity.automatic.clicked.connect(lambda: self._on_number(None))
        granularity.borders.clicked.connect(self._add_borders)
