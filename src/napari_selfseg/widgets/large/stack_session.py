"""One live stack of a dock: the layer it fills, and the plane in view."""

from __future__ import annotations

from typing import Any

from napari_selfseg.widgets.canvas.label_layer import add_labels
from napari_selfseg.widgets.canvas.label_storage import make_stack_storage
from napari_selfseg.widgets.canvas.layers import METADATA, describe_image
from napari_selfseg.widgets.large.large_session import LargeSession
from napari_selfseg.widgets.large.stack_job import PlanesInView, StackJob
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.request import Request

__all__ = ["StackSession"]


class StackSession(LargeSession):
    """A stack, plane by plane; planes of a session `before`, of the same request, are kept."""

    _job: StackJob

    def __init__(
        self, viewer: Any, source: Any, request: Request, before: StackSession | None = None
    ) -> None:
        super().__init__(viewer, source, request)
        self._along = request.along
        self._in_view = PlanesInView()
        if before is None:
            self.storage = make_stack_storage(
                self._along, _dtype(request), request.spacing, unit_of(source)
            )
            self.layer = add_labels(viewer, source, request, self.storage)
        else:
            self.storage, self.layer = before.storage, before.layer
            self.layer.visible, self.layer.editable = True, False
        done = None if before is None else before._job.done
        self._job = StackJob(
            request, self.storage, self._in_view, self.layer.metadata, METADATA, done
        )
        self._look()

    @property
    def unfinished(self) -> bool:
        """Whether it has ended, and planes are left."""
        return self._job.done is not None and not self._job.done.all()

    def again(self) -> StackSession:
        """Return a session that does the planes that are left."""
        return StackSession(self._viewer, self.source, self.request, self)

    def _look(self) -> None:
        picture = describe_image(self.source, self._viewer.dims)
        if picture.shape != self.request.picture.shape:
            return  # somebody gave the layer other data
        self._in_view.plane = self._along.number(picture.position)
        # Fewer sliders than axes of the stack, as in 3-D: the canvas shows several planes.
        hidden = len(picture.scale) - self._viewer.dims.ndisplay
        across = any(axis in picture.plane for axis in self._along.axes)
        self._in_view.across = across or hidden < len(self._along.axes)


def _dtype(request: Request) -> Any:
    from napari_selfseg.scale import stack_dtype

    carry = request.stack.carry if request.stack else ""
    return stack_dtype(request.method, carry, finished=request.finish is not None)
