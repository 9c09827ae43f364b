"""The Segment dock: choose, run, watch, stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from napari.layers import Image, Labels
from qtpy.QtCore import QEvent, QObject, QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QWidget

from napari_selfseg.memory import keep_freed_memory
from napari_selfseg.widgets.choices import Choices, load
from napari_selfseg.widgets.layers import describe_image, describe_labels, is_mark
from napari_selfseg.widgets.mailbox import Mailbox
from napari_selfseg.widgets.panels import stacked
from napari_selfseg.widgets.runner import Ended, Update, in_thread
from napari_selfseg.widgets.session import Session
from napari_selfseg.widgets.state import NO_IMAGE, Missing, Request, resolve
from napari_selfseg.widgets.view import SegmentView

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["SegmentDock"]

POLL_MS: Final = 100
# Showing steps may take this share of the main thread, painting included.
SHARE: Final = 0.3
READY: Final = "Ready."
PREPARING: Final = "Preparing: superpixels and network..."
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
        self.view = SegmentView()
        stacked(self).addWidget(self.view)
        self._viewer: Any = napari_viewer
        self._loading: Mailbox[Choices | Exception] = Mailbox()
        self._session: Session | None = None
        self._last_words = ""
        self._start_when_loaded = False
        self._stopping = False
        self._busy = False
        self._open = False
        self._timer = QTimer(self)
        self._connect_widgets()
        self._begin()
        _load(self._loading)

    @property
    def live(self) -> bool:
        """Whether a run is live."""
        return self._session is not None

    def start(self) -> None:
        """Start a run with what is filled in, as soon as the methods are loaded."""
        if not self.view.loaded:
            self._start_when_loaded = True
        elif not self.live and not self._busy:
            request = self._request()
            if isinstance(request, Missing):
                self.view.controls.show_error(request.sentence)
            else:
                self._launch(request)

    def stop(self) -> None:
        """Ask the live run to end and settle its labels; asked twice, it ends as it is."""
        if self._session is None:
            return
        if self._stopping:
            self._session.abandon()
            self.view.controls.show_ending()
        else:
            self._session.stop()
            self.view.controls.show_stopping()
        self._stopping = True

    # Opened and closed

    def event(self, event: QEvent | None) -> bool:
        """Follow the dock: napari's close button only takes the parent away."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            if self.parent() is None:
                self._end()
            else:
                self._begin()
        return bool(super().event(event))

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Watch the window, which goes without telling its docks."""
        if window := self.window():
            window.installEventFilter(self)
        super().showEvent(event)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """End with the window; a minimised one is hidden by the system, and runs on."""
        if (
            event is not None
            and event.type() == QEvent.Type.Hide
            and watched is self.window()
            and not event.spontaneous()
        ):
            self._end()
        return False

    def _begin(self) -> None:
        if self._open:
            return
        self._open = True
        events = self._viewer.layers.events
        for each in (events.inserted, events.removed, events.reordered):
            each.connect(self._offer_layers)
        events.removed.connect(self._on_removed)
        self._offer_layers()
        self._timer.start(POLL_MS)

    def _end(self) -> None:
        if not self._open:
            return
        self._open = False
        self._timer.stop()
        events = self._viewer.layers.events
        for each in (events.inserted, events.removed, events.reordered):
            each.disconnect(self._offer_layers)
        events.removed.disconnect(self._on_removed)
        if self._session is not None:
            self._session.leave()
            self._finish("")

    # Layers

    def _offer_layers(self, event: object = None) -> None:
        if not self._open:
            return
        layers = list(reversed(self._viewer.layers))
        for each in layers:
            each.events.name.connect(self._offer_layers)
        named = [(each.name, each) for each in layers if isinstance(each, Image)]
        self.view.image.offer(named)
        self.view.offer_superpixels(
            [(each.name, each) for each in layers if isinstance(each, Labels) and not is_mark(each)]
        )

    def _on_image(self) -> None:
        layer = self.view.image.thing
        self.view.offer_parts(layer is not None and layer.ndim > 2)
        if self.view.loaded and not (self.live or self._busy):
            self.view.controls.show_ready(self._idle_words())

    def _idle_words(self) -> str:
        return self._last_words or (NO_IMAGE if self.view.image.thing is None else READY)

    def _on_removed(self, event: Any) -> None:
        session = self._session
        if session is None or session.over:
            return
        if event.value == session.layer:
            session.abandon()
            self._finish(LABELS_REMOVED)
        elif event.value == session.source:
            session.abandon()
            self._last_words = IMAGE_REMOVED

    # A run

    def _request(self) -> Request | Missing:
        image, labels = self.view.image.thing, self.view.superpixels.thing
        return resolve(
            self.view.form(),
            None if image is None else describe_image(image, self._viewer.dims),
            describe_labels(labels) if isinstance(labels, Labels) else None,
        )

    def _launch(self, request: Request) -> None:
        # Adding a layer lets Qt handle events, and so perhaps another press on Run.
        self._busy = True
        try:
            self._last_words = ""
            self._session = Session(self._viewer, self.view.image.thing, request)
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
        if self._start_when_loaded and self.view.loaded:
            self._start_when_loaded = False
            self.start()

    def _look(self) -> None:
        if self._session is not None:
            self._follow(self._session)
        elif not self.view.loaded:
            self._receive(self._loading.take())
        else:
            self._timer.stop()

    def _receive(self, found: Choices | Exception | None) -> None:
        if isinstance(found, Choices):
            self.view.populate(found)
            self._offer_layers()
            self.view.controls.show_ready(self._idle_words())
        elif found is not None:
            self._timer.stop()
            self.view.controls.show_error(f"The methods cannot be loaded: {found}")

    def _follow(self, session: Session) -> None:
        began = time.perf_counter()
        message = session.poll()
        if message is None:
            return
        if message.total:
            self.view.controls.show_progress(message.iteration, message.total, message.sentence)
        if isinstance(message, Update):
            took = 1000 * (time.perf_counter() - began)
            self._timer.setInterval(max(POLL_MS, round(took / SHARE)))
        else:
            self._conclude(message)

    def _conclude(self, message: Ended) -> None:
        self._finish(self._last_words or message.sentence)
        if message.failed:
            self._last_words = ""
            self.view.controls.show_error(message.sentence)

    def _finish(self, sentence: str) -> None:
        self._session = None
        self._last_words = sentence
        self.view.controls.show_ready(sentence)
        self.ended.emit()

    def _connect_widgets(self) -> None:
        self._timer.timeout.connect(self._poll)
        self.view.controls.run.clicked.connect(self.start)
        self.view.controls.stop.clicked.connect(self.stop)
        self.view.image.chosen.connect(self._on_image)


def _load(found: Mailbox[Choices | Exception]) -> None:
    # Threads that start later share one heap with it.
    keep_freed_memory()

    def work() -> None:
        try:
            found.put(load())
        except Exception as error:
            found.put(error)

    in_thread(work)
