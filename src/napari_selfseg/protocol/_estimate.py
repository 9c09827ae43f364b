r"""How long a run will take and how much memory, before it is started.

.. math:: t = a \left(\frac{\text{flops}}{F} + \frac{\text{moved}}{B}\right), \qquad
          m = h \cdot \text{kept} + \text{inputs} + \text{history}

A method says what an iteration computes, moves and keeps (`Method.cost`). The rates F, of a
convolution, and B, of a normalisation, are measured on the device for a moment; a and h below are
what whole runs took beyond that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from time import perf_counter

import psutil
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.memory import keep_freed_memory
from napari_selfseg.protocol._blocks import pixels_at_once
from napari_selfseg.protocol._cost import Problem
from napari_selfseg.protocol._device import (
    limited_threads,
    resolve_device,
    resolve_precision,
    resolve_threads,
)
from napari_selfseg.protocol._method import Method
from napari_selfseg.protocol._run import HISTORY_BYTES

__all__ = [
    "Estimate",
    "Throughput",
    "available_memory",
    "bytes_to_predict",
    "estimate",
    "fits_in_memory",
    "measure_throughput",
    "seconds_to_predict",
]

# a: whole iterations of Backprop in 2-D took 1.0 to 1.3 times what the two rates say, in float32
# and bfloat16, and up to 1.8 times in 3-D (processor time, one core).
OVERHEAD = 1.15
# h: resident memory over the tensors alive, as the C library's heap keeps gaps between them. With
# this value estimates for 256 x 256 to 768 x 768 pixels were 0.75 to 1.12 of the peak measured on
# Linux. Elsewhere nothing was measured.
GAPS = {"cpu": 1.75}
GAPS_ELSEWHERE = 1.25
# Resident bytes a pixel while SLIC works; other algorithms take about as much.
SUPERPIXEL_BYTES = 200
CALIBRATION = (1, 64, 256, 256)


@dataclass(frozen=True)
class Throughput:
    """What a device does in a second, in one precision.

    Attributes
    ----------
    flops : float
        Additions and multiplications of a 3 x 3 convolution, forward and backward.
    moved : float
        Bytes that a normalisation, forward and backward, reads and writes.
    """

    flops: float
    moved: float


@dataclass(frozen=True)
class Estimate:
    """What a run is going to take.

    Attributes
    ----------
    seconds_per_iteration : float
        On average.
    seconds : float
        Of all iterations; a run that ends early takes less.
    bytes : int
        Memory beyond what the process holds already, at most: of the computer, or of the device
        where that is another one.
    """

    seconds_per_iteration: float
    seconds: float
    bytes: int


def estimate(
    shape: Sequence[int],
    in_channels: int,
    method: Method,
    *,
    device: str | torch.device = "auto",
    precision: str = "auto",
    threads: int | None = None,
    images: int = 1,
    masked: bool = False,
    scribbled: bool = False,
    throughput: Throughput | None = None,
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
    device, precision, threads
        As for `evolve`.
    images : int
        How many images are fitted together.
    masked, scribbled : bool
        Whether there is a mask (or superpixels with 0), and whether there are scribbles.
    throughput : Throughput, optional
        From `measure_throughput` for the same device, precision and threads; measured when not
        given.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        When device, precision or threads cannot be used.
    """
    where = resolve_device(device)
    itemsize = resolve_precision(precision, where).itemsize
    if throughput is None:
        throughput = measure_throughput(device=where, precision=precision, threads=threads)
    pixels = images * prod(shape)
    cost = method.cost(Problem(in_channels, pixels, len(shape), itemsize, masked, scribbled))
    each = OVERHEAD * (cost.flops / throughput.flops + cost.moved / throughput.moved)
    kept = cost.kept * GAPS.get(where.type, GAPS_ELSEWHERE)
    if method.default_superpixels() is None:
        kept += _history(pixels, method)
    elif where.type == "cpu":
        kept = max(kept, pixels * SUPERPIXEL_BYTES)
    if where.type == "cpu":
        kept += pixels * in_channels * 8
    return Estimate(each, each * method.iterations, int(kept))


def bytes_to_predict(method: Method, in_channels: int, shape: Sequence[int]) -> int:
    """Bound the memory that a prediction takes on the CPU: it keeps less than an iteration does.

    Parameters
    ----------
    method : Method
        Whose fit predicts.
    in_channels : int
        Channels of the image.
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


def seconds_to_predict(
    method: Method, in_channels: int, shape: Sequence[int], throughput: Throughput
) -> float:
    """Say roughly how long a prediction takes.

    Parameters
    ----------
    method : Method
        Whose fit predicts.
    in_channels : int
        Channels of the image.
    shape : sequence of int
        Its spatial shape.
    throughput : Throughput
        Of the device.

    Returns
    -------
    float
        Seconds.
    """
    cost = method.cost_to_predict(Problem(in_channels, prod(shape), len(shape)))
    return OVERHEAD * (cost.flops / throughput.flops + cost.moved / throughput.moved)


def _history(pixels: int, method: Method) -> int:
    size = 1 if method.n_classes < 256 else 2
    return min(HISTORY_BYTES, pixels * size * (method.iterations + 1))


def measure_throughput(
    *, device: str | torch.device = "auto", precision: str = "auto", threads: int | None = None
) -> Throughput:
    """Measure what a device does in a second; takes a few tenths of one.

    Parameters
    ----------
    device, precision, threads
        As for `evolve`.

    Returns
    -------
    Throughput
        To be kept by the caller for as long as these do not change.

    Raises
    ------
    ValueError
        When device, precision or threads cannot be used.
    """
    where = resolve_device(device)
    dtype = resolve_precision(precision, where)
    if where.type == "cpu":
        keep_freed_memory()  # as a run does, and a good part of its speed
    x = torch.ones(CALIBRATION, dtype=dtype, device=where)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    c = CALIBRATION[1]
    kernel = torch.ones(c, c, 3, 3, dtype=dtype, device=where, requires_grad=True)
    with limited_threads(resolve_threads(threads)):
        convolving = _seconds(lambda: F.conv2d(x, kernel, padding=1), where)
        normalising = _seconds(lambda: F.batch_norm(x, None, None, training=True), where)
    # A normalisation reads its map twice and writes it once; backward, four times and once.
    return Throughput(
        flops=3 * 2 * 9 * c * x.numel() / convolving,
        moved=8 * x.numel() * dtype.itemsize / normalising,
    )


def _seconds(forward: Callable[[], Tensor], device: torch.device) -> float:
    """Return the shorter of two passes forward and backward, after one to warm up."""
    passes = []
    for _ in range(3):
        start = perf_counter()
        y = forward()
        y.backward(torch.ones_like(y))
        if device.type != "cpu":
            torch.accelerator.synchronize(device)
        passes.append(perf_counter() - start)
    return min(passes[1:])


def available_memory(device: str | torch.device = "cpu") -> int:
    """Return the bytes a run could use now.

    Parameters
    ----------
    device : str or torch.device
        As for `evolve`.

    Returns
    -------
    int
        Of an NVIDIA card its free memory, otherwise that of the computer (Apple's devices share
        it).

    Raises
    ------
    ValueError
        When the device cannot be used.
    """
    where = resolve_device(device)
    if where.type == "cuda":
        return int(torch.cuda.mem_get_info(where)[0])
    return int(psutil.virtual_memory().available)


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
