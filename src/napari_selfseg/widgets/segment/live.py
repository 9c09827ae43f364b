"""The session that is at work: polled, asked to stop, and let go of at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QObject, QTimer

from napari_selfseg.widgets.estimates.awaited import Awaited
from napari_selfseg.widgets.model.words import CLOSING, READING, preparing
from napari_selfseg.widgets.views.controls import Controls
from napari_selfseg.widgets.work.agreement import Moment
from napari_selfseg.widgets.work.dock.activity import Activity
from napari_selfseg.widgets.work.job import Update
from napari_selfseg.widgets.work.live_job import Ended, Progress
from napari_selfseg.widgets.work.live_session import LiveSession
from napari_selfseg.widgets.work.runner import sentence_of
from napari_selfseg.widgets.work.task import POLL_MS

if TYPE_CHECKING:
    from napari_selfseg.protocol import Estimate

__all__ = ["Live"]

logger: Final = logging.getLogger(__name__)

# Showing steps may take this share of the main thread, painting included.
SHARE: Final = 0.3
# Seconds in which nothing is heard before it is said what is waited for.
PATIENCE: Final = 2.0
WHAT: Final = "Segment {name}"
ENDED: Final = "Ended before there were labels."
IMAGE_REMOVED: Final = "Ended: the image layer was removed. The last labels are kept."
SHOWING: Final = "Showing the run"
LABELS_REMOVED: Final = "Ended: the labels layer was removed."


class Live(QObject):
    """One session at a time: of an image, a stack, or a large image by tiles.

    Parameters
    ----------
    followed : callable
        Called with the moment of every `Update`.
    finished : callable
        Called with a sentence, the session, and `Ended` where it was told.

    Attributes
    ----------
    session : LiveSession or None
        At work.
    """

    def __init__(
        self,
        controls: Controls,
        followed: Callable[[Moment], None],
        finished: Callable[[str, LiveSession, Ended | None], None],
    ) -> None:
        super().__init__(controls)
        self.session: LiveSession | None = None
        self._controls, self._followed, self._finished = controls, followed, finished
        self._stopping = self._launching = False
        self._reason = self._seen = self._said = ""
        self._waiting = False
        self._since = self._heard = 0.0
        self._taken: Estimate | None = None
        self._awaited: Awaited | None = None
        self._activity = Activity(controls.bar, self.stop)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)

    @property
    def busy(self) -> bool:
        """Whether a session is at work, or about to be."""
        return self.session is not None or self._launching

    def begin(self, make: Callable[[], LiveSession]) -> None:
        """Begin, unless a session is at work, the session that `make` returns."""
        # Adding a layer lets Qt handle events, and so perhaps another press on Run.
        if self.busy:
            return
        self._launching = True
        self._since, self._waiting = time.monotonic(), True
        self._seen, self._said = "", preparing(READING, 0)
        # Seen before the first drawing of a labels layer, which takes long.
        self._controls.show_live(self._said)
        self._controls.repaint()
        try:
            self.session = make()
        except Exception:
            self._controls.show_ready("")
            raise
        finally:
            self._launching = False
        self._stopping, self._reason = False, ""
        self.session.start()
        self._activity.begin(WHAT.format(name=self.session.source.name))
        self._timer.start(POLL_MS)

    def expect(self, taken: Estimate | None) -> None:
        """Take what the session that begins is going to take; it is told anew where it is not."""
        self._taken, self._awaited = taken, None

    def stop(self) -> None:
        """Ask to end and settle the labels; asked twice, it ends as it is."""
        session = self.session
        if session is None:
            return
        if not self._stopping:
            session.stop()
            self._controls.show_stopping(session.stopping)
        elif session.begun:
            session.abandon()
            self._controls.show_ending()
        else:
            self.leave(ENDED)
        self._stopping = True

    def leave(self, sentence: str = "") -> None:
        """End now, say why, and wait for nothing."""
        self._timer.stop()
        if self.session is not None:
            self.session.leave()
            self._let_go(self.session, sentence)

    def forget(self, layer: Any) -> None:
        """End where a layer was removed that the session needs."""
        session = self.session
        if session is None or session.over:
            return
        if layer == session.layer:
            session.abandon()
            self._let_go(session, LABELS_REMOVED)
        elif layer == session.source:
            session.abandon()
            self._reason = IMAGE_REMOVED

    def _poll(self) -> None:
        if self.session is None:
            self._timer.stop()
        elif not self._launching:
            try:
                self._follow(self.session)
            except Exception as error:  # it would be raised again at every look
                logger.exception("%s failed", SHOWING)
                self.leave(sentence_of(error, SHOWING))

    def _follow(self, session: LiveSession) -> None:
        began = time.perf_counter()
        message = session.poll()
        if message is None:
            self._wait(session)
            return
        self._note(message)
        if message.total:
            losses = message.losses if isinstance(message, Progress) else {}
            self._controls.show_step(message.iteration, message.total, message.sentence, losses)
        elif isinstance(message, Progress):  # nothing is trained: there is no bar to fill
            self._controls.say(message.sentence)
        if isinstance(message, Ended):
            self._let_go(session, self._reason or message.sentence, message)
            return
        if isinstance(message, Update):
            self._followed(message.moment)
        took = 1000 * (time.perf_counter() - began)
        self._timer.setInterval(max(POLL_MS, round(took / SHARE)))

    def _note(self, message: Progress | Ended) -> None:
        """Note that there are labels, or what is seen of a first look before there are."""
        self._heard = time.monotonic()
        self._waiting = not (message.total or isinstance(message, Update | Ended))
        self._seen = f"{message.sentence}. " if self._waiting else ""
        if not self._waiting:
            self._controls.show_estimate("")

    def _wait(self, session: LiveSession) -> None:
        """Say what is done before there are labels or at last, unless it is said that it stops."""
        now, closing = time.monotonic(), session.stage == CLOSING
        if self._stopping or not (self._waiting or (closing and now - self._heard >= PATIENCE)):
            return
        if self._waiting and session.stage not in ("", READING):
            self._correct()
        since = self._since if self._waiting else self._heard
        words = self._seen + preparing(session.stage or READING, now - since)
        # Whatever is said is painted with half the window.
        if words != self._said:
            self._said = words
            self._controls.say(words)

    def _correct(self) -> None:
        """Tell the time anew where the run gets less of the processors than was thought."""
        clocks = time.monotonic(), time.process_time()
        if self._awaited is None and self._taken is not None:
            # Reading is no matter of processors, so time begins after it.
            self._awaited = Awaited(self._taken, *clocks)
        words = "" if self._awaited is None else self._awaited.words(*clocks)
        if words and words != self._controls.estimate.text():
            self._controls.show_estimate(words)

    def _let_go(self, session: LiveSession, sentence: str, message: Ended | None = None) -> None:
        self.session = None
        self._activity.end()
        self._finished(sentence, session, message)
