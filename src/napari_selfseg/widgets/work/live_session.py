"""What live sessions of the dock have in common: a job in its thread, and a layer for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from napari_selfseg.widgets.canvas.label_layer import hide_earlier
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.live_job import Ended, LiveJob, Progress
from napari_selfseg.widgets.work.runner import in_thread

__all__ = ["LiveSession"]


class LiveSession(ABC):
    """From the press on Run to the settled labels; used on the main thread only.

    The viewer gets a new labels layer at once, because the first drawing of one takes long.

    Attributes
    ----------
    over : bool
        Whether the end was shown.
    stopping : str
        What is said after a press on Stop.
    outcome : Outcome or None
        What is left of the run of an image; None before its end, or when nothing is.
    """

    stopping: ClassVar[str] = "Stopping: a closing pass settles the labels..."
    layer: Any
    _job: LiveJob

    def __init__(self, viewer: Any, source: Any, request: Request) -> None:
        hide_earlier(viewer, request.picture.name)
        self.source, self.request = source, request
        self.over = False
        self.outcome: Outcome | None = None
        self._viewer = viewer

    @property
    @abstractmethod
    def begun(self) -> bool:
        """Whether there is anything to keep yet."""

    @property
    def stage(self) -> str:
        """What is being done while there are no labels yet; empty where nobody says it."""
        return self._job.stage

    def start(self) -> None:
        """Start the worker thread."""
        job = self._job
        in_thread(job, job.what, lambda: job.abandon(leave=True))

    def stop(self) -> None:
        """Ask to end; what is done is settled and kept."""
        self._job.stop()

    def abandon(self) -> None:
        """End soon, without a closing pass; `poll` still tells of the end."""
        self._job.abandon()

    def leave(self) -> None:
        """End soon and keep the labels as they are: nobody polls any more."""
        self._job.abandon(leave=True)
        self._settle()

    def poll(self) -> Progress | Ended | None:
        """Note what is in view, show the latest labels, and return what is new."""
        self._look()
        message = self._job.mailbox.take()
        if message is not None:
            self._show(message)
        if isinstance(message, Ended):
            self._settle()
        return message

    def _settle(self) -> None:
        self.over = True
        if self.begun:
            self._hand_over()
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)

    @abstractmethod
    def _look(self) -> None:
        """Tell the job what is in view."""

    @abstractmethod
    def _show(self, message: Progress | Ended) -> None:
        """Show what is new."""

    @abstractmethod
    def _hand_over(self) -> None:
        """Leave the layer to the user."""
