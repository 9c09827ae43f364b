r"""How long a run will take and how much memory, before it is started.

.. math:: t = t_\text{superpixels} + t_\text{begin} + t_\text{end} + \sum_p n_p t_p

A method says which kinds of updates p a run makes, and how many (`Method.parts`); how long each
takes is tried on a small picture on this machine, and grows with the image as the method says
(`Method.cost`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch

from napari_selfseg.protocol._cost import Part, Problem
from napari_selfseg.protocol._device import resolve_device, resolve_precision
from napari_selfseg.protocol._kept_trials import Trials
from napari_selfseg.protocol._method import Method
from napari_selfseg.protocol._needed import bytes_needed
from napari_selfseg.protocol._trial import UPDATES, Question, Spent, Trial

__all__ = ["Estimate", "Tried", "estimate", "fits_in_memory", "seconds_to_predict"]

Tried = Callable[[Question], Trial]


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

    Returns
    -------
    Estimate

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
    small = Problem(in_channels, tried.pixels, len(shape), itemsize, masked, scribbled)
    large = dataclasses.replace(small, pixels=images * prod(shape))
    parts = list(zip(method.parts(), tried.updates, strict=True))
    if updates is not None:
        parts = [(dataclasses.replace(parts[-1][0], updates=updates), parts[-1][1])]
    iterating, once = _added(parts, small, large), _once(question, tried, images)
    count = sum(part.updates for part, _ in parts)
    share = min(method.likely_iterations / count, 1)
    whole = once.plus(iterating)
    return Estimate(
        iterating.wall / count,
        whole.wall,
        bytes_needed(shape, in_channels, method, images=images, **how, **many),
        once.plus(iterating.times(share)).wall if share < 1 else None,
        whole.processor,
    )


def _added(parts: Sequence[tuple[Part, Spent]], small: Problem, large: Problem) -> Spent:
    """Add all updates up."""
    found = Spent()
    for part, spent in parts:
        grown = part.method.cost(large).work / part.method.cost(small).work
        found = found.plus(spent.times(grown * part.updates))
    return found


def _once(question: Question, tried: Trial, images: int) -> Spent:
    """Add up what is done once, which grows as the image does."""
    algorithm, pixels = question.algorithm, prod(question.shape)
    grown = pixels / tried.pixels
    cutting = algorithm.work(pixels) / algorithm.work(tried.pixels) if algorithm else grown
    rest = tried.begin.plus(tried.end)
    return tried.prepare.times(images * cutting).plus(rest.times(images * grown))


def seconds_to_predict(
    method: Method,
    in_channels: int,
    shape: Sequence[int],
    *,
    device: str | torch.device = "auto",
    threads: int | None = None,
    trials: Tried | None = None,
) -> float:
    """Estimate how long a prediction takes.

    Parameters
    ----------
    method : Method
        Whose fit predicts.
    in_channels : int
        Channels of the image.
    shape : sequence of int
        Its spatial shape.
    device, threads, trials
        As for `estimate`.

    Returns
    -------
    float
        Seconds.

    Raises
    ------
    ValueError
        As `estimate`.
    """
    where = str(resolve_device(device))
    question = Question(method, in_channels, tuple(shape), device=where, threads=threads)
    tried = (trials or Trials())(question)
    small = Problem(in_channels, tried.pixels, len(shape))
    large = dataclasses.replace(small, pixels=prod(shape))
    few = method.parts()[-1].method.replace(iterations=UPDATES)
    grown: float = method.cost_to_predict(large).work / few.cost_to_predict(small).work
    return tried.predict.wall * grown


def fits_in_memory(estimated: Estimate, limit: int) -> bool:
    """Say whether a run needs no more than so many bytes.

    Parameters
    ----------
    estimated : Estimate
        Of the run.
    limit : int
        Bytes, such as `available_memory` or a limit the user set.

    Returns
    -------
    bool
    """
    return estimated.bytes <= limit
