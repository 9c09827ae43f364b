"""How often the steps of a run wait for the device, counted with PyTorch's profiler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import torch
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

# What reads a number of a tensor, on any device; and what waits for a graphics card.
READS = ("aten::_local_scalar_dense",)
WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "Memcpy DtoH (Device -> Pageable)")


def waits_a_step(steps: Iterator[object], count: int) -> dict[str, float]:
    """Count the waits of some steps.

    Parameters
    ----------
    steps : iterator
        Takes a step when it is advanced.
    count : int
        Steps to take.

    Returns
    -------
    dict of str to float
        Reads and waits by name, a step each.
    """
    there = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * torch.cuda.is_available()
    with profile(activities=there) as seen:
        for _ in range(count):
            next(steps)
    found = Counter(event.name for event in seen.events() if not _counting(event))
    return {name: found[name] / count for name in (*READS, *WAITS)}


def _counting(event: FunctionEvent | None) -> bool:
    """Say whether an event is of an optimiser, whose counters lie on the processor."""
    while event is not None:
        if event.name.startswith("Optimizer."):
            return True
        event = event.cpu_parent
    return False
