"""The Segment dock: choose, run, watch, stop, and work on with the labels."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QWidget

from napari_selfseg.memory import keep_freed_memory
from napari_selfseg.widgets import presets, settings
from napari_selfseg.widgets.agreement_desk import AgreementDesk
from napari_selfseg.widgets.choices import Choices, load
from napari_selfseg.widgets.fit_desk import FitDesk
from napari_selfseg.widgets.forecast import Forecast, Prediction
from napari_selfseg.widgets.guide import Guide
from napari_selfseg.widgets.layers import camera_of
from napari_selfseg.widgets.life import Life
from napari_selfseg.widgets.outcome import Outcome
from napari_selfseg.widgets.panels import stacked
from napari_selfseg.widgets.result_desk import ResultDesk
from napari_selfseg.widgets.runner import Ended, Update
from napari_selfseg.widgets.session import Session
from napari_selfseg.widgets.setup_desk import SetupDesk
from napari_selfseg.widgets.stack_desk import StackDesk
from napari_selfseg.widgets.stack_session import StackSession
from napari_selfseg.widgets.state import NO_IMAGE, Missing, Request
from napari_selfseg.widgets.task import POLL_MS, Tasks
from napari_selfseg.widgets.view import SegmentView
from napari_selfseg.widgets.watch import Watch

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["SegmentDock"]

# Showing steps may take this share of the main thread, painting included.
SHARE: Final = 0.3
READY: Final = "Ready."
PREPARING: Final = "Preparing: superpixels and network..."
ENDED: Final = "Ended before there were labels."
IMAGE_REMOVED: Final = "Ended: the image layer was removed. The last labels are kept."
NO_PLANES: Final = "No planes are left of the last stack: press Run to begin anew."
LABELS_REMOVED: Final = "Ended: the labels layer was removed."


class SegmentDock(QWidget):
    """Segment an image of the viewer, live.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Where the images are.
    """

    ended = Signal()

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.view = SegmentView(presets.Presets(presets.default_path()))
        stacked(self).addWidget(self.view)
        self._viewer: Any = napari_viewer
        self._settings = settings.read()
        self._forecast = Forecast(self._settings.memory_limit)
        self._threads = self._settings.threads
        self._session: Session | StackSession | None = None
        self._last_words = ""
        self._start_when_loaded = False
        self._stopping = False
        self._launching = False
        self._open = False
        self._timer = QTimer(self)
        self._tasks = Tasks(self, self.view.controls.show_error)
        begin, threads = self._tasks.begin, lambda: self._threads
        self._watch = Watch(napari_viewer, lambda: self._setup.offer(), self._on_removed)
        self._setup = SetupDesk(napari_viewer, self.view, self._watch, threads)
        self._segments = AgreementDesk(
            napari_viewer, self.view.controls, self._tasks, self._show_segments
        )
        self._results = ResultDesk(
            napari_viewer, self.view, begin, self._watch.labels, lambda: self._segments.cut
        )
        self._stacks = StackDesk(self.view, begin)
        self._fits = FitDesk(napari_viewer, self.view, begin, threads, lambda: self.live)
        self._guide = Guide(
            self.view.controls, self._tasks, self._forecast, self._asked, self._idle_words
        )
        self._connect_widgets()
        # Threads that start later share one heap with it.
        keep_freed_memory()
        self._life = Life(self, self._begin, self._end)

    @property
    def live(self) -> bool:
        """Whether a run is live."""
        return self._session is not None

    @property
    def busy(self) -> bool:
        """Whether a run is live, or anything else is being made."""
        return self.live or self._tasks.busy

    @property
    def loaded(self) -> bool:
        """Whether the methods are there."""
        return self.view.setup.loaded

    def start(self) -> None:
        """Start a run with what is filled in, as soon as the methods are loaded."""
        if not self.loaded:
            self._start_when_loaded = True
        else:
            self._start(resumed=False)

    def resume(self) -> None:
        """Start a run that goes on from what was learned."""
        self._start(resumed=True)

    def stop(self) -> None:
        """Ask the live run to end and settle its labels; asked twice, it ends as it is."""
        session = self._session
        if session is None:
            return
        if not self._stopping:
            session.stop()
            self.view.controls.show_stopping()
        elif session.begun:
            session.abandon()
            self.view.controls.show_ending()
        else:
            session.leave()
            self._finish(ENDED)
        self._stopping = True

    # Opened and closed

    def _begin(self) -> None:
        self._open = True
        self._watch.begin()
        camera_of(self._viewer).events.connect(self._on_view)
        self._viewer.dims.events.point.connect(self._on_view)
        if not self.loaded:
            self._tasks.begin(load, self._populate, "Loading the methods")

    def _end(self) -> None:
        self._open = False
        self._timer.stop()
        self._guide.stop()
        self._tasks.clear()
        self._watch.end()
        camera_of(self._viewer).events.disconnect(self._on_view)
        self._viewer.dims.events.point.disconnect(self._on_view)
        self._setup.close()
        if self._session is not None:
            self._session.leave()
            self._finish("")
        self._results.put(None)
        self._stacks.put(None)
        self._segments.close()

    # Layers

    def _on_removed(self, layer: Any) -> None:
        self._results.forget(layer)
        self._stacks.forget(layer)
        session = self._session
        if session is None and self._results.outcome is None:
            self._segments.clear()
        if session is None or session.over:
            return
        if layer == session.layer:
            session.abandon()
            self._finish(LABELS_REMOVED)
        elif layer == session.source:
            session.abandon()
            self._last_words = IMAGE_REMOVED

    # What is filled in

    def _populate(self, choices: Choices) -> None:
        self._threads = self._settings.threads or choices.threads
        self.view.setup.populate(choices, self._settings.device)
        self._setup.offer()
        image = self.view.setup.image.thing
        self.view.controls.show_ready(READY if image is not None else NO_IMAGE)
        if self._start_when_loaded:
            self._start(resumed=False)

    def _on_change(self) -> None:
        if self._open:
            self._guide.changed()

    def _on_view(self, event: object = None) -> None:
        if self.view.setup.area.thing == "view":
            self._on_change()

    def _asked(self) -> Request | Missing | None:
        """Return what is filled in; None where no run could be started now."""
        return None if self.live or not self.loaded else self._setup.request()

    def _idle_words(self) -> str:
        return self._last_words or READY

    # A run

    def _start(self, resumed: bool) -> None:
        if self.live or self._launching:
            return
        found = self._setup.request()
        if isinstance(found, Missing):
            self.view.controls.show_error(found.sentence)
            return
        if resumed and found.stack:
            self._go_on()
            return
        request = dataclasses.replace(found, start=self._fits.fit if resumed else None)
        if self._settings.memory_limit is None:
            self._launch(request)
        else:
            self._tasks.begin(
                lambda: self._forecast(request),
                lambda prediction: self._launch_within(prediction, request),
                "The estimate",
            )

    def _go_on(self) -> None:
        """Do the planes that are left of a stack."""
        if (before := self._stacks.unfinished) is None:
            self.view.controls.show_error(NO_PLANES)
        else:
            self._launch(before.request, before)

    def _launch_within(self, prediction: Prediction, request: Request) -> None:
        if prediction.allowed:
            self._launch(request)
        else:
            self.view.controls.show_estimate("")
            self.view.controls.show_error(prediction.sentence)

    def _launch(self, request: Request, before: StackSession | None = None) -> None:
        # Adding a layer lets Qt handle events, and so perhaps another press on Run.
        if self.live or self._launching:
            return
        self._launching = True
        try:
            self._last_words = ""
            self._guide.told()
            self._results.put(None)
            self._stacks.put(None)
            source = before.source if before else self.view.setup.image.thing
            if request.stack:
                self._session = StackSession(self._viewer, source, request, before)
            else:
                self._session = Session(self._viewer, source, request)
                self._segments.begin(source, request)
        finally:
            self._launching = False
        self._session.start()
        self._stopping = False
        self.view.controls.show_live(PREPARING)
        self._timer.start(POLL_MS)

    def _poll(self) -> None:
        if self._session is None:
            self._timer.stop()
        elif not self._launching:
            self._follow(self._session)

    def _follow(self, session: Session | StackSession) -> None:
        began = time.perf_counter()
        message = session.poll()
        if message is None:
            return
        losses = message.losses if isinstance(message, Update) else {}
        if message.total:
            self.view.controls.show_step(message.iteration, message.total, message.sentence, losses)
        if isinstance(message, Ended):
            self._conclude(session, message)
            return
        if isinstance(message, Update):
            self._segments.follow(message.moment)
        took = 1000 * (time.perf_counter() - began)
        self._timer.setInterval(max(POLL_MS, round(took / SHARE)))

    def _conclude(self, session: Session | StackSession, message: Ended) -> None:
        self._finish(self._last_words or message.sentence, session.outcome)
        self._fits.take_from(session.outcome)
        if isinstance(session, StackSession):
            self._stacks.put(session)
            if session.fit is not None:
                self._fits.put(session.fit, session.request.superpixels)
        if message.failed:
            self._last_words = ""
            self.view.controls.show_error(message.sentence)

    def _finish(self, sentence: str, outcome: Outcome | None = None) -> None:
        self._session = None
        self._results.put(outcome)
        if outcome is None:
            self._segments.clear()
        else:
            self._segments.follow(outcome.moment, ended=True)
        self._last_words = sentence
        self.view.controls.show_ready(sentence)
        self._fits.show_resumable()
        self._on_change()
        self.ended.emit()

    def _show_segments(self) -> None:
        if self._session is None:
            self._results.refresh()
        elif isinstance(self._session, Session):
            self._session.show(self._segments.cut)

    def _connect_widgets(self) -> None:
        setup, controls = self.view.setup, self.view.controls
        self._timer.timeout.connect(self._poll)
        controls.run.clicked.connect(self.start)
        controls.resume.clicked.connect(self.resume)
        controls.stop.clicked.connect(self.stop)
        setup.changed.connect(self._on_change)
        setup.refused.connect(controls.show_error)
