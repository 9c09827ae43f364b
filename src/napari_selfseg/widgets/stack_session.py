"""One live stack of a dock: the job in its thread, the layer it fills, and the plane in view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.layers import METADATA, describe_image
from napari_selfseg.widgets.measure import unit_of
from napari_selfseg.widgets.results import add_labels, hide_earlier
from napari_selfseg.widgets.runner import Ended, in_thread
from napari_selfseg.widgets.stack_job import Seen, StackJob, StackUpdate
from napari_selfseg.widgets.stack_room import make_room
from napari_selfseg.widgets.state import Request

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit

__all__ = ["StackSession"]


class StackSession:
    """From the press on Run to the last plane; used on the main thread only.

    Parameters
    ----------
    viewer : napari.Viewer
        Gets a labels layer of the whole stack at once.
    source : napari.layers.Image
        The image layer.
    request : Request
        With a `Request.stack`.
    before : StackSession, optional
        One of the same request, whose planes are kept.

    Attributes
    ----------
    room : Room
        Where the labels are.
    layer : napari.layers.Labels
        Filled plane by plane.
    over : bool
        Whether the end was shown.
    """

    outcome = None

    def __init__(
        self, viewer: Any, source: Any, request: Request, before: StackSession | None = None
    ) -> None:
        hide_earlier(viewer, request.picture.name)
        self.source, self.request = source, request
        self.over = False
        self._viewer, self._along = viewer, request.along
        self._seen = Seen()
        if before is None:
            self.room = make_room(self._along, _dtype(request), request.spacing, unit_of(source))
            self.layer = add_labels(viewer, source, request, self.room.array)
        else:
            self.room, self.layer = before.room, before.layer
            self.layer.visible, self.layer.editable = True, False
        done = None if before is None else before.done
        self._job = StackJob(request, self.room, self._seen, self.layer.metadata, METADATA, done)
        self._look()
        events = viewer.dims.events
        self._turns = (events.point, events.order, events.ndisplay)
        for each in self._turns:
            each.connect(self._look)

    @property
    def fit(self) -> Fit | None:
        """What was learned; None before the end."""
        return self._job.fit

    @property
    def begun(self) -> bool:
        """Whether there are labels yet."""
        return self._job.begun

    @property
    def done(self) -> NDArray[np.bool_] | None:
        """Which planes are there; None before the end."""
        return self._job.done

    @property
    def kept(self) -> bool:
        """Whether it has ended, and left labels."""
        return self.over and self.layer in self._viewer.layers

    def start(self) -> None:
        """Start the worker thread."""
        in_thread(self._job)

    def stop(self) -> None:
        """Ask to end with the planes that are done."""
        self._job.stop()

    def abandon(self) -> None:
        """End soon; `poll` still tells of the end."""
        self._job.abandon()

    def leave(self) -> None:
        """End soon and keep what is done: nobody polls any more."""
        self._job.abandon(leave=True)
        self._settle()

    def poll(self) -> StackUpdate | Ended | None:
        """Show the latest labels.

        Returns
        -------
        StackUpdate, Ended or None
            What is new.
        """
        message = self._job.mailbox.take()
        if message is not None:
            self.layer.refresh()
        if isinstance(message, Ended):
            self._settle()
        return message

    def _look(self, event: object = None) -> None:
        """Note what is in view."""
        picture = describe_image(self.source, self._viewer.dims)
        self._seen.plane = self._along.number(picture.position)
        hidden = len(picture.scale) - self._viewer.dims.ndisplay
        across = any(axis in picture.plane for axis in self._along.axes)
        self._seen.across = across or hidden < len(self._along.axes)

    def _settle(self) -> None:
        self.over = True
        for each in self._turns:
            each.disconnect(self._look)
        self.layer.editable = True
        if not self.begun and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)


def _dtype(request: Request) -> Any:
    from napari_selfseg.scale import stack_dtype

    return stack_dtype(request.method, request.stack.carry if request.stack else "")
