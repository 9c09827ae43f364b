"""One correction as small data: what was done, and where a person pointed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "Edit", "Kind", "runs_of"]

Kind = Literal["merge", "split", "delete", "add", "class", "paint"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Point = tuple[int, ...]

# How many points each kind needs.
_FEWEST: Final = {"merge": 2, "split": 2, "delete": 1, "add": 1, "class": 1, "paint": 0}


@dataclass(frozen=True)
class Edit:
    """A correction.

    Attributes
    ----------
    kind : {"merge", "split", "delete", "add", "class", "paint"}
        What was done.
    points : tuple of tuple of int
        Pixels of the label map: one in each object that is meant, the corners of the line of a
        split, the click of an addition.
    number : int
        The class that objects were given, from 1, or 0 for none; the label that was painted.
    axis : int or None
        Of a split in a volume: along which axis the cut goes on.
    runs : tuple of int
        Pixels that were painted, in the order of the flat array: where a run of them begins, how
        long it is, where the next one begins, and so on.

    Raises
    ------
    ValueError
        When the kind does not exist, or there are too few points.
    """

    kind: Kind
    points: tuple[Point, ...] = ()
    number: int = 0
    axis: int | None = None
    runs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no edit {self.kind!r}: it is one of {', '.join(KINDS)}.")
        object.__setattr__(self, "points", _points(self.points))
        object.__setattr__(self, "runs", tuple(map(int, self.runs)))
        if len(self.points) < _FEWEST[self.kind] or self.number < 0 or len(self.runs) % 2:
            raise ValueError(f"An edit {self.kind!r} is not whole: {self}.")

    @classmethod
    def of(cls, recorded: Edit | Mapping[str, Any]) -> Edit:
        """Read an edit from a record; ValueError when it is none."""
        if isinstance(recorded, Edit):
            return recorded
        try:
            axis = recorded.get("axis")
            return cls(
                recorded["kind"],
                recorded.get("points", ()),
                int(recorded.get("number", 0)),
                None if axis is None else int(axis),
                recorded.get("runs", ()),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"The record is damaged: an edit in it is not whole ({error})."
            ) from None

    def as_record(self) -> dict[str, Any]:
        """Return plain values, without what is as usual."""
        found: dict[str, Any] = {"kind": self.kind}
        if self.points:
            found["points"] = [list(each) for each in self.points]
        if self.number:
            found["number"] = self.number
        if self.axis is not None:
            found["axis"] = self.axis
        if self.runs:
            found["runs"] = list(self.runs)
        return found

    def painted(self, shape: Sequence[int]) -> NDArray[np.intp]:
        """Return the pixels of `runs` as places in a flat label map of this shape.

        Those outside raise ValueError.
        """
        runs = np.array(self.runs, np.int64).reshape(-1, 2)
        if len(runs) and (runs.min() < 0 or (runs.sum(axis=1) > prod(shape)).any()):
            raise ValueError("The record is damaged: something was painted outside of the labels.")
        parts = [np.arange(start, start + length) for start, length in runs]
        return np.concatenate(parts).astype(np.intp) if parts else np.zeros(0, np.intp)


def runs_of(where: NDArray[np.integer[Any]]) -> tuple[int, ...]:
    """Return places in a flat array, ascending and each once, as runs: see `Edit.runs`."""
    if not len(where):
        return ()
    # A run begins where an index does not follow the one before; the first index always does.
    first = np.flatnonzero(np.diff(where, prepend=where[0] - 2) != 1)
    lengths = np.diff(np.append(first, len(where)))
    return tuple(np.stack((where[first], lengths), axis=1).ravel().tolist())


def _points(points: Iterable[Iterable[Any]]) -> tuple[Point, ...]:
    found = tuple(tuple(int(each) for each in point) for point in points)
    if len({len(each) for each in found}) > 1:
        raise ValueError("The points of an edit have different numbers of axes.")
    return found
