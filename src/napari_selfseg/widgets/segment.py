"""The Segment dock: choose, run, watch, stop, and work on with the labels."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QWidget

from napari_selfseg.memory import keep_freed_memory
from napari_selfseg.widgets import presets, settings
from napari_selfseg.widgets.choices import Choices, load
from napari_selfseg.widgets.fit_desk import FitDesk
from napari_selfseg.widgets.forecast import Forecast, Prediction
from napari_selfseg.widgets.layers import camera_of
from napari_selfseg.widgets.life import Life
from napari_selfseg.widgets.panels import stacked
from napari_selfseg.widgets.result_desk import ResultDesk
from napari_selfseg.widgets.runner import Ended, Update, sentence_of
from napari_selfseg.widgets.session import Session
from napari_selfseg.widgets.setup_desk import SetupDesk
from napari_selfseg.widgets.state import NO_IMAGE, Missing, Request
from napari_selfseg.widgets.task import Done, Task
from napari_selfseg.widgets.view import SegmentView
from napari_selfseg.widgets.watch import Watch

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["SegmentDock"]

logger: Final = logging.getLogger(__name__)
POLL_MS: Final = 100
SETTLE_MS: Final = 300
# Showing steps may take this share of the main thread, painting included.
SHARE: Final = 0.3
READY: Final = "Ready."
PREPARING: Final = "Preparing: superpixels and network..."
ENDED: Final = "Ended before there were labels."
IMAGE_REMOVED: Final = "Ended: the image layer was removed. The last labels are kept."
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
        self._session: Session | None = None
        self._tasks: list[Task] = []
        self._forecasting = False
        self._last_words = ""
        self._missing = True
        self._start_when_loaded = False
        self._stopping = False
        self._busy = False
        self._open = False
        self._timer = QTimer(self)
        self._settling = QTimer(self)
        self._watch = Watch(napari_viewer, lambda: self._setup.offer(), self._on_removed)
        self._setup = SetupDesk(napari_viewer, self.view, self._watch, lambda: self._threads)
        self._results = ResultDesk(napari_viewer, self.view, self._do, self._watch.labels)
        self._fits = FitDesk(
            napari_viewer, self.view, self._do, lambda: self._threads, lambda: self.live
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
        self._timer.start(POLL_MS)
        if not self.loaded:
            self._do(load, self._populate, "Loading the methods")

    def _end(self) -> None:
        self._open = False
        self._timer.stop()
        self._settling.stop()
        self._watch.end()
        camera_of(self._viewer).events.disconnect(self._on_view)
        self._viewer.dims.events.point.disconnect(self._on_view)
        self._setup.close()
        self._tasks.clear()
        self._forecasting = False
        if self._session is not None:
            self._session.leave()
            self._finish("")
        self._results.put(None)

    # Layers

    def _on_removed(self, layer: Any) -> None:
        self._results.forget(layer)
        session = self._session
        if session is None or session.over:
            return
        if layer == session.layer:
            session.abandon()
            self._finish(LABELS_REMOVED)
        elif layer == session.source:
            session.abandon()
            self._last_words = IMAGE_REMOVED

    # What is filled in

    def _settle(self, event: object = None) -> None:
        """Look at the form once nothing has changed for a moment."""
        if self._open:
            self._settling.start(SETTLE_MS)

    def _on_view(self, event: object = None) -> None:
        if self.view.setup.area.thing == "view":
            self._settle()

    def _look_at_form(self) -> None:
        if self.live or self._busy or not self.loaded:
            return
        found = self._setup.request()
        if isinstance(found, Missing):
            self.view.controls.show_estimate("")
            self.view.controls.say(found.sentence)
            self._missing = True
        elif self._forecasting:
            self._settle()
        else:
            # Whatever else is said there is news, and stays.
            if self._missing:
                self.view.controls.say(self._last_words or READY)
            self._missing = False
            self._forecasting = True
            self._do(lambda: self._forecast(found), self._show_prediction, "The estimate")

    def _show_prediction(self, found: Prediction) -> None:
        self._forecasting = False
        if not self.live:
            self.view.controls.show_estimate(found.sentence, found.enough)

    # A run

    def _start(self, resumed: bool) -> None:
        if self.live or self._busy:
            return
        found = self._setup.request()
        if isinstance(found, Missing):
            self.view.controls.show_error(found.sentence)
            return
        request = dataclasses.replace(found, start=self._fits.fit if resumed else None)
        if self._settings.memory_limit is None:
            self._launch(request)
        else:
            self._do(
                lambda: self._forecast(request),
                lambda prediction: self._launch_within(prediction, request),
                "The estimate",
            )

    def _launch_within(self, prediction: Prediction, request: Request) -> None:
        if prediction.allowed:
            self._launch(request)
        else:
            self.view.controls.show_estimate("")
            self.view.controls.show_error(prediction.sentence)

    def _launch(self, request: Request) -> None:
        if self.live:
            return
        # Adding a layer lets Qt handle events, and so perhaps another press on Run.
        self._busy = True
        try:
            self._last_words = ""
            self._missing = False
            self._results.put(None)
            self._session = Session(self._viewer, self.view.setup.image.thing, request)
            self._session.start()
            self._stopping = False
            self.view.controls.show_live(PREPARING)
            self._timer.start(POLL_MS)
        finally:
            self._busy = False

    def _poll(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            self._look()
        finally:
            self._busy = False
        if self._start_when_loaded and self.loaded:
            self._start_when_loaded = False
            self.start()

    def _look(self) -> None:
        for task in list(self._tasks):
            self._receive(task)
        if self._session is not None:
            self._follow(self._session)
        elif not self._tasks:
            self._timer.stop()

    def _receive(self, task: Task) -> None:
        answer = task.take()
        if answer is None:
            return
        self._tasks.remove(task)
        if isinstance(answer, Done):
            self._put(task, answer.value)
        else:
            self._forecasting = False
            self.view.controls.show_error(answer.sentence)

    def _put(self, task: Task, value: Any) -> None:
        try:
            task.then(value)
        except Exception as error:  # nothing may end in Qt's event loop
            logger.exception("An answer cannot be shown")
            self.view.controls.show_error(sentence_of(error, "Showing the answer"))

    def _do(self, work: Callable[[], Any], then: Callable[[Any], None], what: str) -> None:
        self._tasks.append(Task(work, then, what))
        self._timer.start()

    def _populate(self, choices: Choices) -> None:
        self._threads = self._settings.threads or choices.threads
        self.view.setup.populate(choices, self._settings.device)
        self._setup.offer()
        image = self.view.setup.image.thing
        self.view.controls.show_ready(READY if image is not None else NO_IMAGE)

    def _follow(self, session: Session) -> None:
        began = time.perf_counter()
        message = session.poll()
        if message is None:
            return
        losses = message.losses if isinstance(message, Update) else {}
        if message.total:
            self.view.controls.show_step(message.iteration, message.total, message.sentence, losses)
        if isinstance(message, Update):
            took = 1000 * (time.perf_counter() - began)
            self._timer.setInterval(max(POLL_MS, round(took / SHARE)))
        else:
            self._conclude(session, message)

    def _conclude(self, session: Session, message: Ended) -> None:
        self._finish(self._last_words or message.sentence)
        self._results.put(session.outcome)
        self._fits.take_from(session.outcome)
        if message.failed:
            self._last_words = ""
            self.view.controls.show_error(message.sentence)

    def _finish(self, sentence: str) -> None:
        self._session = None
        self._last_words = sentence
        self.view.controls.show_ready(sentence)
        self._fits.show_resumable()
        self._settle()
        self.ended.emit()

    def _connect_widgets(self) -> None:
        setup, controls = self.view.setup, self.view.controls
        self._settling.setSingleShot(True)
        self._settling.timeout.connect(self._look_at_form)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        controls.run.clicked.connect(self.start)
        controls.resume.clicked.connect(self.resume)
        controls.stop.clicked.connect(self.stop)
        setup.changed.connect(self._settle)
        setup.refused.connect(controls.show_error)
