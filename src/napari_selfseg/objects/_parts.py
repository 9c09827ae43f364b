"""Objects measured part by part, so that none of them has to be in memory as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.util import map_array

from napari_selfseg.grid import Box
from napari_selfseg.objects._shape import hulls, joint_hulls, perimeters

__all__ = ["BEYOND", "Parts", "brought_together", "compact", "parts_of"]

# Pixels around a block that the perimeter of what lies in it depends on.
BEYOND: Final = 2
# What is known of the grey values of a part, in this order.
STATISTICS: Final = ("total", "spread", "low", "high")


class Parts(NamedTuple):
    """Parts of objects that lie in a block, or whole objects where these are brought together.

    Attributes
    ----------
    numbers : ndarray of int
        ``(n,)`` of the objects, increasing.
    pixels : ndarray of int64
        ``(n,)``.
    places : ndarray of int64
        ``(n, axes)`` sums of coordinates, in pixels of the image.
    spreads : ndarray of float64
        ``(n, 3)`` of a plane the sums of yy, xx and xy from the centre of each part, in pixels.
    perimeters : ndarray of float64
        ``(n,)`` of a plane, in pixels.
    convex : ndarray of float64
        ``(n,)`` of a plane, pixels of the convex hull.
    grey : ndarray of float64
        ``(n, channels, 4)`` sum, sum of squares from the mean, minimum, maximum.
    kinds : ndarray of int or None
        ``(n,)`` class of each, where there are classes.
    corners : ndarray of int32
        ``(m, 2)`` of a plane the corners of the convex hulls, one object after the other.
    counts : ndarray of int32
        ``(n,)`` of a plane how many of these each has.
    """

    numbers: NDArray[Any]
    pixels: NDArray[np.int64]
    places: NDArray[np.int64]
    spreads: NDArray[np.float64]
    perimeters: NDArray[np.float64]
    convex: NDArray[np.float64]
    grey: NDArray[np.float64]
    kinds: NDArray[Any] | None
    corners: NDArray[np.int32]
    counts: NDArray[np.int32]


def parts_of(
    labels: NDArray[np.integer[Any]],
    crop: Box | None = None,
    origin: Sequence[int] = (),
    channels: Sequence[NDArray[Any]] = (),
    kinds: NDArray[Any] | None = None,
) -> Parts:
    """Measure what lies in a block of the image.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` objects from 1, of the block with `BEYOND` pixels around it.
    crop : tuple of slice, optional
        The block within these; all by default.
    origin : sequence of int
        Where the block begins in the image; at its begin by default.
    channels : sequence of ndarray
        ``(*spatial)`` grey values of the block.
    kinds : ndarray of int, optional
        ``(n,)`` class of each object.
    """
    crop = crop or (slice(None),) * labels.ndim
    numbers = np.unique(labels[crop])
    numbers = numbers[numbers > 0]
    index, n = compact(labels, numbers), len(numbers)
    inner, plane = index[crop], labels.ndim == 2
    where = np.nonzero(inner)
    owner = inner[where] - 1
    pixels = np.bincount(owner, minlength=n).astype(np.int64)
    sums = [np.bincount(owner, at, n).astype(np.int64) for at in where]
    shift = np.array(origin or (0,) * labels.ndim, np.int64)
    places = np.stack(sums, axis=-1) + pixels[:, None] * shift
    corners, counts, areas = hulls(inner, n) if plane else _no_hulls()
    values = [each[where].astype(np.float64) for each in channels]
    return Parts(
        numbers,
        pixels,
        places,
        _spreads(owner, pixels, where, sums) if plane else np.zeros((n, 0)),
        perimeters(index, n, crop) if plane else np.zeros(0),
        areas,
        np.stack([_grey(owner, pixels, each) for each in values], axis=1)
        if values
        else np.zeros((n, 0, len(STATISTICS))),
        kinds,
        (corners + shift[-2:]).astype(np.int32),
        counts.astype(np.int32),
    )


def compact(labels: NDArray[Any], numbers: NDArray[Any]) -> NDArray[np.int32]:
    """Number objects from 1 without gaps; others become 0.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)``.
    numbers : ndarray of int
        ``(n,)`` of the objects.
    """
    index = np.zeros(labels.shape, np.int32)
    if len(numbers):
        map_array(labels, numbers, np.arange(1, len(numbers) + 1, dtype=np.int32), out=index)
    return index


def brought_together(parts: Sequence[Parts]) -> Parts:
    """Add up what is known of each object.

    Parameters
    ----------
    parts : sequence of Parts
        Of all blocks, each pixel in one; one of them at least.
    """
    numbers, owner = np.unique(
        np.concatenate([each.numbers for each in parts]), return_inverse=True
    )
    n = len(numbers)

    def total(name: str) -> NDArray[Any]:
        values: NDArray[Any] = np.concatenate([getattr(each, name) for each in parts])
        found = np.zeros((n, *values.shape[1:]), values.dtype)
        np.add.at(found, owner, values)
        return found

    pixels, places = total("pixels"), total("places")
    own = np.concatenate([each.pixels for each in parts])
    # Spreads of parts are about their own middles: add that of the middles (parallel axis theorem).
    away = _middles(parts) - (places / pixels[:, None])[owner]
    first = np.unique(owner, return_index=True)[1]
    kinds = [each.kinds for each in parts if each.kinds is not None]
    plane = places.shape[1] == 2
    return Parts(
        numbers,
        pixels,
        places,
        total("spreads") + _added(owner, n, own, away) if plane else np.zeros((n, 0)),
        total("perimeters") if plane else np.zeros(0),
        _convex(parts, owner, n) if plane else np.zeros(0),
        _all_grey(parts, owner, pixels),
        np.concatenate(kinds)[first] if kinds else None,
        *_no_hulls()[:2],
    )


def _no_hulls() -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    return np.zeros((0, 2), np.int32), np.zeros(0, np.int32), np.zeros(0)


def _spreads(
    owner: NDArray[np.int32],
    pixels: NDArray[np.int64],
    where: tuple[NDArray[np.int64], ...],
    sums: Sequence[NDArray[np.int64]],
) -> NDArray[np.float64]:
    y, x = (at - (total / pixels)[owner] for at, total in zip(where, sums, strict=True))
    n = len(pixels)
    return np.stack([np.bincount(owner, each, n) for each in (y * y, x * x, x * y)], axis=-1)


def _grey(
    owner: NDArray[np.int32], pixels: NDArray[np.int64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    n = len(pixels)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    with np.errstate(invalid="ignore"):  # NaN and infinite pixels: their objects say so
        np.minimum.at(low, owner, values)
        np.maximum.at(high, owner, values)
        total = np.bincount(owner, values, n)
        spread = np.bincount(owner, (values - (total / pixels)[owner]) ** 2, n)
    return np.stack((total, spread, low, high), axis=-1)


def _middles(parts: Sequence[Parts]) -> NDArray[np.float64]:
    return np.concatenate([each.places / each.pixels[:, None] for each in parts])


def _added(
    owner: NDArray[np.int64], n: int, pixels: NDArray[np.int64], away: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what parts add to yy, xx and xy as their centres are not that of the object."""
    y, x = away.T
    return np.stack(
        [np.bincount(owner, pixels * each, n) for each in (y * y, x * x, x * y)], axis=-1
    )


def _convex(parts: Sequence[Parts], owner: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    found = np.zeros(n)
    found[owner] = np.concatenate([each.convex for each in parts])
    corners = np.concatenate([each.corners for each in parts])
    whose = np.repeat(owner, np.concatenate([each.counts for each in parts]))
    # The hull of an object in one part alone is known already.
    several = np.bincount(owner, minlength=n) > 1
    mine = several[whose]
    found[several] = joint_hulls(whose[mine], corners[mine], n)[several]
    return found


def _all_grey(
    parts: Sequence[Parts], owner: NDArray[np.int64], pixels: NDArray[np.int64]
) -> NDArray[np.float64]:
    grey = np.concatenate([each.grey for each in parts])
    own = np.concatenate([each.pixels for each in parts])[:, None]
    found = np.zeros((len(pixels), *grey.shape[1:]))
    found[..., 2], found[..., 3] = np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        np.add.at(found[..., 0], owner, grey[..., 0])
        away = grey[..., 0] / own - (found[..., 0] / pixels[:, None])[owner]
        np.add.at(found[..., 1], owner, grey[..., 1] + own * away**2)
        np.minimum.at(found[..., 2], owner, grey[..., 2])
        np.maximum.at(found[..., 3], owner, grey[..., 3])
    return found
