"""How long a run takes and how much memory, and that in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import torch

from napari_selfseg.protocol._estimates._kept_trials import Trials
from napari_selfseg.protocol._estimates._trial import UPDATES, Question, Spent, Trial
from napari_selfseg.protocol._given._device import resolve_device, resolve_precision
from napari_selfseg.protocol._given._digits import duration, size_in_words
from napari_selfseg.protocol._method._cost import Part, Problem
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.protocol._needed import bytes_needed

__all__ = ["Estimate", "Tried", "estimate", "in_words", "seconds_to_predict"]

Tried = Callable[[Question], Trial]
# A picture tells that little of the time grows with the image, at the least this share.
FLATTEST: Final = 0.5
# Other programs that make a run longer by less are not worth a word.
_NOTICED: Final = 1.5


@dataclass(frozen=True)
class Estimate:
    """What a run is going to take.

    Attributes
    ----------
    seconds_per_iteration : float
        On average.
    seconds : float
        Of all iterations, by the clock, where nothing else is at work.
    bytes : int
        Memory beyond what the process holds already, at most: of the computer, or of the device
        where that is another one.
    likely : float or None
        Seconds, where many runs end before all iterations are made; None where they do not.
    processor : float
        Seconds of all cores together.
    """

    seconds_per_iteration: float
    seconds: float
    bytes: int
    likely: float | None = None
    processor: float = 0.0


def estimate(
    shape: Sequence[int],
    in_channels: int,
    method: Method,
    *,
    superpixels: Any = None,
    device: str | torch.device = "auto",
    precision: str = "auto",
    threads: int | None = None,
    images: int = 1,
    masked: bool = False,
    scribbled: bool = False,
    updates: int | None = None,
    trials: Tried | None = None,
) -> Estimate:
    """Estimate time and memory of a run, without its image.

    Parameters
    ----------
    shape : sequence of int
        Spatial shape of the image, or the largest one of several.
    in_channels : int
        Its channels.
    method : Method
        With its parameters.
    superpixels : SuperpixelAlgorithm or "given", optional
        Those of the run; by default what the method suggests.
    device, precision, threads
        As for `evolve`.
    images : int
        How many images are fitted together.
    masked, scribbled : bool
        Whether there is a mask (or superpixels with 0), and whether there are scribbles.
    updates : int, optional
        Of a run that goes on from a fit: so many, all of the last kind.
    trials : callable, optional
        Answers a `Question`; by default what is kept on this machine, or is tried now, which takes
        about a second.

    Raises
    ------
    ValueError
        When device, precision or threads cannot be used, or the method takes no such image.
    """
    where = resolve_device(device)
    itemsize = resolve_precision(precision, where).itemsize
    many: dict[str, Any] = {"masked": masked, "scribbled": scribbled}
    how: dict[str, Any] = {"superpixels": superpixels, "device": str(where), "precision": precision}
    question = Question(method, in_channels, tuple(shape), threads=threads, **how, **many)
    tried = (trials or Trials())(question)
    pixels = images * prod(shape)
    large = Problem(in_channels, pixels, len(shape), itemsize, masked, scribbled)
    parts = list(enumerate(method.parts()))
    if updates is not None:
        number, last = parts[-1]
        parts = [(number, dataclasses.replace(last, updates=updates))]
    iterating, once = _added(parts, tried, large), _once(question, tried, images)
    count = sum(part.updates for _, part in parts)
    share = min(method.likely_iterations / count, 1)
    whole = once.plus(iterating)
    return Estimate(
        iterating.wall / count,
        whole.wall,
        bytes_needed(shape, in_channels, method, images=images, **how, **many),
        once.plus(iterating.times(share)).wall if share < 1 else None,
        whole.processor,
    )


def _added(parts: Sequence[tuple[int, Part]], tried: Trial, large: Problem) -> Spent:
    """Add all updates up."""
    found = Spent()
    for number, part in parts:

        def work(pixels: int, method: Method = part.method) -> float:
            return method.cost(dataclasses.replace(large, pixels=pixels)).work

        def update(trial: Trial, number: int = number) -> Spent:
            return trial.updates[number]

        found = found.plus(_grown(update, tried, work, large.pixels).times(part.updates))
    return found


def _once(question: Question, tried: Trial, images: int) -> Spent:
    """Add up what is done once, which grows as the image does."""
    algorithm, pixels = question.algorithm, prod(question.shape)
    cutting = algorithm.work if algorithm else float
    prepare = _grown(lambda trial: trial.prepare, tried, cutting, pixels)
    rest = _grown(lambda trial: trial.begin.plus(trial.end), tried, float, pixels)
    return prepare.plus(rest).times(images)


def _grown(
    of: Callable[[Trial], Spent], tried: Trial, work: Callable[[int], float], pixels: int
) -> Spent:
    """Go on along the line through two pictures, or from nothing where there is one."""
    large, wide, all_of_it = of(tried), work(tried.pixels), work(pixels)
    if tried.smaller is None or work(tried.smaller.pixels) >= wide:
        return large.times(all_of_it / wide)
    small, narrow = of(tried.smaller), work(tried.smaller.pixels)

    def line(before: float, after: float) -> float:
        steep = after / wide
        slope = min(max((after - before) / (wide - narrow), FLATTEST * steep), steep)
        return after + slope * (all_of_it - wide)

    return Spent(line(small.wall, large.wall), line(small.processor, large.processor))


def seconds_to_predict(
    method: Method,
    in_channels: int,
    shape: Sequence[int],
    *,
    device: str | torch.device = "auto",
    threads: int | None = None,
    trials: Tried | None = None,
) -> float:
    """Estimate the seconds that a prediction takes on an image of this spatial shape.

    Device, threads and trials are as for `estimate`.
    """
    where = str(resolve_device(device))
    question = Question(method, in_channels, tuple(shape), device=where, threads=threads)
    tried = (trials or Trials())(question)
    few = method.parts()[-1].method.replace(iterations=UPDATES)

    def work(pixels: int, kind: Method = few) -> float:
        return kind.cost_to_predict(Problem(in_channels, pixels, len(shape))).work

    pixels = prod(shape)
    more = work(pixels, method) / work(pixels)
    return _grown(lambda trial: trial.predict, tried, work, pixels).wall * more


def in_words(estimated: Estimate, stretched: float = 1.0) -> str:
    """Return an estimate as a person says it.

    Parameters
    ----------
    stretched : float
        How many times as long it may take while other programs are at work.

    Returns
    -------
    str
        Such as ``"about 2 min and 1.3 GB"``; ``"about 2 min (9 min at most) and 1.3 GB"`` where
        many runs end before all iterations are made; and ``"about 2 min to 6 min and 1.3 GB"``
        where other programs are at work.
    """
    likely, most = estimated.likely or estimated.seconds, estimated.seconds * stretched
    said = duration(likely)
    if stretched >= _NOTICED:
        said += f" to {duration(likely * stretched)}"
    ends_early = estimated.likely is not None and duration(likely * stretched) != duration(most)
    at_most = f" ({duration(most)} at most)" if ends_early else ""
    return f"about {said}{at_most} and {size_in_words(estimated.bytes)}"
