"""What a run went through: its label maps, thinned to a budget, and its losses."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping

from torch import Tensor

__all__ = ["History", "Losses"]

NONE_YET = "The run has no labels yet: take at least one step."
LOST = "The labels of this run were lost with the device: run it again, on the CPU if it repeats."


class History:
    """Label maps by iteration; first and last are always kept.

    When the maps outgrow the budget, every second one is dropped and from then on only every
    second is added, so that the kept ones stay evenly spread.

    Parameters
    ----------
    budget : int
        Bytes.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._stride = 1
        self._maps: dict[int, Tensor] = {}
        self._lost = False
        self._lock = threading.Lock()

    def copy(self) -> History:
        """Return another history that begins with these maps."""
        other = History(self._budget)
        with self._lock:
            other._stride, other._maps = self._stride, dict(self._maps)
        return other

    @property
    def iterations(self) -> tuple[int, ...]:
        """Iterations kept, in order."""
        with self._lock:
            return tuple(self._maps)

    def add(self, iteration: int, votes: Tensor) -> None:
        """Keep a map, never written afterwards, and drop what no longer fits.

        Iterations do not descend; the same number replaces its map.
        """
        with self._lock:
            self._drop_last_off_stride(iteration)
            self._maps[iteration] = votes
            # The first and the last one stay, however little memory there is.
            while len(self._maps) > 2 and self._bytes() > self._budget:
                self._thin(iteration)

    def find(self, iteration: int | None) -> tuple[int, Tensor]:
        """Return an iteration and its map; None takes the last one.

        ValueError when it was not kept, or there is none yet.
        """
        with self._lock:
            if not self._maps:
                raise ValueError(LOST if self._lost else NONE_YET)
            found = next(reversed(self._maps)) if iteration is None else iteration
            if found not in self._maps:
                near = min(self._maps, key=lambda each: abs(each - found))
                raise ValueError(f"Iteration {found} was not kept; the nearest one is {near}.")
            return found, self._maps[found]

    def to_host(self) -> None:
        """Move every map to the CPU, so that the device's memory is free.

        Maps on a device that was lost cannot be read any more and are dropped.
        """
        with self._lock:
            maps, self._maps = self._maps, {}
            for t, votes in maps.items():
                with contextlib.suppress(RuntimeError):
                    self._maps[t] = votes.cpu()
            self._lost = len(self._maps) < len(maps)

    def _drop_last_off_stride(self, iteration: int) -> None:
        # The last map is kept whatever its number, until the next one comes.
        last = next(reversed(self._maps), None)
        first = next(iter(self._maps), None)
        if last is not None and last != first and last != iteration and last % self._stride:
            del self._maps[last]

    def _bytes(self) -> int:
        return sum(votes.numel() * votes.element_size() for votes in self._maps.values())

    def _thin(self, last: int) -> None:
        # Twice the stride keeps what is left evenly spaced, however long the run becomes.
        self._stride *= 2
        first = next(iter(self._maps))
        self._maps = {
            t: votes
            for t, votes in self._maps.items()
            if t in (first, last) or t % self._stride == 0
        }


class Losses:
    """Every term of the loss by iteration."""

    def __init__(self) -> None:
        self._values: dict[str, dict[int, Tensor | float]] = {}

    def copy(self) -> Losses:
        """Return other losses that begin with these."""
        other = Losses()
        other._values = {name: dict(values) for name, values in self._values.items()}
        return other

    def add(self, iteration: int, terms: Mapping[str, Tensor]) -> None:
        """Keep the terms of a step, 0-d tensors, on the device."""
        for name, value in terms.items():
            self._values.setdefault(name, {})[iteration] = value

    def read(self) -> dict[str, dict[int, float]]:
        """Return every term by iteration."""
        return {
            # From a copy: the thread of the run may add some meanwhile.
            name: {t: float(value) for t, value in list(values.items())}
            for name, values in list(self._values.items())
        }

    def to_host(self) -> None:
        """Move every value to the CPU; those of a device that was lost are dropped."""
        self._values = {name: _readable(values) for name, values in self._values.items()}


def _readable(values: Mapping[int, Tensor | float]) -> dict[int, Tensor | float]:
    found: dict[int, Tensor | float] = {}
    for t, value in values.items():
        with contextlib.suppress(RuntimeError):
            found[t] = float(value)
    return found
