"""What all docks share, and what those share that do one long job at a time."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol, cast

from qtpy.QtCore import QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QProgressBar, QPushButton, QWidget

from napari_selfseg.machine.memory import keep_freed_memory
from napari_selfseg.widgets.canvas import settings
from napari_selfseg.widgets.canvas.layer_watcher import LayerWatcher
from napari_selfseg.widgets.model.choices import Choices, load
from napari_selfseg.widgets.parts.access.accessible import in_reading_order
from napari_selfseg.widgets.parts.access.canvas_keys import Claim
from napari_selfseg.widgets.parts.access.keys import RUN, STOP, Keys, Presses
from napari_selfseg.widgets.parts.keeping import Kept
from napari_selfseg.widgets.parts.panels import stacked
from napari_selfseg.widgets.parts.style import allow
from napari_selfseg.widgets.work.dock.activity import Activity
from napari_selfseg.widgets.work.dock.memory import Memory
from napari_selfseg.widgets.work.dock_lifecycle import Life
from napari_selfseg.widgets.work.removal import SafeRemoval
from napari_selfseg.widgets.work.runner import in_thread, sentence_of
from napari_selfseg.widgets.work.task import POLL_MS, Tasks
from napari_selfseg.widgets.work.work_job import JobEnd, WorkJob

__all__ = ["DockBase", "WorkDock"]

STOPPING: Final = "It is stopping."
SHOWING: Final = "Showing how far it is"

logger: Final = logging.getLogger(__name__)


class WorkView(Protocol):
    """What such a dock shows."""

    run: QPushButton
    stop: QPushButton

    @property
    def bar(self) -> QProgressBar:
        """How far a job is."""

    def populate(self, choices: Choices, device: str) -> None:
        """Offer the methods and devices there are."""

    def say(self, text: str) -> None:
        """Show a sentence."""

    def show_error(self, text: str) -> None:
        """Show a sentence about what cannot be done."""

    def show_live(self, text: str) -> None:
        """Show that a job is being prepared."""

    def show_ready(self, text: str) -> None:
        """Show that a job can be started."""


class DockBase(QWidget):
    """A dock: a view, work in threads, layers that are watched, and an end of it all.

    A dock makes what it needs and then calls `_open_from_now`. What it opens and closes beyond that
    is said by `_begin` and `_end`. `show_error` is called where work in a thread fails.
    """

    ended = Signal()
    # The name under which it keeps what is filled in.
    remembered_as: ClassVar[str] = ""
    # Set by each dock before it is open.
    _watch: LayerWatcher

    def __init__(
        self, napari_viewer: Any, view: QWidget, show_error: Callable[[str], None]
    ) -> None:
        super().__init__()
        self.view: Any = view
        stacked(self).addWidget(view)
        self._viewer = napari_viewer
        self._memory = Memory(self.remembered_as, view, self._kept())
        if (again := getattr(view, "afresh", None)) is not None:
            again.clicked.connect(lambda _: self._memory.forget())
        self._tasks = Tasks(self, show_error)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, N802 - Qt's names
        """Go on as the dock is read; what was added meanwhile has its place as well."""
        in_reading_order(self)
        return super().focusNextPrevChild(next)

    def _open_from_now(self) -> None:
        """Follow the viewer while the dock is open; the last thing to be called when it is made."""
        self._removal = SafeRemoval(self, self._viewer)
        self._keys = Keys(self, self._presses())
        self._claim = Claim(self, self._presses())
        self._life = Life(self, self._begin, self._end)

    def _presses(self) -> Presses:
        """Return what the keys of the dock do."""
        stop = getattr(self.view, "stop", None)
        return {RUN: self.view.run.click} | ({} if stop is None else {STOP: stop.click})

    def _begin(self) -> None:
        """Follow the layers; the dock is open."""
        self._watch.begin()

    def _kept(self) -> Kept:
        """Return the controls whose values are remembered; of no dock by default."""
        return getattr(self.view, "kept", {})

    def _end(self) -> None:
        """Keep what is filled in, and let go of all work, keys and layers; the dock is closed."""
        self._claim.give_up()
        self._memory.keep()
        self._tasks.clear()
        self._watch.end()


class WorkDock(DockBase):
    """A dock that does one long job at a time in a worker thread."""

    doing: ClassVar[str]
    preparing: ClassVar[str]
    stopping: ClassVar[str]

    def __init__(self, napari_viewer: Any, view: WorkView) -> None:
        super().__init__(napari_viewer, cast(QWidget, view), view.show_error)
        self._settings = settings.read()
        self._threads = self._settings.threads
        self._loaded = False
        self._job: WorkJob | None = None
        self._activity = Activity(view.bar, self.stop)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._watch = LayerWatcher(napari_viewer, self._offer, self._forget, selected=self._offer)
        # Threads that start later share one heap with it.
        keep_freed_memory()
        view.run.clicked.connect(self.start)
        view.stop.clicked.connect(self.stop)

    @property
    def live(self) -> bool:
        """Whether a job is live."""
        return self._job is not None

    @property
    def busy(self) -> bool:
        """Whether a job is live, or anything else is being done."""
        return self.live or self._tasks.busy

    @property
    def loaded(self) -> bool:
        """Whether the methods are there."""
        return self._loaded

    def start(self) -> None:
        """Start a job with what is filled in."""
        if self.live or not self.loaded:
            return
        try:
            job = self._new_job()
        except (ValueError, OSError) as error:
            self.view.show_error(str(error))
            return
        self._job = job
        self.view.show_live(self.preparing)
        self._activity.begin(self.doing)
        in_thread(job, job.what, job.stop)
        self._timer.start()

    def stop(self) -> None:
        """Ask the live job to end; what is done is kept."""
        if self._job is not None:
            self._job.stop()
            allow(self.view.stop, STOPPING)
            self.view.say(self.stopping)

    def _begin(self) -> None:
        super()._begin()
        if not self.loaded:
            self._tasks.begin(load, self._populate, "Loading the methods")

    def _end(self) -> None:
        self._timer.stop()
        super()._end()
        if self._job is not None:
            # What is done is written; nobody looks any more.
            self._job.stop()
            self._finish()
            self.view.show_ready("")

    def _populate(self, choices: Choices) -> None:
        self._threads = self._settings.threads or choices.threads
        self._loaded = True
        self.view.populate(choices, self._settings.device)
        self._memory.recall()

    def _poll(self) -> None:
        message = None if self._job is None else self._job.mailbox.take()
        if isinstance(message, JobEnd):
            self._conclude(message)
        elif message is not None:
            self._try_to_show(message)

    def _conclude(self, over: JobEnd[Any]) -> None:
        if over.snapshot is not None:
            self._try_to_show(over.snapshot)
        self._finish()
        self.view.show_ready(over.sentence)
        if over.failed:
            self.view.show_error(over.sentence)
        self.ended.emit()

    def _try_to_show(self, snapshot: Any) -> None:
        """Show where the job is; it goes on also where that fails."""
        try:
            self._show(snapshot)
        except Exception as error:
            logger.exception("%s failed", SHOWING)
            self.view.show_error(sentence_of(error, SHOWING))

    def _finish(self) -> None:
        self._activity.end()
        self._job = None
        self._timer.stop()

    def _offer(self) -> None:
        """Offer the layers there are."""

    def _forget(self, layer: Any) -> None:
        """Let go of a layer that was removed."""

    # Qt has a metaclass of its own, which asks for no abstract methods: mypy does.
    @abstractmethod
    def _new_job(self) -> WorkJob:
        """Make a job of what is filled in; raise ValueError or OSError where there is none."""

    @abstractmethod
    def _show(self, snapshot: Any) -> None:
        """Show where the job is."""
