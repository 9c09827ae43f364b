"""One live run of a dock: the job in its thread, and the layer that shows it."""

from __future__ import annotations

from typing import Any

from napari_selfseg.widgets.outcome import Outcome
from napari_selfseg.widgets.results import add_labels, hide_earlier, settle, show
from napari_selfseg.widgets.runner import Ended, Job, Update, in_thread
from napari_selfseg.widgets.state import Request

__all__ = ["Session"]


class Session:
    """From the press on Run to the settled labels; used on the main thread only.

    Parameters
    ----------
    viewer : napari.Viewer
        Gets a new labels layer at once, because the first drawing of one takes long.
    source : napari.layers.Image
        The image layer.
    request : Request
        What to run.

    Attributes
    ----------
    over : bool
        Whether the end was shown.
    outcome : Outcome or None
        What is left of the run; None before its end, or when nothing is.
    """

    def __init__(self, viewer: Any, source: Any, request: Request) -> None:
        hide_earlier(viewer, request.picture.name)
        self.source = source
        self.layer = add_labels(viewer, source, request)
        self.over = False
        self.outcome: Outcome | None = None
        self._request = request
        self._job = Job(request)
        self._viewer = viewer
        self._record: dict[str, Any] | None = None

    def start(self) -> None:
        """Start the worker thread."""
        in_thread(self._job)

    def stop(self) -> None:
        """Ask the run to end and settle its labels."""
        self._job.stop()

    def abandon(self) -> None:
        """End the run soon, without a closing pass; `poll` still tells of the end."""
        self._job.abandon()

    def leave(self) -> None:
        """End the run soon and keep the labels as they are: nobody polls any more."""
        self._job.abandon()
        self._settle()

    @property
    def begun(self) -> bool:
        """Whether there are labels yet."""
        return self._record is not None

    def poll(self) -> Update | Ended | None:
        """Show the latest labels.

        Returns
        -------
        Update, Ended or None
            What is new.
        """
        message = self._job.mailbox.take()
        if message is not None and message.labels is not None:
            show(self.layer, message.labels)
            self._record = message.record
        if isinstance(message, Ended):
            self._settle()
            if message.run is not None:
                self.outcome = Outcome(
                    self._viewer, self.source, self.layer, self._request, message.run
                )
        return message

    def _settle(self) -> None:
        self.over = True
        if self._record is not None:
            settle(self.layer, self._record)
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
