"""Which way is fastest is timed once a machine, and kept."""

from __future__ import annotations

import functools
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from napari_selfseg.machine.disk_cache import DiskCache, machine
from napari_selfseg.machine.threads import limited_threads

from .way_record import record_way, recorded_way
from .ways import ALONE, TIMED, WAYS, Way, wanted_way

# Multiplications of a trial, and the sides of its result, by number of axes.
WORK: Final = 2**30
# Caches do not hold pictures of the least size: there oneDNN is a fraction as fast.
LEAST: Final = {2: 128, 3: 24}
MOST: Final = {2: 192, 3: 40}
# How far two ways may be apart, relative to the gradient's length.
TOLERANCE: Final = 1e-3
# A way that took this many times the fastest one's time is not tried again.
SLOW: Final = 1.5
# What is faster by less than this is not: trials on another day should find the same.
CLEAR: Final = 0.9
ROUNDS: Final = 3


class Kind(NamedTuple):
    """What the fastest way depends on, beside the machine.

    Attributes
    ----------
    ndim : int
        Spatial axes.
    size, stride : int
        Of the kernel.
    seen, made : int
        Channels that are convolved, and that result.
    alone : bool
        Whether one thread does it.
    """

    ndim: int
    size: int
    stride: int
    seen: int
    made: int
    alone: bool

    def __str__(self) -> str:
        """Name it, as records do."""
        threads = "one thread" if self.alone else "threads"
        layer = f"{self.seen} to {self.made}, size {self.size}, stride {self.stride}"
        return f"{self.ndim}-D, {layer}, {threads}"


def way_for(x: Tensor, g: Tensor, size: int, stride: int) -> Way:
    """Return the way to take, a function of ``(x, g, size, stride)``.

    Parameters
    ----------
    x : Tensor, shape (N, in, *spatial)
        What was convolved.
    g : Tensor, shape (N, out, *spatial)
        Gradient of the result.
    size, stride : int
        Of the kernel along every axis.
    """
    alone = torch.get_num_threads() == 1
    kind = Kind(x.ndim - 2, size, stride, x.shape[1], g.shape[1], alone)
    found = wanted_way()
    if found == TIMED:
        found = _followed(kind) or chosen(kind)
    record_way(str(kind), found)
    return WAYS[found]


def _followed(kind: Kind) -> str | None:
    """Return the way a record says, None where it says none or PyTorch here has it not."""
    recorded = recorded_way(str(kind))
    if recorded is None or works(kind, recorded):
        return recorded
    warnings.warn(
        f"Gradients were computed in a way this PyTorch has not ({recorded:.40}): labels may "
        "differ from those recorded.",
        stacklevel=2,
    )
    return None


@functools.cache
def works(kind: Kind, name: str) -> bool:
    """Say whether a way can be taken here.

    Parameters
    ----------
    kind : Kind
        Of convolution.
    """
    ways = _ways(kind)
    first = next(iter(ways))
    return name in ways and (name == first or agrees(ways[name], ways[first]()))


def _ways(kind: Kind) -> dict[str, Callable[[], Tensor]]:
    """Return the ways that may be taken, on something to try them with."""
    x, g = _pictures(kind)
    able = {name: way for name, way in WAYS.items() if kind.alone or name not in ALONE}
    return {
        name: functools.partial(way, x, g, kind.size, kind.stride) for name, way in able.items()
    }


@functools.cache
def chosen(kind: Kind) -> str:
    """Return the name of the fastest of `WAYS`; the first time on a machine it is timed."""
    kept, question = DiskCache(), _told(kind)
    found = kept.read(question)
    if found not in list(WAYS):
        ways = _ways(kind)
        # Threads wait for each other, and so for other programs: what a busy machine answers would
        # be kept when it is no more. One alone is timed rightly.
        with limited_threads(1):
            found = fastest(ways)
        kept.keep(question, found)
    return str(found)


def fastest(ways: Mapping[str, Callable[[], Tensor]]) -> str:
    """Time ways to the same result by turns; return the first than which none is clearly faster.

    The first of `ways` is right; another that fails, or finds something else, is not taken.
    """
    first = next(iter(ways))
    expected = ways[first]()
    able = [name for name, way in ways.items() if name == first or agrees(way, expected)]
    seconds = dict.fromkeys(able, torch.inf)
    for _ in range(ROUNDS):
        least = min(seconds.values())
        for name, known in seconds.items():
            if known <= SLOW * least:
                seconds[name] = min(known, timed(ways[name]))
    least = min(seconds.values())
    return next(name for name in seconds if CLEAR * seconds[name] <= least)


def agrees(way: Callable[[], Tensor], expected: Tensor) -> bool:
    """Say whether a way works and finds what is expected, but for rounding."""
    try:
        found = way()
    except (RuntimeError, AttributeError):  # a processor or a PyTorch that has it not
        return False
    apart = (found - expected).norm() / expected.norm()
    return bool(apart <= TOLERANCE)


def timed(way: Callable[[], object]) -> float:
    """Return the seconds a call takes this thread, without those of other programs.

    `way` starts no thread.
    """
    # On Windows that clock ticks only every 16 ms.
    clock = time.perf_counter if sys.platform == "win32" else time.thread_time
    begin = clock()
    way()
    return clock() - begin


def _told(kind: Kind) -> dict[str, Any]:
    """Return all that the answer depends on, as plain JSON."""
    return {**machine(), "torch": torch.__version__, "weight gradient": kind._asdict()}


def _pictures(kind: Kind) -> tuple[Tensor, Tensor]:
    """Return something to convolve and the gradient of its result, channels last."""
    taps = kind.size**kind.ndim * kind.seen * kind.made
    side = min(max(round((WORK / taps) ** (1 / kind.ndim)), LEAST[kind.ndim]), MOST[kind.ndim])
    generator = torch.Generator().manual_seed(0)

    def drawn(channels: int, side: int) -> Tensor:
        shape = (1, *(side,) * kind.ndim, channels)
        return torch.randn(shape, generator=generator).movedim(-1, 1)

    return drawn(kind.seen, side * kind.stride), drawn(kind.made, side)
