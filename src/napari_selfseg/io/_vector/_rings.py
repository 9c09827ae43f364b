"""Outlines of an object, put together from the arcs around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Arc", "pieces_within", "without_straight"]

Ring = NDArray[np.float64]


class Arc(NamedTuple):
    """An arc with the object on its left.

    Attributes
    ----------
    line : ndarray of int
        ``(n, 2)`` of x and y; without its first point again, where it goes round.
    start, end : int
        The points where it does, or -1 where it goes round.
    first, last : int
        Directions of its steps there, as it was along the pixels.
    """

    line: NDArray[np.int64]
    start: int
    end: int
    first: int
    last: int


def pieces_within(arcs: Sequence[Arc]) -> list[list[Ring]]:
    """Put arcs around an object together: as `outlines`, of each piece its outline and its holes.

    What touches at the corner of a pixel alone is two pieces. Rings begin at their topmost point,
    the leftmost of these, and come in the order in which they begin.
    """
    shells: list[tuple[Ring, list[Ring]]] = []
    holes: list[Ring] = []
    for walk in _walks(arcs):
        rings = [_begun(ring) for ring in _apart(walk)]
        inside = [ring for ring in rings if _area(ring) > 0]
        outside = [ring for ring in rings if _area(ring) <= 0]
        if outside:
            # A hole that touches an outline is of that piece.
            shells.append((outside[0], inside))
        else:
            holes += inside
    for hole in holes:
        _around(shells, hole).append(hole)
    ordered = sorted(shells, key=lambda each: _begin(each[0]))
    return [[shell, *sorted(inside, key=_begin)] for shell, inside in ordered]


def without_straight(ring: Ring) -> Ring:
    """Leave out corners on straight lines, such as those where only neighbours meet."""
    corners = ring[:-1]
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    kept = corners[before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]]
    return np.concatenate((kept, kept[:1]))


def _walks(arcs: Sequence[Arc]) -> Iterator[list[Arc]]:
    """Go round along arcs, each once, close to the object where four pixels meet."""
    leaving: dict[int, list[int]] = {}
    for k, arc in enumerate(arcs):
        leaving.setdefault(arc.start, []).append(k)
    seen: set[int] = set()
    for k, arc in enumerate(arcs):
        walk: list[Arc] = []
        while k not in seen:
            seen.add(k)
            walk.append(arc)
            if arc.start < 0:
                break
            ways = leaving[arc.end]
            left = (arc.last + 3) % 4
            k = next((each for each in ways if arcs[each].first == left), ways[0])
            arc = arcs[k]
        if walk:
            yield walk


def _apart(walk: list[Arc]) -> Iterator[list[Arc]]:
    """Divide what comes to one point twice, where a hole touches an outline, or another hole."""
    at: dict[int, int] = {}
    rest: list[Arc] = []
    for arc in walk:
        if arc.start in at:
            begin = at[arc.start]
            yield rest[begin:]
            for each in rest[begin:]:
                del at[each.start]
            del rest[begin:]
        at[arc.start] = len(rest)
        rest.append(arc)
    yield rest


def _begun(arcs: Sequence[Arc]) -> Ring:
    """Make a closed ring of arcs."""
    lines = [arc.line if arc.start < 0 else arc.line[:-1] for arc in arcs]
    ring = np.concatenate(lines).astype(np.float64)
    ring = np.roll(ring, -np.lexsort((ring[:, 0], ring[:, 1]))[0], axis=0)
    return np.concatenate((ring, ring[:1]))


def _begin(ring: Ring) -> list[float]:
    """Return what rings are sorted by: two may share their first point, and not the second."""
    return list(ring[:2, ::-1].ravel().tolist())


def _area(ring: Ring) -> float:
    """Return twice the area: less than 0 with what is inside on the left, as y goes down."""
    x, y = (ring - ring[0]).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _around(shells: Sequence[tuple[Ring, list[Ring]]], hole: Ring) -> list[Ring]:
    """Return the holes of the smallest piece around one."""
    if len(shells) == 1:
        return shells[0][1]
    around = [each for each in shells if _holds(each[0], hole)]
    return max(around, key=lambda each: _area(each[0]))[1]


def _holds(shell: Ring, hole: Ring) -> bool:
    """Say whether a corner of a hole lies within an outline, which it does not touch."""
    x, y = hole[0]
    one, other = shell[:-1], shell[1:]
    over = (one[:, 1] > y) != (other[:, 1] > y)
    a, b = one[over], other[over]
    at = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    return bool(np.count_nonzero(at > x) % 2)
