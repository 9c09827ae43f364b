r"""How much memory a run takes, from the sizes alone.

.. math:: m = \text{lent} + h \cdot (\text{kept} - \text{lent}) + \text{inputs} + \text{history}

A method says what an update keeps, and how much of it lies in memory that is used again
(`Method.cost`); a superpixel algorithm what it takes while it works; h is what resident memory was
beyond the tensors alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch

from napari_selfseg.machine.memory import release_freed_memory
from napari_selfseg.protocol._given._device import resolve_device, resolve_precision
from napari_selfseg.protocol._given._limits import computer_memory
from napari_selfseg.protocol._method._blocks import pixels_at_once
from napari_selfseg.protocol._method._cost import Problem
from napari_selfseg.protocol._method._method import GIVEN, Method
from napari_selfseg.protocol._results._run_results import HISTORY_BYTES

__all__ = ["available_memory", "bytes_needed", "bytes_to_predict"]

# h: resident memory over the tensors alive, as the C library's heap keeps gaps between them: 1.3 to
# 1.9 on Linux, from one run to the next, of Backprop, DIC and DSC in bfloat16, where nothing is
# lent. Elsewhere nothing was measured.
GAPS = {"cpu": 1.6}
GAPS_ELSEWHERE = 1.25


def bytes_needed(
    shape: Sequence[int],
    in_channels: int,
    method: Method,
    *,
    superpixels: Any = None,
    device: str | torch.device = "auto",
    precision: str = "auto",
    images: int = 1,
    masked: bool = False,
    scribbled: bool = False,
) -> int:
    """Estimate the memory of a run, without its image.

    Parameters
    ----------
    shape, in_channels, method, superpixels, device, precision, images, masked, scribbled
        As for `estimate`.

    Returns
    -------
    int
        Bytes beyond what the process holds already, at most: of the computer, or of the device
        where that is another one.

    Raises
    ------
    ValueError
        When device or precision cannot be used.
    """
    where = resolve_device(device)
    itemsize, on_cpu = resolve_precision(precision, where).itemsize, where.type == "cpu"
    pixels = images * prod(shape)
    cost = method.cost(
        Problem(in_channels, pixels, len(shape), itemsize, masked, scribbled, on_cpu)
    )
    kept = cost.lent + (cost.kept - cost.lent) * GAPS.get(where.type, GAPS_ELSEWHERE)
    suggested = method.default_superpixels()
    if suggested is None:
        kept += _history(pixels, method)
    elif where.type == "cpu" and superpixels != GIVEN:
        # Superpixels are made before the run, image by image, and their memory is free again by
        # then.
        kept = max(kept, prod(shape) * (superpixels or suggested).bytes_a_pixel)
    if where.type == "cpu":
        kept += pixels * in_channels * 8
    return int(kept)


def bytes_to_predict(method: Method, in_channels: int, shape: Sequence[int]) -> int:
    """Bound the memory that a prediction takes on the CPU: it keeps less than an iteration does.

    Parameters
    ----------
    shape : sequence of int
        Its spatial shape.

    Returns
    -------
    int
        Bytes beyond what the process holds already, at most.
    """
    pixels, together = prod(shape), pixels_at_once(method, tuple(shape))
    kept = method.cost(Problem(in_channels, together, len(shape))).kept
    return int(GAPS["cpu"] * kept + pixels * in_channels * 8)


def available_memory(device: str | torch.device = "cpu", wanted: int = 0) -> int:
    """Return the bytes a run could use now.

    Parameters
    ----------
    device : str or torch.device
        As for `evolve`.
    wanted : int
        Bytes that would do: where there are fewer, those that earlier runs have freed and the
        process keeps are given back first.

    Returns
    -------
    int
        Of an NVIDIA card its free memory; otherwise that of the computer (Apple's devices share
        it), or what a container, a cluster or a shell leaves of it.

    Raises
    ------
    ValueError
        When the device cannot be used.
    """
    where = resolve_device(device)
    if where.type == "cuda":
        return int(torch.cuda.mem_get_info(where)[0])
    # The C library may still hold what was freed.
    if (found := computer_memory()) < wanted:
        release_freed_memory()
        found = computer_memory()
    return found


def _history(pixels: int, method: Method) -> int:
    size = 1 if method.n_classes < 256 else 2
    return min(HISTORY_BYTES, pixels * size * (method.iterations + 1))
