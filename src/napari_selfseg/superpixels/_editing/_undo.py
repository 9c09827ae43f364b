"""A history of sparse changes of an array, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Change", "History"]


@dataclass(frozen=True)
class Change:
    """What becomes of some pixels.

    Attributes
    ----------
    words : str
        A sentence for a person.
    where : ndarray of int
        ``(n,)`` places in the flat array.
    before, after : ndarray
        ``(n,)`` values.
    """

    words: str
    where: NDArray[np.intp]
    before: NDArray[Any]
    after: NDArray[Any]

    @property
    def nbytes(self) -> int:
        """Memory taken."""
        return self.where.nbytes + self.before.nbytes + self.after.nbytes

    def reversed(self) -> Change:
        """Return the change back."""
        return Change(self.words, self.where, self.after, self.before)


class History:
    """Changes made and taken back.

    Parameters
    ----------
    budget : int
        Bytes the changes may take. The oldest are forgotten first; the newest is kept.

    Attributes
    ----------
    done, undone : list of Change
        The newest last.
    forgetful : bool
        Whether a change that was made is forgotten.
    """

    def __init__(self, budget: int) -> None:
        self.done: list[Change] = []
        self.undone: list[Change] = []
        self.forgetful = False
        self._budget = budget

    def add(self, change: Change) -> None:
        """Remember a change just made; what was taken back can no longer be made again."""
        self.undone.clear()
        self.done.append(change)
        # The last change can always be undone, however large it is.
        while len(self.done) > 1 and sum(each.nbytes for each in self.done) > self._budget:
            self.forgetful = True
            del self.done[0]

    def back(self) -> Change | None:
        """Return the change to make now to take the last one back; None when there is none."""
        if not self.done:
            return None
        self.undone.append(self.done.pop())
        return self.undone[-1].reversed()

    def forth(self) -> Change | None:
        """Return the change to make again; None when nothing was taken back."""
        if not self.undone:
            return None
        self.done.append(self.undone.pop())
        return self.done[-1]
