"""A run on a small picture, timed: how fast this machine is with this method."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final, NamedTuple

import torch

from napari_selfseg.protocol._estimates._test_picture import blocks, mask, picture, scribbles
from napari_selfseg.protocol._evolve import evolve
from napari_selfseg.protocol._given._device import resolve_device, resolve_threads
from napari_selfseg.protocol._method._method import GIVEN, Method, SuperpixelAlgorithm
from napari_selfseg.protocol._run import Run

__all__ = ["UPDATES", "Question", "Spent", "Trial", "Unwanted", "made"]

# Sides of pictures that are tried, by number of axes, until one takes long enough to be timed.
SIDES: Final = {2: (64, 128, 256), 3: (16, 26, 40)}
ENOUGH: Final = 0.5  # seconds
# Of each kind: the first pays for what is set up once, the faster of the others counts.
UPDATES: Final = 3
# The first picture is not timed: libraries are loaded, and kernels chosen, at the first use.
WARM_UP: Final = 32
# Other programs that take the processors stretch the wall time, and hardly that of the processor.
DISTURBED: Final = 1.3
# What a further thread adds to an update, against the first.
SHARE: Final = 0.7


class Spent(NamedTuple):
    """Seconds.

    Attributes
    ----------
    wall : float
        By the clock.
    processor : float
        Of all cores together.
    """

    wall: float = 0.0
    processor: float = 0.0

    def times(self, factor: float) -> Spent:
        """Return so many times as much."""
        return Spent(self.wall * factor, self.processor * factor)

    def shared(self, threads: int) -> Spent:
        """Return what it would be with so many threads in place of one."""
        return Spent(self.wall / (1 + SHARE * (threads - 1)), self.processor)

    def plus(self, other: Spent) -> Spent:
        """Return both together."""
        return Spent(self.wall + other.wall, self.processor + other.processor)


class Unwanted(Exception):  # noqa: N818 - not an error: a window was closed
    """A trial was broken off, because nobody waits for it any more."""


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Question:
    """What is tried.

    Attributes
    ----------
    method : Method
        With its parameters.
    in_channels : int
        Channels of the image.
    shape : tuple of int
        Spatial shape of the image; a trial's is no larger.
    superpixels : SuperpixelAlgorithm, "given" or None
        What is used: given ones take no time, None is the method's own choice.
    device, precision, threads
        As for `evolve`.
    masked, scribbled : bool
        Whether some pixels have no data, and whether there are scribbles.
    wanted : callable
        Whether somebody still waits for the answer; asked in every step of a trial.
    """

    method: Method
    in_channels: int
    shape: tuple[int, ...]
    superpixels: Any = None
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    masked: bool = False
    scribbled: bool = False
    wanted: Callable[[], bool] = dataclasses.field(default=_always, compare=False)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of pictures to try, from small to large."""
        sides = SIDES[len(self.shape)]
        return list(dict.fromkeys(tuple(min(n, s) for n in self.shape) for s in sides))

    @property
    def algorithm(self) -> SuperpixelAlgorithm | None:
        """What makes the superpixels; None where they are given or there are none."""
        if isinstance(self.superpixels, str):
            return None
        found: SuperpixelAlgorithm | None = self.superpixels or self.method.default_superpixels()
        return found


@dataclass(frozen=True)
class Trial:
    """What a run on a picture took.

    Attributes
    ----------
    shape : tuple of int
        Of the picture.
    prepare : Spent
        Until the superpixels were there.
    begin : Spent
        From then until the first labels were.
    updates : tuple of Spent
        One update of each of `Method.parts`.
    end : Spent
        What the last update and the closing step took together.
    predict : Spent
        Labelling the picture with what was learned.
    disturbed : bool
        Whether something else took the processors meanwhile.
    smaller : Trial or None
        The same on a smaller picture: what does not grow with the image shows.
    """

    shape: tuple[int, ...]
    prepare: Spent
    begin: Spent
    updates: tuple[Spent, ...]
    end: Spent
    predict: Spent
    disturbed: bool = False
    smaller: Trial | None = None

    @property
    def pixels(self) -> int:
        """Of the picture."""
        return prod(self.shape)

    @property
    def all(self) -> Spent:
        """What all of it took."""
        found = self.prepare.plus(self.begin).plus(self.end).plus(self.predict)
        for each in self.updates:
            found = found.plus(each)
        return found


def made(question: Question) -> Trial:
    """Try; takes about a second, more where a superpixel algorithm is slow.

    Raises
    ------
    ValueError
        When that cannot be run on an image of this shape.
    Unwanted
        When it was broken off.
    """
    _on_picture(question, tuple(min(n, WARM_UP) for n in question.shapes[0]))
    found = _long_enough(question)
    threads = resolve_threads(question.threads)
    if found.disturbed and threads > 1:
        # Threads wait for each other, and so for other programs; one alone is measured truly.
        found = _shared(_long_enough(dataclasses.replace(question, threads=1)), threads)
    return found


def _long_enough(question: Question) -> Trial:
    smaller = None
    for shape in question.shapes:
        found = dataclasses.replace(_on_picture(question, shape), smaller=smaller)
        if found.disturbed and question.threads != 1:
            break
        if smaller is not None and found.all.wall >= ENOUGH:
            break
        smaller = dataclasses.replace(found, smaller=None)
    return found


def _shared(alone: Trial, threads: int) -> Trial:
    smaller = _shared(alone.smaller, threads) if alone.smaller else None
    updates = tuple(each.shared(threads) for each in alone.updates)
    end, predict = alone.end.shared(threads), alone.predict.shared(threads)
    both: dict[str, Any] = {"end": end, "predict": predict, "smaller": smaller}
    return dataclasses.replace(alone, updates=updates, disturbed=True, **both)


class _Clock:
    """Says what was spent since it was asked last."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._laps: list[tuple[float, float]] = []
        self._before = self._now()

    def lap(self) -> Spent:
        now = self._now()
        wall, processor = (b - a for a, b in zip(self._before, now, strict=True))
        self._before = now
        self._laps.append((wall, processor))
        # Where nothing else is at work, a step takes no longer by the clock than on processors.
        return Spent(min(wall, processor) if self._device.type == "cpu" else wall, processor)

    @property
    def disturbed(self) -> bool:
        wall, processor = (sum(each) for each in zip(*self._laps, strict=True))
        return self._device.type == "cpu" and wall > DISTURBED * processor

    def _now(self) -> tuple[float, float]:
        if self._device.type != "cpu":
            torch.accelerator.synchronize(self._device)
        return time.perf_counter(), time.process_time()


class _Laps(NamedTuple):
    """What a run of updates of one kind took."""

    prepare: Spent
    begin: Spent
    update: Spent
    end: Spent


def _on_picture(question: Question, shape: tuple[int, ...]) -> Trial:
    clock = _Clock(resolve_device(question.device))
    given = _given(question, shape)
    parts = question.method.parts()
    found: list[_Laps] = []
    for part in parts:
        with contextlib.closing(_begun(part.method, given, clock)) as run:
            found.append(_followed(run, clock, question.wanted))
            given.update(superpixels=run.superpixels and run.superpixels[0])
            predict = _predicted(run, given, clock) if part is parts[-1] else Spent()
    return Trial(
        shape=shape,
        prepare=found[0].prepare,
        begin=found[0].begin,
        updates=tuple(each.update for each in found),
        end=found[-1].end,
        predict=predict,
        disturbed=clock.disturbed,
    )


def _given(question: Question, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the arguments of `evolve`."""
    return {
        "image": picture(shape, question.in_channels, objects=question.method.instances),
        "channel_axis": -1,
        "superpixels": blocks(shape) if question.superpixels == GIVEN else question.superpixels,
        "mask": mask(shape) if question.masked else None,
        "scribbles": scribbles(shape) if question.scribbled else None,
        "device": question.device,
        "precision": question.precision,
        "threads": question.threads,
    }


def _begun(method: Method, given: Mapping[str, Any], clock: _Clock) -> Run:
    few = method.replace(iterations=UPDATES)
    clock.lap()
    return evolve(given["image"], few, **{k: v for k, v in given.items() if k != "image"})


def _followed(run: Run, clock: _Clock, wanted: Callable[[], bool]) -> _Laps:
    prepare, begin, end, updates = clock.lap(), Spent(), Spent(), []
    for step in run:
        if not wanted():
            raise Unwanted
        lap = clock.lap()
        if run.stopped:
            end = lap
        elif step.iteration:
            updates.append(lap)
        else:
            begin = begin.plus(lap)
    return _Laps(prepare, begin, min(updates, default=Spent()), end)


def _predicted(run: Run, given: Mapping[str, Any], clock: _Clock) -> Spent:
    how = {key: given[key] for key in ("channel_axis", "mask", "device", "threads")}
    clock.lap()
    run.fit.predict(given["image"], **how)
    return clock.lap()
