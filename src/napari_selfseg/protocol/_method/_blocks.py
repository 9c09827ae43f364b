"""A prediction in blocks: equal to that of the whole, faster (on a CPU), and in little memory."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn

from napari_selfseg.grid import Grid
from napari_selfseg.machine.memory import keep_freed_memory
from napari_selfseg.protocol._method._method import Method

__all__ = ["halo", "pixels_at_once", "predicted"]

# 512 x 512 or 64 x 64 x 64: measured, docs/benchmarks.md.
PIXELS = 2**18


def predicted(
    method: Method, network: nn.Module, x: Tensor, valid: Tensor | None, index: Tensor | None
) -> Tensor:
    """Label an image, in blocks where a method does not need the whole of it.

    Parameters
    ----------
    network : torch.nn.Module
        As frozen.
    x, valid, index : Tensor or None
        As of `Method.predict`.

    Returns
    -------
    Tensor
        As from `Method.predict`.
    """
    shape = tuple(x.shape[2:])
    if method.reach is None or prod(shape) <= PIXELS:
        return method.predict(network, x, valid, index)
    if x.device.type == "cpu":
        # Block after block wants the same memory.
        keep_freed_memory()
    side, ndim = _side(method, len(shape)), len(shape)
    grid = Grid(shape, (side,) * ndim, (halo(method.reach, method.stride),) * ndim)
    found = torch.zeros((len(x), *shape), dtype=torch.int64, device=x.device)
    for number in range(len(grid)):
        outer = (slice(None), slice(None), *grid.outer(number))
        seen = None if valid is None else valid[outer]
        if seen is None or seen.any():
            labels = method.predict(network, x[outer], seen)
            found[(slice(None), *grid.inner(number))] = labels[(slice(None), *grid.crop(number))]
    return found


def halo(reach: int, stride: int) -> int:
    """Return how far a block has to see beyond itself: pixels, a multiple of the stride."""
    return -(-reach // stride) * stride


def pixels_at_once(method: Method, shape: tuple[int, ...]) -> int:
    """Return how many pixels of an image are predicted together, at most."""
    if method.reach is None:
        return prod(shape)
    wide = _side(method, len(shape)) + 2 * halo(method.reach, method.stride)
    return min(prod(shape), prod([wide] * len(shape)))


def _side(method: Method, ndim: int) -> int:
    return halo(round(PIXELS ** (1 / ndim)), method.stride)
