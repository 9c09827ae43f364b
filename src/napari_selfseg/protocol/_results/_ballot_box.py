"""What the consensus of a run counts, kept while the run goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from torch import Tensor

from napari_selfseg.protocol._method._step import Ballot
from napari_selfseg.protocol._results._history import History
from napari_selfseg.protocol._results._merging_runs import settled

__all__ = ["BallotBox", "Latest"]

T = TypeVar("T")


class BallotBox:
    """The votes that a method names, or its iterations where it names none.

    Parameters
    ----------
    history : History
        Of the run.

    Attributes
    ----------
    steps : int
        How many steps were added; the number of an iteration may repeat, this does not.
    """

    def __init__(self, history: History) -> None:
        self.steps = 0
        self._history = history
        self._named: dict[str, list[Tensor]] = {}

    def copy(self, history: History) -> BallotBox:
        """Return a box that begins with these votes, for a run that goes on with `history`."""
        other = BallotBox(history)
        other.steps = self.steps
        other._named = {family: list(votes) for family, votes in self._named.items()}
        return other

    def add(self, ballots: Sequence[Ballot]) -> None:
        """Take the ballots of a step, perhaps none; they are never written afterwards."""
        self.steps += 1
        for ballot in ballots:
            self._named.setdefault(ballot.family, []).append(ballot.votes)

    def read(self) -> dict[str, list[Tensor]]:
        """Return the votes by family, in new lists, which a run that goes on leaves alone."""
        if self._named:
            return {family: list(votes) for family, votes in self._named.items()}
        kept = settled(self._history.iterations)
        return {"iterations": [self._history.find(t)[1] for t in kept]}

    def to_host(self) -> None:
        """Move every vote to the CPU; those on a device that was lost stay, and cannot be read."""
        with contextlib.suppress(RuntimeError):
            self._named = {
                family: [each.cpu() for each in votes] for family, votes in self._named.items()
            }


class Latest(Generic[T]):
    """The last thing made, until it is asked for something else."""

    def __init__(self) -> None:
        self._made: tuple[Hashable, T] | None = None

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for this key, all that it depends on, or make it."""
        if self._made is None or self._made[0] != key:
            self._made = (key, make())
        return self._made[1]
