"""The loss as a curve in the unit square; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "curve"]

# Beyond this ratio of the largest to the smallest value the axis is logarithmic.
WIDE: Final = 100


@dataclass(frozen=True)
class Curve:
    """The sum of the loss terms by iteration.

    Attributes
    ----------
    iterations : ndarray of int64
        ``(N,)``, ascending.
    values : ndarray of float64
        ``(N,)``, finite.
    """

    iterations: NDArray[np.int64]
    values: NDArray[np.float64]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.iterations.size

    @property
    def last(self) -> int:
        """The last iteration; only where there is one."""
        return int(self.iterations[-1])

    @property
    def low(self) -> float:
        """The smallest value; only where there is one."""
        return float(self.values.min())

    @property
    def high(self) -> float:
        """The largest value; only where there is one."""
        return float(self.values.max())

    @property
    def logarithmic(self) -> bool:
        """Whether the values differ so much that their logarithms are shown."""
        return not self.empty and self.low > 0 and self.high / WIDE > self.low

    def points(self, columns: int) -> NDArray[np.float64]:
        """Return the line to draw.

        Parameters
        ----------
        columns : int
            Pixels it is wide. Where many points share a column, its smallest and its largest are
            kept: a line through them looks the same.

        Returns
        -------
        ndarray of float64
            ``(M, 2)``, x from the first iteration to the last, y from the smallest value to the
            largest, both from 0 to 1; a half where there is one iteration or one value only.
        """
        if self.empty:
            return np.empty((0, 2))
        heights = np.log(self.values) if self.logarithmic else self.values
        line = np.stack((_unit(self.iterations.astype(float)), _unit(heights)), axis=1)
        return line[_extremes(line, max(1, columns))]

    def place(self, iteration: int) -> float | None:
        """Return where an iteration lies.

        Parameters
        ----------
        iteration : int
            Any.

        Returns
        -------
        float or None
            From 0 to 1; None outside the curve.
        """
        if self.empty or not self.iterations[0] <= iteration <= self.last:
            return None
        first, length = self.iterations[0], self.last - self.iterations[0]
        return float((iteration - first) / length) if length else 0.5

    def nearest(self, x: float) -> int:
        """Return the iteration nearest to a place; only where there is one.

        Parameters
        ----------
        x : float
            0 at the first iteration, 1 at the last.

        Returns
        -------
        int
        """
        first = self.iterations[0]
        wanted = first + x * (self.last - first)
        return int(self.iterations[np.argmin(np.abs(self.iterations - wanted))])


def curve(losses: Mapping[str, Mapping[int, float]]) -> Curve:
    """Add the terms of a loss.

    Parameters
    ----------
    losses : mapping
        Value by iteration, by term, as in `Run.losses`. Where a term is missing the others are
        added; iterations whose sum is not finite are left out.

    Returns
    -------
    Curve
    """
    terms = [(_array(term, np.int64), _array(term.values(), float)) for term in losses.values()]
    terms = [(iterations, values) for iterations, values in terms if iterations.size]
    if not terms:
        return Curve(np.empty(0, np.int64), np.empty(0))
    iterations = np.unique(np.concatenate([each for each, _ in terms]))
    total = np.zeros(iterations.shape)
    for each, values in terms:
        total[np.searchsorted(iterations, each)] += values
    finite = np.isfinite(total)
    return Curve(iterations[finite], total[finite])


def _array(numbers: Any, kind: Any) -> NDArray[Any]:
    return np.fromiter(numbers, kind, len(numbers))


def _unit(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to 0..1."""
    low, high = numbers.min(), numbers.max()
    # In halves, for their difference may be too large for a float.
    length = high / 2 - low / 2
    return (numbers / 2 - low / 2) / length if length else np.full(numbers.shape, 0.5)


def _extremes(line: NDArray[np.float64], columns: int) -> NDArray[np.intp]:
    """Return the indices of the lowest and the highest point of each column, ascending."""
    x, y = line.T
    column = np.minimum((x * columns).astype(int), columns - 1)
    by_height = np.lexsort((y, column))
    first = np.flatnonzero(np.diff(column[by_height], prepend=-1))
    last = np.append(first[1:], len(x)) - 1
    return np.unique(np.concatenate((by_height[first], by_height[last])))
