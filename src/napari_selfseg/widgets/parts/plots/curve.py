"""The loss as a curve in the unit square; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "Frame", "curves"]

# Beyond this ratio of the largest to the smallest value the axis is logarithmic.
WIDE: Final = 100


@dataclass(frozen=True)
class Frame:
    """What lies at the edges of the unit square.

    Attributes
    ----------
    first, last : int
        Iterations on the left and on the right.
    low, high : float
        Values at the bottom and at the top.
    """

    first: int
    last: int
    low: float
    high: float

    @property
    def logarithmic(self) -> bool:
        """Whether the values differ so much that their logarithms are shown."""
        return self.low > 0 and self.high / WIDE > self.low

    def places(
        self, iterations: NDArray[np.int64], values: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return x and y, ``(N, 2)`` from 0 to 1, of values inside the frame.

        One half is returned along an axis of no length.
        """
        x = _unit(iterations.astype(float), self.first, self.last)
        if self.logarithmic:
            return np.stack((x, _unit(np.log(values), np.log(self.low), np.log(self.high))), axis=1)
        return np.stack((x, _unit(values, self.low, self.high)), axis=1)


@dataclass(frozen=True)
class Curve:
    """Values by iteration: the sum of the loss terms, or one of them.

    Attributes
    ----------
    iterations : ndarray of int64
        ``(N,)``, ascending.
    values : ndarray of float64
        ``(N,)``, finite.
    frame : Frame or None
        What it is drawn in, the same for the sum and its terms; None where there is nothing.
    """

    iterations: NDArray[np.int64]
    values: NDArray[np.float64]
    frame: Frame | None

    def points(self, columns: int) -> NDArray[np.float64]:
        """Return the line to draw, ``(M, 2)`` as of `Frame.places`.

        Where many points share one of the `columns`, pixels of width, its smallest and its largest
        are kept: a line through them looks the same.
        """
        if self.frame is None:
            return np.empty((0, 2))
        line = self.frame.places(self.iterations, self.values)
        return line[_extremes(line, max(1, columns))]

    def place(self, iteration: int) -> float | None:
        """Return where an iteration lies, from 0 to 1; None outside the frame."""
        frame = self.frame
        if frame is None or not frame.first <= iteration <= frame.last:
            return None
        length = frame.last - frame.first
        return (iteration - frame.first) / length if length else 0.5

    def nearest(self, x: float) -> int:
        """Return the iteration nearest to x: 0 is the first of the frame, 1 the last.

        Call it only where there is one.
        """
        assert self.frame is not None
        wanted = self.frame.first + x * (self.frame.last - self.frame.first)
        return int(self.iterations[np.argmin(np.abs(self.iterations - wanted))])


def curves(losses: Mapping[str, Mapping[int, float]]) -> tuple[Curve, dict[str, Curve]]:
    """Add the terms of a loss, and bring all into one frame.

    Where a term is missing the others are added; iterations whose sum is not finite are left out.

    Returns
    -------
    total : Curve
        The sum.
    terms : dict of str to Curve
        The terms by name; empty where there is only one, which is the sum.
    """
    terms = {
        name: (_array(term, np.int64), _array(term.values(), float))
        for name, term in losses.items()
        if term
    }
    iterations, total = _summed(list(terms.values()))
    lines = {name: _kept(*term, iterations) for name, term in terms.items()}
    frame = _around(iterations, [total, *(values for _, values in lines.values())])
    single = len(lines) < 2
    apart = {} if single else {k: Curve(*line, frame) for k, line in lines.items() if line[0].size}
    return Curve(iterations, total, frame), apart


def _summed(
    terms: list[tuple[NDArray[np.int64], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if not terms:
        return np.empty(0, np.int64), np.empty(0)
    iterations = np.unique(np.concatenate([each for each, _ in terms]))
    total = np.zeros(iterations.shape)
    for each, values in terms:
        total[np.searchsorted(iterations, each)] += values
    finite = np.isfinite(total)
    return iterations[finite], total[finite]


def _kept(
    iterations: NDArray[np.int64], values: NDArray[np.float64], shown: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Put a term in the order of its iterations, without those that are not shown."""
    order = np.argsort(iterations)
    order = order[np.isin(iterations[order], shown)]
    return iterations[order], values[order]


def _around(iterations: NDArray[np.int64], values: list[NDArray[np.float64]]) -> Frame | None:
    every = np.concatenate(values)
    if not every.size:
        return None
    return Frame(int(iterations[0]), int(iterations[-1]), float(every.min()), float(every.max()))


def _array(numbers: Any, kind: Any) -> NDArray[Any]:
    return np.fromiter(numbers, kind, len(numbers))


def _unit(numbers: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Scale to 0..1."""
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
