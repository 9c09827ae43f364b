"""A stack or time series, plane by plane, with ids that stay the same along it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.pictures.cards import Card
from napari_selfseg.protocol import (
    Fit,
    Progress,
    Step,
    Stop,
    StopRelay,
    Work,
    changed_parameters,
    pictured,
    seen_plane,
    told,
)
from napari_selfseg.scale._planes._carrying import WHOLE, Carrying, Found
from napari_selfseg.scale._planes._joint import Joint
from napari_selfseg.scale._planes._order import Order, Viewed, plane_in_view
from napari_selfseg.scale._planes._request import StackRequest
from napari_selfseg.scale._planes._stack_labels import StackLabels
from napari_selfseg.scale._planes._stack_record import stack_record
from napari_selfseg.scale._planes._stack_step import Pace, StackStep, counted, ended

__all__ = ["StackRun"]

# Planes that failed, of those that a notebook names.
SHOWN: Final = 5


class StackRun(Work[StackStep]):
    """Label a stack; iterate to advance. Made by `over_stack`.

    Planes are written whole as they are done, and stay whatever happens afterwards.

    Attributes
    ----------
    out : array
        The labels; 0 where nothing is done yet.
    method : Method
        What runs.
    failed : dict of int to str
        Planes that could not be used, and why. Their labels are 0.
    stops : dict of int to Stop
        Why the run of each plane ended.
    iterations : dict of int to int
        Updates made on each plane; none in a common fit.
    order : list of int
        Planes in the order in which they were taken.
    stopped : Stop or None
        Why the stack ended; None while it goes on.
    """

    def __init__(
        self,
        request: StackRequest,
        carry: Carrying,
        *,
        viewed: Viewed,
        relay: StopRelay,
        told: dict[str, Any],
    ) -> None:
        self._request, self._carry, self._viewed = request, carry, viewed
        self._labels: StackLabels = carry.labels
        self._order: Order = carry.order
        self._relay, self._told, self._pace = relay, told, Pace()
        self.out, self.method = self._labels.array, request.method
        self.failed: dict[int, str] = {}
        self.stops: dict[int, Stop] = {}
        self.iterations: dict[int, int] = {}
        self.order: list[int] = []
        self.stopped: Stop | None = None
        self._seen: StackStep | None = None
        self._work = self._advance()

    def __next__(self) -> StackStep:
        """Advance by one iteration of a run, or end a plane.

        Raises
        ------
        OutOfMemory, DeviceLost
            When memory ran out or the device failed; planes that are done stay.
        ValueError
            When no common fit can be made, or ids do not fit into the type of the labels.
        OSError
            When the labels cannot be written.
        """
        try:
            self._seen = next(self._work)
            return self._seen
        except StopIteration:
            self.stopped = self.stopped or self._ended
            raise
        except Exception as error:
            self.stopped = Stop(
                "failed", f"The stack failed after {counted(self._labels.done)}: {error}"
            )
            raise

    def stop(self) -> None:
        """Ask to end after the current layer; from any thread. Planes that are done stay.

        The plane at work is written as it then is, and does not count as done.
        """
        self._relay.stop()

    def abandon(self) -> None:
        """Ask to end after the current layer without the plane at work; from any thread."""
        self._relay.abandon()

    def close(self) -> None:
        """End now and free the device; from the thread that iterates."""
        self._relay.abandon()
        self._work.close()
        self.stopped = self.stopped or self._ended

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which planes are done; one bool a plane, those of several axes in a row. A copy."""
        return self._labels.done.copy()

    @property
    def progress(self) -> Progress:
        """How many planes are done."""
        return Progress("plane", int(self._labels.done.sum()), len(self._labels.done))

    @property
    def stop_reason(self) -> str:
        """Why the stack ended, in a sentence; empty while it goes on."""
        return self.stopped.sentence if self.stopped else ""

    @property
    def fit(self) -> Fit:
        """What was learned: by the common fit, or on the last plane.

        Raises
        ------
        ValueError
            When there is none yet.
        """
        if self._carry.fit is None:
            raise ValueError("There is no fit yet: no run has ended.")
        return self._carry.fit

    def project(self, step: StackStep) -> NDArray[Any]:
        """Return the labels of the plane at work, with the ids of the stack so far.

        `step` is the last one, from the thread that iterates.

        Raises
        ------
        ValueError
            When no run is at work.
        """
        return self._labels[step.plane] if step.step is None else self._carry.project(step.step)

    def card(self) -> Card:
        """Say what a notebook shows: the plane at work, or the last that was."""
        at = self._seen
        plane = at.plane if at else 0
        size = " x ".join(map(str, self._request.planes.whole))
        rows = [("Stack", size), ("Parameters", changed_parameters(self.method))]
        rows.append(("Plane", str(plane)))
        rows += [("Failed", f"plane {k}: {why}") for k, why in self.failed.items()][:SHOWN]
        labels = self.project(at) if at and self.stopped is None else self._labels[plane]
        behind = seen_plane(self._request.planes[plane], self._request.channel_axis)
        title = f"{self.method.title}, plane by plane"
        return Card(title, rows, pictured(labels, behind), **told(self))

    def record(self) -> dict[str, Any]:
        """Return all that is needed to make these labels again; reads the stack once more."""
        fitted = self._carry.fitted if isinstance(self._carry, Joint) else None
        planes = {
            str(k): {"stop": stop.kind, "iterations": self.iterations[k]}
            for k, stop in self.stops.items()
        }
        failed = {str(k): why for k, why in self.failed.items()}
        became = {"order": self.order, "fitted": fitted, "planes": planes, "failed": failed}
        told = {**self._told, **became}
        updates = self._carry.iterations if isinstance(self._carry, Joint) else 0
        return stack_record(
            self._request, told, sum(self.iterations.values()) + updates, self.stopped
        )

    def _advance(self) -> Generator[StackStep, None, None]:
        for fitted, step in self._carry.prepare(self._in_view):
            yield self._step(fitted, step)
        # A common fit that was stopped has labels of its planes: they are shown, and not done.
        if isinstance(self._carry, Joint):
            self._labels.show(self._carry.unfinished)
        while self._order.left and not self._relay.asked:
            plane = self._order.next(self._in_view())
            self._pace.begin()
            self.order.append(plane)
            yield from self._plane(plane)

    def _plane(self, plane: int) -> Iterator[StackStep]:
        """Label a plane; say in a sentence why it cannot be, and go on."""
        work = self._carry.plane(plane)
        try:
            found = yield from self._steps(plane, work)
        # One plane that cannot be used does not end the stack.
        except (ValueError, OSError) as error:
            self.failed[plane] = str(error)
            self._order.skip(plane)
            yield self._step(plane, None)
            return
        if found is not None:
            self._write(plane, found)
            self._pace.end()
            yield self._step(plane, None)

    def _steps(
        self, plane: int, work: Generator[Step, None, Found | None]
    ) -> Generator[StackStep, None, Found | None]:
        with contextlib.closing(work):
            while True:
                try:
                    step = next(work)
                except StopIteration as end:
                    found: Found | None = end.value
                    return found
                yield self._step(plane, step)

    def _step(self, plane: int, step: Step | None) -> StackStep:
        _, done, total = self.progress
        left = self._pace.left(total - done - len(self.failed))
        return StackStep(plane, step, done, total, left)

    def _write(self, plane: int, found: Found) -> None:
        """Write a plane; one that was stopped on its way is shown, but not done."""
        if found.stop.kind in WHOLE:
            self._labels.finish(plane, found.ids)
            self._order.finish(plane)
        else:
            self._labels.write(plane, found.ids)
        self.stops[plane], self.iterations[plane] = found.stop, found.iterations

    def _in_view(self) -> int:
        return plane_in_view(self._viewed, self._order.shape)

    @property
    def _ended(self) -> Stop:
        return ended(self._labels.done, self.failed, abandoned=self._relay.abandoned)
