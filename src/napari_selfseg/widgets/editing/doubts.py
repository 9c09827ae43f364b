"""Which object to look at next, the least sure first; no Qt here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_selfseg.editing import Certainty

__all__ = ["Doubts", "Shown", "middle_of", "sizes_in"]

Index = tuple[int | slice, ...]


class Shown(NamedTuple):
    """An object to look at.

    Attributes
    ----------
    number : int
        Of the object.
    place : str
        How many were looked at, of how many.
    again : bool
        Whether all were looked at before.
    """

    number: int
    certainty: float
    place: str
    again: bool


class Doubts:
    """Objects of one image by their certainty, and which were looked at.

    Attributes
    ----------
    known : dict of int to float
        Certainty by object, once it was asked for.
    """

    def __init__(self) -> None:
        self.known: dict[int, float] = {}
        self._frame: Index | None = None
        self._certainty: Certainty | None = None
        self._looked: list[int] = []
        self._at = -1

    @property
    def before(self) -> bool:
        """Whether an object was shown before the one in view."""
        return self._at > 0

    def changed(self, labels: NDArray[Any], numbers: Iterable[int]) -> None:
        """Look again at objects that were made, changed or removed, where that was done before.

        `labels` are as they are now.
        """
        if self._certainty is not None and self._frame is not None:
            self._certainty.update(labels[self._frame], numbers)
            self.known = self._certainty.values()

    def go(
        self, labels: NDArray[Any], frame: Index, spacing: Sequence[float], step: int
    ) -> Shown | None:
        """Return the next object, or for a step of -1 the one before; None where there is none.

        `frame` is the image that is in view, as an index of the labels.
        """
        values = self.known = self._values(labels, frame, spacing)
        self._forget_gone(values)
        if not values:
            return None
        again = False
        if step < 0:
            self._at = max(self._at - 1, 0)
        else:
            self._at += 1
        if self._at >= len(self._looked):
            again = self._take(values)
        number = self._looked[self._at]
        return Shown(number, values[number], f"{self._at + 1} of {len(values)}", again)

    def _forget_gone(self, values: Mapping[int, float]) -> None:
        gone = sum(number not in values for number in self._looked[: self._at + 1])
        self._at -= gone
        self._looked = [number for number in self._looked if number in values]

    def _take(self, values: Mapping[int, float]) -> bool:
        """Look at the least sure object of those left; say whether none was left."""
        left = [number for number in values if number not in self._looked]
        if not left:
            self._looked, left = [], list(values)
            self._looked.append(left[0])
            self._at = 0
            return True
        self._looked.append(left[0])
        self._at = len(self._looked) - 1
        return False

    def _values(
        self, labels: NDArray[Any], frame: Index, spacing: Sequence[float]
    ) -> dict[int, float]:
        if self._certainty is None or frame != self._frame:
            from napari_selfseg.editing import Certainty

            certainty = Certainty(labels[frame], sizes_in(frame, spacing))
            self._frame, self._certainty = frame, certainty
            self._looked, self._at = [], -1
        return self._certainty.values()


def middle_of(labels: NDArray[Any], frame: Index, number: int) -> tuple[int, ...]:
    """Return the pixel of an object that is nearest to its middle; `frame` is the image with it."""
    where = np.argwhere(labels[frame] == number)
    inside = where[np.abs(where - where.mean(axis=0)).sum(axis=1).argmin()]
    local = iter(inside.tolist())
    return tuple(at if isinstance(at, int) else next(local) for at in frame)


def sizes_in(frame: Index, spacing: Sequence[float]) -> list[float]:
    """Return the size of a pixel along the axes of one image, `frame`."""
    return [size for size, each in zip(spacing, frame, strict=True) if isinstance(each, slice)]
