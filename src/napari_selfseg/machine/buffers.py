"""Memory of large tensors that is used again for the next tensor of the same size."""

from __future__ import annotations

import mmap
import sys
import weakref
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from math import prod
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Buffers", "empty_maps", "lends", "reusing"]

# Numbers below which the C library's heap does as well.
LARGE: Final = 2**20
# How many times too large a free block may be: maps of all layers of a network then share blocks.
WIDER: Final = 2
# A free block that so many later tensors did not ask for is given back: maps have another size now.
PATIENCE: Final = 200


class Buffers:
    """Blocks of memory, each of which one tensor after another of about its size lives in.

    The heap of glibc seeks a few bytes more than an aligned tensor has, so that the gap one leaves
    often does not fit the next of its size, and half of what a run holds is gaps. A block comes
    back when the last tensor that uses it is gone, in whichever thread.
    """

    def __init__(self) -> None:
        self._free: defaultdict[int, deque[tuple[int, NDArray[np.float32]]]] = defaultdict(deque)
        self._asked = 0

    def empty(self, stored: Sequence[int]) -> Tensor:
        """Return maps of any value that lie in memory as ``(N, *spatial, C)``.

        Their shape is ``(N, C, *spatial)``.
        """
        self._asked += 1
        count = prod(stored)
        block = self._fitting(count)
        # An array of its own, which ends with the storage of the tensor. A view by PyTorch would
        # not do: it could not be changed in place where a function of ours returns it.
        lent = np.moveaxis(block[:count].reshape(stored), -1, 1)
        weakref.finalize(lent, self._back, block).atexit = False
        return torch.from_numpy(lent)

    def _fitting(self, count: int) -> NDArray[np.float32]:
        """Return the smallest free block that is not much too large, or a new one."""
        sizes = [size for size in list(self._free) if count <= size <= WIDER * count]
        for size in sorted(sizes):
            try:
                return self._free[size].pop()[1]
            except IndexError:  # none of this size is free
                continue
        self._forget()
        return _aligned(count)

    def give_back(self) -> None:
        """Give back all blocks that no tensor uses now."""
        self._free.clear()

    def _back(self, block: NDArray[np.float32]) -> None:
        self._free[block.size].append((self._asked, block))

    def _forget(self) -> None:
        for blocks in list(self._free.values()):
            while blocks and self._asked - blocks[0][0] > PATIENCE:
                blocks.popleft()


_AT_WORK: ContextVar[Buffers | None] = ContextVar("buffers", default=None)


@contextmanager
def reusing(buffers: Buffers | None) -> Iterator[None]:
    """Let `empty_maps` of this thread take its memory from here; None leaves it to PyTorch."""
    token = _AT_WORK.set(buffers)
    try:
        yield
    finally:
        _AT_WORK.reset(token)


def lends(numbers: float) -> bool:
    """Say whether maps of so many float32 numbers use memory again on the CPU.

    Parameters
    ----------
    numbers : float
        Of a map.
    """
    return numbers >= LARGE


def empty_maps(shape: Sequence[int], like: Tensor) -> Tensor:
    """Return maps of any value, stored channels last.

    Parameters
    ----------
    shape : sequence of int
        ``(N, C, *spatial)``.
    like : Tensor
        Of the type and on the device that are wanted.
    """
    batch, channels, *spatial = shape
    stored = (batch, *spatial, channels)
    buffers = _AT_WORK.get()
    ours = like.dtype == torch.float32 and like.device.type == "cpu" and lends(prod(shape))
    if buffers is not None and ours:
        return buffers.empty(stored)
    strides = [prod(stored[axis + 1 :]) for axis in range(len(stored))]
    placed = [strides[0], strides[-1], *strides[1:-1]]
    return torch.empty_strided(tuple(shape), placed, dtype=like.dtype, device=like.device)


def _aligned(count: int) -> NDArray[np.float32]:
    """Return memory of its own pages: in the heap, blocks that stay would make gaps of the rest."""
    try:
        if sys.platform == "win32":
            pages = mmap.mmap(-1, 4 * count)
        else:
            pages = mmap.mmap(-1, 4 * count, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"{4 * count} bytes are not to be had: {error}") from error
    return np.frombuffer(pages, np.float32)
