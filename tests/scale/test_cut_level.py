"""Labels made of superpixels where they are read are those that were made at once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_selfseg.grid import Grid
from napari_selfseg.scale._plan._cut_level import CutLevel

RNG = np.random.default_rng(0)
SHAPES = {"plane": ((23, 29), (7, 10)), "volume": ((5, 13, 17), (2, 5, 6))}


@pytest.fixture(params=SHAPES)
def made(request):
    """Return an image of labels, and its levels from pieces that are numbered block by block."""
    shape, tile = SHAPES[request.param]
    grid = Grid(shape, tile, (0,) * len(shape))
    pieces, whole, labels, first = np.zeros(shape, np.int32), np.zeros(shape, np.uint32), [], [0]
    for number in range(len(grid)):
        box, n = grid.inner(number), int(RNG.integers(2, 9))
        own = np.concatenate(([0], RNG.integers(1, 40, n)))
        pieces[box] = RNG.integers(0, n + 1, pieces[box].shape)
        whole[box] = own[pieces[box]]
        labels.append(own)
        first.append(first[-1] + n + 1)
    flat = np.concatenate(labels).astype(np.uint32)
    levels = [(..., slice(None, None, 2**k), slice(None, None, 2**k)) for k in range(4)]
    found = [CutLevel(pieces[e], k, grid, np.array(first), flat) for k, e in enumerate(levels)]
    return [whole[each] for each in levels], found


def test_every_part_of_every_level(made):
    for whole, level in zip(*made, strict=True):
        np.testing.assert_array_equal(np.asarray(level), whole)
        assert (level.shape, level.size, level.ndim) == (whole.shape, whole.size, whole.ndim)
        np.testing.assert_array_equal(level.labels[level.numbers()], whole)
        for _ in range(60):
            key = tuple(_part(n) for n in whole.shape[: RNG.integers(1, whole.ndim + 1)])
            np.testing.assert_array_equal(level[key], whole[key])


def _part(n):
    """Return some of so many pixels, as napari and other readers ask for them."""
    a, b = sorted(RNG.integers(0, n + 1, 2).tolist())
    kinds = (
        slice(a, b),
        slice(None),
        slice(-1, a, -2),
        slice(a, None, 3),
        int(RNG.integers(-n, n)),
    )
    return kinds[RNG.integers(len(kinds))]


def test_other_labels_are_seen_at_once_and_those_kept_stay(made):
    whole, level = made[0][0], made[1][0]
    kept = level.at(level.labels)
    level.labels = np.where(level.labels > 0, level.labels + 100, 0).astype(np.uint32)
    np.testing.assert_array_equal(np.asarray(level), np.where(whole > 0, whole + 100, 0))
    np.testing.assert_array_equal(np.asarray(kept), whole)
