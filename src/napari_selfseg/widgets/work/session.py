"""One live run of an image: its labels as they come, and what is left of it."""

from __future__ import annotations

from typing import Any

from napari_selfseg.widgets.canvas.label_layer import Canvas, settle
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.work.agreement import Cut
from napari_selfseg.widgets.work.finished_run import Outcome
from napari_selfseg.widgets.work.job import Early, Job, Update
from napari_selfseg.widgets.work.live_job import Ended, Progress
from napari_selfseg.widgets.work.live_session import LiveSession

__all__ = ["Session"]


class Session(LiveSession):
    """A run of one image; it goes on with the run `before`, in its layer, where there is one."""

    def __init__(
        self, viewer: Any, source: Any, request: Request, before: Outcome | None = None
    ) -> None:
        super().__init__(viewer, source, request)
        self._before = before
        self._earlier = None if before is None else before.kept_aside()
        self._canvas = Canvas(viewer, source, request) if before is None else before.hand_on()
        self.layer = self._canvas.layer
        self._job = Job(request)
        # A layer that is gone on in has one; a new one is removed where nothing comes of it.
        self._record: dict[str, Any] | None = self.layer.metadata.get(METADATA)
        self._latest: Update | Ended | None = None
        self._cut: Cut | None = None

    @property
    def begun(self) -> bool:
        """Whether there are labels yet."""
        return self._record is not None

    def show(self, cut: Cut | None) -> None:
        """Show segments from now on; None for the classes of each iteration as it comes."""
        self._cut = cut
        if cut is None:
            self._show_classes()
        else:
            self._canvas.show(cut.labels(), "segments")
            self._record = cut.record

    def _look(self) -> None:
        pass

    def _show(self, message: Progress | Ended) -> None:
        if isinstance(message, Early):
            self._canvas.show_early(message.labels)
        if isinstance(message, Update | Ended) and message.labels is not None:
            self._latest = message
            if self._cut is None:
                self._show_classes()

    def _show_classes(self) -> None:
        if self._latest is not None and self._latest.labels is not None:
            finished = isinstance(self._latest, Ended) and "finish" in (self._latest.record or {})
            self._canvas.show(self._latest.labels, "objects" if finished else "classes")
            self._record = self._latest.record

    def _hand_over(self) -> None:
        if self._latest is None:
            # Nothing came of it: what there was is still there.
            self.outcome = self._before
        settle(self.layer, self._record or {})
        if isinstance(self._latest, Ended) and self._latest.run is not None:
            self.outcome = Outcome(
                self._viewer, self.source, self._canvas, self.request, self._latest.run
            )
            self.outcome.earlier = self._earlier
