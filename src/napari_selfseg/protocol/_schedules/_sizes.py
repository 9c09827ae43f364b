"""The schedule of a run: at which size of the image each update is made."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import Final, Literal, TypeAlias

import torch
from torch import Tensor

from napari_selfseg.protocol._method._cost import Part, Problem
from napari_selfseg.protocol._method._inputs import Inputs
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.protocol._schedules._shrinking import (
    restored_size,
    shrunk,
    shrunk_strokes,
    steps_of,
)

__all__ = [
    "FULL_SIZE",
    "SCHEDULES",
    "SCHEDULE_HELP",
    "Schedule",
    "Sized",
    "Sizes",
    "at_last_size",
    "parts_by_size",
    "phases",
    "relative_work",
]

Schedule: TypeAlias = Literal["full size", "half size", "quarter size", "coarse to fine"]
FULL_SIZE: Final = "full size"
SCHEDULE_HELP: Final = (
    "At which size of the image updates are made: coarse to fine makes the first six tenths at a "
    "quarter of its size and the last tenth at all of it. Smaller is faster; labels always have "
    "all pixels."
)
# How many pixels along an axis are one, and until which share of the updates.
SCHEDULES: Final[dict[Schedule, tuple[tuple[int, float], ...]]] = {
    "full size": ((1, 1.0),),
    "half size": ((2, 1.0),),
    "quarter size": ((4, 1.0),),
    "coarse to fine": ((4, 0.6), (2, 0.9), (1, 1.0)),
}
_ALONE: Final[dict[int, Schedule]] = {1: "full size", 2: "half size", 4: "quarter size"}


def phases(schedule: Schedule, iterations: int) -> list[tuple[Schedule, int]]:
    """Say how many updates, at least one, are made at each size: schedules of one size."""
    found, before = [], 0
    for step, share in SCHEDULES[schedule]:
        last = round(share * iterations)
        if last > before:
            found.append((_ALONE[step], last - before))
        before = last
    return found


def at_last_size(schedule: Schedule, iterations: int, t: int) -> bool:
    """Say whether all updates that follow are made at the last size."""
    return t >= iterations - phases(schedule, iterations)[-1][1]


def relative_work(schedule: Schedule, problem: Problem) -> float:
    """Say what share of the work at full size is left: 0 to 1, the mean over all updates."""
    total, before = 0.0, 0.0
    for step, share in SCHEDULES[schedule]:
        total += (share - before) / step**problem.ndim
        before = share
    return total


def parts_by_size(method: Method, schedule: Schedule, iterations: int) -> tuple[Part, ...]:
    """Say which kinds of updates a run makes whose image has several sizes; see `Method.parts`."""
    sizes = phases(schedule, iterations)
    return tuple(Part(method.replace(schedule=size), n) for size, n in sizes)


@dataclasses.dataclass(frozen=True)
class Sized:
    """An image at the size of an update, and its labels at full size.

    Attributes
    ----------
    inputs : Inputs
        At that size: each pixel has the superpixel of the one in its middle.
    full : Inputs
        At full size.
    steps : tuple of int
        Pixels along each axis that are one.
    """

    inputs: Inputs
    full: Inputs
    steps: tuple[int, ...]

    @cached_property
    def v(self) -> Tensor:
        """The image in the type of the training."""
        return self.inputs.x.to(self.inputs.precision)

    def restored(self, labels: Tensor) -> Tensor:
        """Repeat labels at full size."""
        return restored_size(labels, self.full.x.shape[2:], self.steps)


class Sizes:
    """The image at the size of each update.

    Parameters
    ----------
    schedule : str
        Of the run.
    iterations : int
        Its updates.
    inputs : Inputs
        At full size.
    """

    def __init__(self, schedule: Schedule, iterations: int, inputs: Inputs) -> None:
        self._until = [(step, round(share * iterations)) for step, share in SCHEDULES[schedule]]
        self._inputs = inputs
        self._sized: Sized | None = None

    def at(self, t: int) -> Sized:
        """Return the image for the update after `t`, or the last; only that of one size is kept."""
        wanted = next((step for step, until in self._until if t < until), self._until[-1][0])
        steps = steps_of(self._inputs.x.shape[2:], wanted)
        if self._sized is None or self._sized.steps != steps:
            self._sized = Sized(_at(self._inputs, steps), self._inputs, steps)
        return self._sized


def _at(inputs: Inputs, steps: tuple[int, ...]) -> Inputs:
    if max(steps) == 1:
        return inputs
    x, valid = shrunk(inputs.x, inputs.valid, steps)
    strokes = inputs.scribbles
    return dataclasses.replace(
        inputs,
        x=x,
        valid=valid,
        index=None if inputs.index is None else _middle(inputs.index, steps),
        scribbles=None if strokes is None else shrunk_strokes(strokes, steps),
    )


def _middle(index: Tensor, steps: tuple[int, ...]) -> Tensor:
    for axis, step in enumerate(steps, start=1):
        n = index.shape[axis]
        places = torch.arange(step // 2, n + step // 2, step, device=index.device)
        index = index.index_select(axis, places.clamp(max=n - 1))
    return index
