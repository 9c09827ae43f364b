"""A last step along the borders of labels: each pixel goes where the pixels like it are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled

__all__ = ["IMAGE", "OUTLINES", "SUPERPIXELS", "Outlines", "refined"]

# What the borders of final labels follow.
Outlines = Literal["superpixels", "image"]
SUPERPIXELS: Final = "superpixels"
IMAGE: Final = "image"
OUTLINES: Final = (SUPERPIXELS, IMAGE)

# Pixels around a pixel that vote on it: a disc of 112 of them, or a ball of 122.
_REACH: Final = {2: 6.0, 3: 3.0}
# A colour counts as like another within some noise, in units of the scale of CIE Lab.
_NOISE: Final = 4.0
_LEAST: Final = 0.5
# How much better another label must be, and how often a pixel may change, so that all this ends.
_MARGIN: Final = 1.1
_MOST: Final = 3
# A second difference of independent noise is so many times as large as the noise.
_SECOND: Final = 1.5**0.5
_SAMPLE: Final = 2**20
# Faces of a pixel in the numbering of its 27 neighbours.
_FACES: Final = (4, 10, 12, 14, 16, 22)
_CENTRE: Final = 13


def refined(
    labels: NDArray[np.integer[Any]],
    colours: NDArray[np.floating[Any]],
    *,
    spacing: Sequence[float] | None = None,
    keep: NDArray[Any] | None = None,
) -> NDArray[np.int32]:
    r"""Let the borders of labels follow the image.

    A pixel p on a border votes with the pixels q around it, each for its own label,

    .. math:: L_p = \arg\max_L \sum_{q:\, |q - p| \le R,\, L_q = L} e^{-|c_q - c_p|^2 / 2 h^2},

    until no border moves. Where the image has an edge, only pixels on the same side count, and the
    border lies on it; on flat ground all count, and what sticks out is taken back. h is four times
    the noise of the image. A label stays in one piece where it was one, and none disappears.

    Parameters
    ----------
    labels : ndarray of int
        ``(*spatial)`` of two or three axes; 0, no data, stays.
    colours : ndarray of float
        ``(*spatial, C)`` on the scale of CIE Lab.
    spacing : sequence of float, optional
        Physical pixel size along each axis; ones by default.
    keep : ndarray of int or bool, optional
        ``(*spatial)``; pixels that are not 0 in it keep their label, as those under a stroke.

    Returns
    -------
    ndarray of int32
        A new array.
    """
    ndim = labels.ndim
    solid = np.array(labels, dtype=np.int32).reshape((1,) * (3 - ndim) + labels.shape)
    values = np.asarray(colours, dtype=np.float32).reshape(*solid.shape, -1)
    steps = _steps(ndim, spacing)
    width = max(_LEAST, _NOISE * _noise(values, solid > 0))
    turn, moves = _room(solid)
    if keep is not None:
        moves[np.asarray(keep).reshape(-1) != 0] = _MOST
    _settle(solid, values, steps, 1 / (2 * width**2), turn, moves)
    return solid.reshape(labels.shape)


def _steps(ndim: int, spacing: Sequence[float] | None) -> NDArray[np.int64]:
    """Return the steps to the pixels of a ball, along three axes."""
    sizes = np.ones(ndim) if spacing is None else np.asarray(spacing, dtype=np.float64)
    with np.errstate(over="ignore"):
        sizes = np.concatenate((np.full(3 - ndim, np.inf), sizes / sizes.min()))
    reach = _REACH[ndim]
    axes = [range(-int(reach // size), int(reach // size) + 1) for size in sizes]
    inside = [
        step
        for step in product(*axes)
        if 0 < sum((k * size) ** 2 for k, size in zip(step, sizes, strict=True) if k) <= reach**2
    ]
    return np.array(inside, dtype=np.int64).reshape(-1, 3)


def _noise(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    """Estimate the noise from second differences, along the axis where there is least."""
    found = []
    for axis in range(3):
        # Lines along the axis, not all of a large image.
        across = max((k for k in range(3) if k != axis), key=lambda k: inside.shape[k])
        lines = [slice(None)] * 3
        lines[across] = slice(None, None, max(inside.size // _SAMPLE, 1))
        rows = np.moveaxis(values[tuple(lines)], axis, 0)
        seen = np.moveaxis(inside[tuple(lines)], axis, 0)
        known = seen[2:] & seen[1:-1] & seen[:-2]
        if known.any():
            gap = (rows[1:-1] - (rows[2:] + rows[:-2]) / 2)[known]
            found.append(float(np.median(np.linalg.norm(gap, axis=-1))) / _SECOND)
    return min(found, default=0.0)


def _room(
    solid: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return a queue of the pixels on borders, with room for all, and what has moved how often."""
    border = np.zeros(solid.shape, dtype=bool)
    for axis in range(3):
        rows, found = np.moveaxis(solid, axis, 0), np.moveaxis(border, axis, 0)
        differ = (rows[1:] != rows[:-1]) & (rows[1:] > 0) & (rows[:-1] > 0)
        found[1:] |= differ
        found[:-1] |= differ
    return np.flatnonzero(border), np.zeros(solid.size, dtype=np.uint8)


@compiled
def _settle(
    labels: NDArray[np.int32],
    colours: NDArray[np.float32],
    steps: NDArray[np.int64],
    sharpness: float,
    turn: NDArray[np.int64],
    moves: NDArray[np.uint8],
) -> None:
    """Go round the pixels that may move, and then round those beside what moved."""
    _, height, width = labels.shape
    flat = labels.reshape(-1)
    candidates, votes = np.zeros(7, dtype=np.int64), np.zeros(7)
    waiting = np.zeros(len(flat), dtype=np.uint8)
    around = np.zeros(27, dtype=np.int64)
    while len(turn) > 0:
        # At most all around every pixel of this turn, each once.
        after = np.empty(27 * len(turn), dtype=np.int64)
        n = 0
        for pixel in turn:
            waiting[pixel] = 0
            z, y, x = pixel // (height * width), pixel // width % height, pixel % width
            _look(labels, z, y, x, around)
            count = _candidates(around, candidates)
            # What moved often enough swings between labels that pull alike; what holds its label
            # together has to stay, or there would be more segments than before.
            if count < 2 or moves[pixel] >= _MOST or not _removable(around):
                continue
            _vote(labels, colours, z, y, x, steps, sharpness, candidates[:count], votes)
            best = 0
            for k in range(1, count):
                # Only for a clearly better label, or borders would never rest.
                if votes[k] > votes[best] * (_MARGIN if best == 0 else 1.0):
                    best = k
            if best > 0:
                flat[pixel] = candidates[best]
                moves[pixel] += 1
                for k in range(27):
                    beside = pixel + ((k // 9 - 1) * height + k // 3 % 3 - 1) * width + k % 3 - 1
                    if around[k] > 0 and not waiting[beside]:
                        waiting[beside] = 1
                        after[n] = beside
                        n += 1
        turn = after[:n]


@compiled
def _look(labels: NDArray[np.int32], z: int, y: int, x: int, around: NDArray[np.int64]) -> None:
    """Copy the labels of a pixel and its 26 neighbours; 0 beyond the faces."""
    depth, height, width = labels.shape
    for k in range(27):
        a, b, c = z + k // 9 - 1, y + k // 3 % 3 - 1, x + k % 3 - 1
        inside = 0 <= a < depth and 0 <= b < height and 0 <= c < width
        around[k] = labels[a, b, c] if inside else 0


@compiled
def _candidates(around: NDArray[np.int64], candidates: NDArray[np.int64]) -> int:
    """Collect the label of a pixel and those face to face with it; return how many there are."""
    candidates[0] = around[_CENTRE]
    count = 1
    for face in _FACES:
        if around[face] > 0 and not (candidates[:count] == around[face]).any():
            candidates[count] = around[face]
            count += 1
    return count


@compiled
def _removable(around: NDArray[np.int64]) -> bool:
    """Say whether what is left of a label around a pixel is in one piece without it."""
    mine = around == around[_CENTRE]
    # Without the pixel itself: are those left of its label still in one piece, face to face?
    mine[_CENTRE] = False
    stack = np.empty(27, dtype=np.int64)
    pieces = 0
    for face in _FACES:
        if not mine[face]:
            continue
        pieces += 1
        mine[face] = False
        stack[0], top = face, 1
        while top > 0:
            top -= 1
            here = stack[top]
            for axis in range(3):
                step = 3**axis
                place = here // step % 3
                for side in (-1, 1):
                    if 0 <= place + side <= 2 and mine[here + side * step]:
                        mine[here + side * step] = False
                        stack[top] = here + side * step
                        top += 1
    return pieces == 1


@compiled
def _vote(
    labels: NDArray[np.int32],
    colours: NDArray[np.float32],
    z: int,
    y: int,
    x: int,
    steps: NDArray[np.int64],
    sharpness: float,
    candidates: NDArray[np.int64],
    votes: NDArray[np.float64],
) -> None:
    depth, height, width = labels.shape
    votes[:] = 0
    for step in steps:
        a, b, c = z + step[0], y + step[1], x + step[2]
        if 0 <= a < depth and 0 <= b < height and 0 <= c < width:
            for k in range(len(candidates)):
                if labels[a, b, c] == candidates[k]:
                    gap = 0.0
                    for channel in range(colours.shape[3]):
                        gap += (colours[a, b, c, channel] - colours[z, y, x, channel]) ** 2
                    votes[k] += np.exp(-gap * sharpness)
                    break
