"""One live run of a dock: the job in its thread, and the layer that shows it."""

from __future__ import annotations

from typing import Any

from napari_selfseg.widgets.agreement import Cut
from napari_selfseg.widgets.outcome import Outcome
from napari_selfseg.widgets.results import Canvas, hide_earlier, settle
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
        self._canvas = Canvas(viewer, source, request)
        self.layer = self._canvas.layer
        self.over = False
        self.outcome: Outcome | None = None
        self._request = request
        self._job = Job(request)
        self._viewer = viewer
        self._record: dict[str, Any] | None = None
        self._latest: Update | Ended | None = None
        self._cut: Cut | None = None

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
            self._latest = message
            if self._cut is None:
                self._show_classes()
        if isinstance(message, Ended):
            self._settle()
            if message.run is not None:
                self.outcome = Outcome(
                    self._viewer, self.source, self._canvas, self._request, message.run
                )
        return message

    def show(self, cut: Cut | None) -> None:
        """Show segments from now on, or classes.

        Parameters
        ----------
        cut : Cut or None
            None for the classes of each iteration as it comes.
        """
        self._cut = cut
        if cut is None:
            self._show_classes()
        else:
            self._canvas.show(cut.labels(), "segments")
            self._record = cut.record

    def _show_classes(self) -> None:
        if self._latest is not None and self._latest.labels is not None:
            self._canvas.show(self._latest.labels, "classes")
            self._record = self._latest.record

    def _settle(self) -> None:
        self.over = True
        if self._record is not None:
            settle(self.layer, self._record)
        elif self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
