"""Numbers of segments on a slider: most of the room for the few that people look at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

__all__ = ["nearest", "stops"]

ENOUGH: Final = 500
ONE_BY_ONE: Final = 30
GROWTH: Final = 1.15


def stops(fewest: int, most: int) -> list[int]:
    """Choose the numbers that a slider stops at: one by one first, then ever further apart.

    They ascend from `fewest` to `most` or about `ENOUGH`, whichever is less.
    """
    last = min(most, max(ENOUGH, fewest))
    found = [fewest]
    while found[-1] < last:
        by = GROWTH if len(found) >= ONE_BY_ONE else 1.0
        found.append(min(last, max(found[-1] + 1, round(by * found[-1]))))
    return found


def nearest(numbers: Sequence[int], number: int) -> int:
    """Return the index of the number, of ascending ones, nearest to another one."""
    after = min(bisect_left(numbers, number), len(numbers) - 1)
    before = max(0, after - 1)
    return before if number - numbers[before] < numbers[after] - number else after
