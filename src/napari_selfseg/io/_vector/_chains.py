"""Parts of borders from many blocks, put together into arcs from where borders meet to the next."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled
from napari_selfseg.io._vector._arcs import CLOSED, ENDS, STARTS

__all__ = ["Chains", "chained", "fewest_of"]

# Corners that a ring on its own keeps: a pixel stays a square.
_ALONE: Final = 4


class Chains(NamedTuple):
    """Which parts make an arc, one after the other.

    Attributes
    ----------
    parts : ndarray of int64
        Parts of one arc after the other.
    firsts : ndarray of int64
        ``(n + 1,)`` where each arc begins among these.
    closed : ndarray of bool
        ``(n,)`` whether it goes round and meets no other.
    ends : ndarray of int64
        ``(n, 2)`` points where it starts and ends, as in the table of its parts.
    ways : ndarray of int64
        ``(n, 2)`` directions of its first and its last step.
    """

    parts: NDArray[np.int64]
    firsts: NDArray[np.int64]
    closed: NDArray[np.bool_]
    ends: NDArray[np.int64]
    ways: NDArray[np.int64]


def chained(table: NDArray[np.int64]) -> Chains:
    """Put parts of borders, a table as of `Parts`, together where they end at faces of blocks."""
    starts, ends, flags = table[:, 0], table[:, 1], table[:, 7]
    first, loops = (flags & STARTS) > 0, (flags & CLOSED) > 0
    goes_on = np.flatnonzero(((flags & ENDS) == 0) & ~loops)
    begun = np.flatnonzero(~first & ~loops)
    after = np.full(len(table), -1, np.int64)
    # No two parts begin at one point that is not where borders meet.
    order = begun[np.argsort(starts[begun], kind="stable")]
    after[goes_on] = order[np.searchsorted(starts[order], ends[goes_on])]
    parts, firsts, closed = _walk(after, first, loops)
    one, other = table[parts[firsts[:-1]]], table[parts[firsts[1:] - 1]]
    ends = np.stack((one[:, 0], other[:, 1]), axis=1)
    return Chains(parts, firsts, closed, ends, np.stack((one[:, 5], other[:, 6]), axis=1))


def fewest_of(chains: Chains, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many points each arc keeps at least, so that no two become one.

    Of several between the same two ends only the shortest may become a straight line. `lengths` are
    those of the parts.
    """
    if not len(chains.ends):
        return np.zeros(0, np.int64)
    low, high = chains.ends.min(axis=1), chains.ends.max(axis=1)
    length = np.add.reduceat(lengths[chains.parts], chains.firsts[:-1])
    forth = chains.ends[:, 0] == low
    # Where all leave one of the ends tells them apart.
    way = np.where(forth, chains.ways[:, 0], (chains.ways[:, 1] + 2) % 4)
    order = np.lexsort((way, length, high, low))
    again = np.zeros(len(low), bool)
    again[order[1:]] = (low[order[1:]] == low[order[:-1]]) & (high[order[1:]] == high[order[:-1]])
    fewest: NDArray[np.int64] = np.where(again, 3, 2)
    # A ring that others touch at one point begins and ends there.
    fewest[low == high] = _ALONE + 1
    fewest[chains.closed] = _ALONE
    return fewest


@compiled
def _walk(
    after: NDArray[np.int64], first: NDArray[np.bool_], loops: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    n = len(after)
    parts, firsts = np.empty(n, np.int64), np.zeros(n + 1, np.int64)
    closed, seen = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    count, done = 0, 0
    # Those that are left after the others go round through several blocks.
    for rest in (False, True):
        for start in range(n):
            if seen[start] or not (rest or first[start] or loops[start]):
                continue
            closed[count], k = rest or loops[start], start
            while k >= 0 and not seen[k]:
                seen[k] = True
                parts[done] = k
                done += 1
                k = after[k]
            count += 1
            firsts[count] = done
    return parts, firsts[: count + 1], closed[:count]
