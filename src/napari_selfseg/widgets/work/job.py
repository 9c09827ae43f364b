"""A run in a worker thread: it leaves its latest step in a mailbox and ends soon after asked to."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.labelmaps import count
from napari_selfseg.outlines import SUPERPIXELS, Outlines
from napari_selfseg.widgets.model.words import (
    CLOSING,
    FINDING,
    FIRST_LOOK,
    LEARNING,
    LOOKING,
    NETWORK,
    PIECES,
    READING,
    Pace,
    progress,
)
from napari_selfseg.widgets.work.agreement import Moment
from napari_selfseg.widgets.work.live_job import Ended, LiveJob, Progress
from napari_selfseg.widgets.work.runner import sentence_of

if TYPE_CHECKING:
    from napari_selfseg.protocol import Finish, Run, Step
    from napari_selfseg.widgets.model.request import Request

__all__ = ["Early", "Job", "Update"]

# Ends without a closing step.
UNFINISHED: Final = ("abandoned", "failed")


@dataclass(frozen=True, kw_only=True)
class Update(Progress):
    """Where a live run is, with what there is to show.

    Attributes
    ----------
    moment : Moment
        What there is for segments.
    """

    labels: NDArray[Any]
    record: dict[str, Any]
    moment: Moment


@dataclass(frozen=True, kw_only=True)
class Early(Progress):
    """The label map of a first look at a small picture, before the run has any labels."""

    labels: NDArray[Any]


class Job(LiveJob):
    """One run of an image."""

    what = "The run"

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._request = request

    def _do(self) -> Ended:
        self.stage = READING
        arrays = self._request.arrays()
        self._look_first(arrays)
        with self._steered(self._begun(arrays)) as run:
            self.stage = LEARNING if run.method.updates else FINDING
            pace = Pace(run.method.updates)
            self._go_through(run, lambda step: self._see(run, step, pace))
        return self._ended(run)

    def _look_first(self, arrays: dict[str, Any]) -> None:
        """Show something of a large image at once; whatever is wrong with it, the run tells."""
        from napari_selfseg.protocol import first_look

        request = self._request
        if request.after or request.start or isinstance(arrays["superpixels"], np.ndarray):
            return
        keys = ("image", "superpixels", "channel_axis", "mask", "scribbles", "spacing")
        with contextlib.suppress(ValueError, MemoryError):
            look = first_look(
                method=request.method,
                device=request.device,
                threads=request.threads,
                **{key: arrays[key] for key in keys},
            )
            if look is None:
                return
            self.stage = LOOKING
            self._finish(look)
            if not self._relay.abandoned:
                labels = look.labels()
                self.mailbox.put(Early(iteration=0, total=0, sentence=FIRST_LOOK, labels=labels))

    def _begun(self, arrays: dict[str, Any]) -> Run:
        from napari_selfseg.protocol import evolve, go_on

        request = self._request
        if request.after is not None:
            total = request.method.iterations
            outlines = request.method.outlines
            how: dict[str, Any] = {"outlines": outlines, "finish": request.finish}
            return go_on(request.after, arrays["image"], iterations=total, **how)
        self._try_speed(request)
        self.stage = self._pieces(arrays["superpixels"])
        return evolve(
            **arrays,
            method=request.method,
            device=request.device,
            threads=request.threads,
            precision=request.precision,
            start=request.start,
            finish=request.finish,
        )

    def _pieces(self, given: Any) -> str:
        """Say what takes longest while a run is set up."""
        algorithm = self._request.method.default_superpixels() if given is None else given
        return NETWORK if algorithm is None or isinstance(given, np.ndarray) else PIECES

    def _see(self, run: Run, step: Step, pace: Pace) -> None:
        left = pace.left(step.iteration, time.monotonic())
        if step.iteration + 1 == step.total:
            self.stage = CLOSING  # which may take as long as all updates
        # Only a reader who is ready is worth a label map; the last one comes with the end.
        if self.mailbox.empty and run.stopped is None and not self._relay.abandoned:
            self.mailbox.put(self._update(run, step, left))

    def _update(self, run: Run, step: Step, seconds_left: float) -> Update:
        # Whatever was chosen: outlines that follow the image come with the end.
        record = self._recorded(run, step.iteration, SUPERPIXELS, None)
        return Update(
            iteration=step.iteration,
            total=step.total,
            sentence=progress(
                step.iteration,
                step.total,
                step.n_labels,
                step.n_raw_labels,
                step.loss,
                seconds_left,
            ),
            losses={name: float(value) for name, value in step.losses.items()},
            labels=run.project(step.votes),
            record=record,
            moment=Moment(run, record),
        )

    def _ended(self, run: Run) -> Ended:
        """Gather what is left of a run, also of a failed one."""
        failed = run.stopped is not None and run.stopped.kind == "failed"
        if not run.iterations:
            return Ended(run.stop_reason, failed)
        closed = run.stopped is not None and run.stopped.kind not in UNFINISHED
        outlines = run.method.outlines if closed else SUPERPIXELS
        finish = run.finished_as if closed else None
        labels = run.labels(outlines=outlines, finish=finish)
        record = self._recorded(run, None, outlines, finish)
        said = run.stop_reason if finish is None else f"{_counted(labels)} {run.stop_reason}"
        return Ended(said, failed, run.iteration, run.method.updates, labels, record, run)

    def _recorded(
        self, run: Run, iteration: int | None, outlines: Outlines, finish: Finish | None
    ) -> dict[str, Any]:
        record = run.record(iteration, outlines=outlines, finish=finish)
        return {**record, "source": self._request.source}

    def _rescued(self, error: Exception) -> Ended:
        if self._relay.abandoned:
            return Ended("Ended.")
        ended = self._ended(self._work)
        if isinstance(error, MemoryError):
            kept = f" The labels of {ended.iteration} iterations are kept." if ended.run else ""
            ended = dataclasses.replace(ended, sentence=sentence_of(error, self.what) + kept)
        return ended


def _counted(objects: NDArray[Any]) -> str:
    from napari_selfseg.protocol import objects_in_words

    return objects_in_words(count(objects))
