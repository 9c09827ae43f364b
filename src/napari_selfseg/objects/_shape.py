"""Perimeter and convex area of many objects of a plane at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.grid import Box

__all__ = ["hulls", "joint_hulls", "perimeters"]

Areas = NDArray[np.float64]


def perimeters(objects: NDArray[np.int32], n: int, crop: Box | None = None) -> NDArray[np.float64]:
    """Return the perimeter of each object, in pixels, or of as much of it as lies in a block.

    The number is that of `skimage.measure.perimeter` (4-neighbourhood), computed for all objects
    in one pass instead of one by one.

    Parameters
    ----------
    objects : ndarray of int32
        ``(y, x)`` from 1 to n.
    crop : tuple of slice, optional
        The block; it needs two pixels around it.

    Returns
    -------
    ndarray of float64
        ``(n,)``.

    References
    ----------
    Benkrid, Crookes and Benkrid, Design and FPGA implementation of a perimeter estimator, IMVIP
    2000.
    """
    padded = np.pad(objects, 1)
    edge = _edges(padded)
    at = np.flatnonzero(edge if crop is None else _inside(edge, crop))
    owner, border, width = padded.ravel(), edge.ravel(), padded.shape[1]
    code = np.ones(len(at), np.int64)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            near = at + dy * width + dx
            along = border[near] & (owner[near] == owner[at])
            # Sides count 2 and corners 10: `_lengths` knows the shape of the border by the sum.
            code += along * (0, 2, 10)[abs(dy) + abs(dx)]
    length: NDArray[Any] = np.bincount(owner[at], _lengths()[code], n + 1)[1:]
    return length


def _lengths() -> NDArray[np.float64]:
    """Length that a border pixel adds, by the code of its neighbourhood."""
    length = np.zeros(50)
    length[[5, 7, 15, 17, 25, 27]] = 1
    length[[21, 33]] = np.sqrt(2)
    length[[13, 23]] = (1 + np.sqrt(2)) / 2
    return length


def _edges(padded: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark the pixels of objects that have a face towards something else."""
    edge = np.zeros(padded.shape, bool)
    core = padded[1:-1, 1:-1]
    inner = (core == padded[:-2, 1:-1]) & (core == padded[2:, 1:-1])
    inner &= (core == padded[1:-1, :-2]) & (core == padded[1:-1, 2:])
    edge[1:-1, 1:-1] = (core > 0) & ~inner
    return edge


def _inside(edge: NDArray[np.bool_], crop: Box) -> NDArray[np.bool_]:
    found, core = np.zeros_like(edge), (slice(1, -1),) * edge.ndim
    found[core][crop] = edge[core][crop]
    return found


def hulls(
    objects: NDArray[np.int32], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the convex hull of each object's pixels, which are little squares.

    Parameters
    ----------
    objects : ndarray of int32
        ``(y, x)`` from 1 to n, each number in use.

    Returns
    -------
    corners : ndarray of int64
        ``(m, 2)`` y and x, from the corner of the first pixel, one object after the other.
    counts : ndarray of int64
        ``(n,)`` how many of these each has.
    areas : ndarray of float64
        ``(n,)`` in pixels; never smaller than the object.
    """
    owner, top, left, right = _row_ends(objects)
    # A row of pixels has corners above and below; in this order they stay sorted.
    both = np.repeat(owner - 1, 2), np.stack((top, top + 1), axis=-1).ravel()
    return _spanned(*both, np.repeat(left, 2), np.repeat(right, 2), n)


def joint_hulls(owner: NDArray[np.int64], corners: NDArray[np.integer[Any]], n: int) -> Areas:
    """Return the areas of the convex hulls of some corners, in pixels.

    Parameters
    ----------
    owner : ndarray of int64
        ``(m,)`` whose each is, from 0 to n - 1.
    corners : ndarray of int
        ``(m, 2)`` y and x, in any order.

    Returns
    -------
    ndarray of float64
        ``(n,)``; 0 of those without any.
    """
    order = np.lexsort((corners[:, 0], owner))
    y, x = corners[order].astype(np.int64).T
    return _spanned(owner[order], y, x, x, n)[2]


def _row_ends(objects: NDArray[np.int32]) -> tuple[NDArray[Any], ...]:
    """Return object, y, begin and end of each row of each object, sorted."""
    y, x = np.nonzero(_edges(np.pad(objects, 1))[1:-1, 1:-1])
    owner = objects[y, x]
    order = np.argsort(owner, kind="stable")
    owner, y, x = owner[order], y[order], x[order]
    first = np.flatnonzero(np.diff(owner, prepend=0) | np.diff(y, prepend=-1))
    last = np.append(first, len(owner))[1:] - 1
    return owner[first], y[first], x[first], x[last] + 1


def _spanned(
    owner: NDArray[np.integer[Any]],
    y: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    n: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Areas]:
    """Return corners, their counts and the areas of hulls; points are sorted by object and y."""
    if not len(owner):
        return np.zeros((0, 2), np.int64), np.zeros(n, np.int64), np.zeros(n)
    first = np.flatnonzero(np.diff(owner, prepend=-1) | np.diff(y, prepend=-1))
    owner, y = owner[first], y[first]
    sides = [np.minimum.reduceat(left, first), -np.maximum.reduceat(right, first)]
    kept = [_outermost(owner, y, side, n) for side in sides]
    beside = [_beside(owner[k], y[k], side[k], n) for k, side in zip(kept, sides, strict=True)]
    whose = np.concatenate([owner[k] for k in kept])
    x = np.concatenate([side[k] for k, side in zip(kept, (sides[0], -sides[1]), strict=True)])
    corners = np.stack((np.concatenate([y[k] for k in kept]), x), axis=-1)
    order = np.argsort(whose, kind="stable")
    return corners[order], np.bincount(whose, minlength=n), -beside[0] - beside[1]


def _outermost(
    owner: NDArray[np.integer[Any]], y: NDArray[np.int64], x: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Find the points that span the left side of each hull.

    What lies on or right of the line between the points above and below it does not, whatever
    becomes of these. Objects that lost points are looked at again.
    """
    kept, at = np.ones(len(owner), bool), np.arange(len(owner))
    while len(at):
        whose, v, u = owner[at], y[at], x[at]
        out = np.zeros(len(at), bool)
        # By the cross product: a corner on or inside the line between its neighbours is none.
        out[1:-1] = (whose[:-2] == whose[2:]) & (
            (u[1:-1] - u[:-2]) * (v[2:] - v[:-2]) >= (u[2:] - u[:-2]) * (v[1:-1] - v[:-2])
        )
        kept[at[out]] = False
        again = np.zeros(n, bool)
        again[whose[out]] = True
        at = at[~out & again[whose]]
    return np.flatnonzero(kept)


def _beside(
    owner: NDArray[np.integer[Any]], y: NDArray[np.int64], x: NDArray[np.int64], n: int
) -> Areas:
    """Return the area between the axis of y and a side of each object."""
    same = owner[1:] == owner[:-1]
    # Trapezoids between the line and the axis.
    twice = ((x[1:] + x[:-1]) * np.diff(y))[same]
    areas: Areas = np.bincount(owner[1:][same], twice, n) / 2
    return areas
