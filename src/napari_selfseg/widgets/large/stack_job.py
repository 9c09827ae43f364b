"""A stack in a worker thread: planes go into the labels as they are done, the one in view live."""

from __future__ import annotations

import contextlib
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.label_storage import IN_MEMORY, LabelStorage
from napari_selfseg.widgets.large.stack_arrays import stack_arrays
from napari_selfseg.widgets.model.records import renew
from napari_selfseg.widgets.model.words import READING, STACK_BEGINS, stack_progress
from napari_selfseg.widgets.work.live_job import Ended, LiveJob, Progress

if TYPE_CHECKING:
    from napari_selfseg.protocol import Fit
    from napari_selfseg.scale import StackRun, StackStep
    from napari_selfseg.widgets.model.request import Request

__all__ = ["PlanesInView", "StackJob"]


@dataclass
class PlanesInView:
    """What is on the canvas: written by the window, read by the worker.

    Attributes
    ----------
    plane : int
        The plane in view.
    across : bool
        Whether the canvas shows lines of all planes: then each is in view.
    """

    plane: int = 0
    across: bool = False


class StackJob(LiveJob):
    """One stack from request to end.

    The labels are written by this thread alone, so that no older labels of a plane can replace
    newer ones. `records` is a plain dict, so that the record gets there also when nobody waits for
    it. `done` are planes that are there already.

    Attributes
    ----------
    fit : Fit or None
        What was learned; None before the end, or when nothing was.
    begun : bool
        Whether there are labels.
    done : ndarray of bool or None
        Planes that are there.
    """

    what = "The stack"

    def __init__(
        self,
        request: Request,
        storage: LabelStorage,
        in_view: PlanesInView,
        records: MutableMapping[Any, Any],
        key: str,
        done: NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__()
        self.fit: Fit | None = None
        self.done = done
        self.begun = done is not None and bool(done.any())
        self._request, self._storage, self._in_view = request, storage, in_view
        self._records, self._key = records, key
        self._along = request.along
        # Planes that show labels of an unfinished run, which are emptied where it comes to nothing.
        self._live: set[int] = set()

    def _do(self) -> Ended:
        from napari_selfseg.scale import over_stack

        request, stack = self._request, self._request.stack
        if stack is None:
            raise ValueError("There is no stack to go along.")
        self.stage = READING
        arrays = stack_arrays(request)
        self._try_speed(request)
        self.stage = STACK_BEGINS[stack.carry == "joint"]
        begun = over_stack(
            **arrays,
            **stack.options(),
            method=request.method,
            finish=request.finish,
            out=self._storage.array,
            done=self.done,
            viewed=lambda: self._in_view.plane,
            device=request.device,
            threads=request.threads,
            precision=request.precision,
        )
        with self._storage.held(), self._steered(begun) as run:
            self._go_through(run, lambda step: self._see(run, step))
            return self._ended(run)

    def _see(self, run: StackRun, step: StackStep) -> None:
        # Only a reader who is ready is worth a label map; a plane that ends is always told.
        if self.mailbox.empty or step.step is None:
            self._show(run, step)
            self.mailbox.put(self._update(run, step))

    def _show(self, run: StackRun, step: StackStep) -> None:
        """Write the plane at work where that is in view; it is overwritten once it is done."""
        self.begun = self.begun or step.done > 0
        if step.step is None:
            self._erase(set(run.failed))
        elif step.plane == self._in_view.plane or self._in_view.across:
            self._live.add(step.plane)
            self.begun = True
            spot = self._along.spot(step.plane)
            self._storage.array[spot] = run.project(step).astype(self._storage.array.dtype)

    def _erase(self, planes: set[int]) -> None:
        for plane in self._live & planes:
            self._storage.array[self._along.spot(plane)] = 0
            self._live.discard(plane)

    def _update(self, run: StackRun, step: StackStep) -> Progress:
        words = ""
        if (at := step.step) is not None:
            name = self._along.name(step.plane)
            labels = f"{at.n_labels} label{'' if at.n_labels == 1 else 's'}"
            words = f"{name}: iteration {at.iteration} of {at.total}, {labels}"
        failed = self._named(run)
        sentence = stack_progress(step.done, step.total, words, step.seconds_left, failed)
        return Progress(step.done, step.total, sentence)

    def _named(self, run: StackRun) -> dict[str, str]:
        return {self._along.name(plane): why for plane, why in run.failed.items()}

    def _ended(self, run: StackRun) -> Ended:
        """Leave nothing half done in the labels, and say how it ended."""
        self.done = done = run.done
        stopped = run.stopped is not None and run.stopped.kind == "asked"
        if not stopped:
            self._erase(set(range(len(done))) - set(np.flatnonzero(done).tolist()))
        self.begun = bool(done.any()) or bool(run.stops) or bool(self._live)
        with contextlib.suppress(ValueError):
            self.fit = run.fit
        record = self._recorded(run) if self.begun else None
        failed = run.stopped is not None and run.stopped.kind == "failed"
        return Ended(self._words(run), failed, int(done.sum()), len(done), record=record)

    def _recorded(self, run: StackRun) -> dict[str, Any] | None:
        # A window that closes must not wait until a large image was read once more.
        if self._left and np.prod(self._along.shape, dtype=float) > IN_MEMORY:
            return None
        made = {**run.record(), "source": self._request.source}
        record = renew(self._records, self._key, made)
        self._storage.finish(record)
        return record

    def _words(self, run: StackRun) -> str:
        words = run.stop_reason
        if run.failed:
            words += f" Left empty: {'; '.join(self._named(run))}."
        if self._storage.path is not None and self.begun:
            words += self._storage.where
        return words

    def _rescued(self, error: Exception) -> Ended:
        return self._ended(self._work)
