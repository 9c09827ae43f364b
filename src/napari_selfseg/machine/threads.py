"""How many threads work, and work that is done side by side in them."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

__all__ = ["limited_threads", "rows_at_once", "side_by_side"]

# Numbers of a map that one thread computes with at once: its caches hold three such maps.
ALONE = 2**17

R = TypeVar("R")


def side_by_side(work: Callable[[int], R], count: int) -> Iterator[R]:
    """Do numbered pieces of work in as many threads as PyTorch may use; yield results in order.

    `work` is given a number from 0, and lets other threads go on most of the time, as NumPy and
    SciPy do. What is begun ends before this does, also where nobody takes the results any more.
    """
    threads = min(torch.get_num_threads(), count)
    if threads < 2:
        yield from map(work, range(count))
        return
    with ThreadPoolExecutor(threads) as pool:
        at_work: deque[Future[R]] = deque()
        try:
            for number in range(count):
                # No more than wait to be taken: results are large.
                if len(at_work) == threads:
                    yield at_work.popleft().result()
                at_work.append(pool.submit(work, number))
            while at_work:
                yield at_work.popleft().result()
        finally:
            for each in at_work:
                each.cancel()


def rows_at_once(rows: int, width: int) -> int:
    """Return how many rows to compute with at once, where several operations follow each other.

    `width` is numbers in a row. Several threads take all rows: they wait for each other after each
    operation.
    """
    alone = torch.get_num_threads() == 1
    return max(ALONE // width if alone else rows, 1)


@contextlib.contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Use so many threads inside the block and as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
