"""Objects joined across faces are those of the whole image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.objects import connected
from napari_selfseg.protocol import Grid
from napari_selfseg.scale._tiles._joining import face_of, joined, pieces_of


def by_tiles(classes, tile, **options):
    grid = Grid(classes.shape, tile, (0,) * classes.ndim)
    tiles = [classes[grid.inner(n)] for n in range(len(grid))]
    pieces, sizes = zip(*map(pieces_of, tiles), strict=True)
    faces = [
        (a, face_of(pieces[a], tiles[a], axis, True), b, face_of(pieces[b], tiles[b], axis, False))
        for axis, a, b in grid.faces()
    ]
    found = np.zeros(classes.shape, np.int64)
    for n, numbers in enumerate(joined(sizes, faces, **options)):
        found[grid.inner(n)] = numbers[pieces[n]]
    return found


def same_partition(one, other):
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1).shape[1]
    return pairs == len(np.unique(one)) == len(np.unique(other))


@given(arrays(np.uint8, (9, 11), elements=st.integers(0, 2)), st.integers(1, 6), st.integers(1, 6))
def test_tiles_give_the_objects_of_the_whole(classes, rows, columns):
    found = by_tiles(classes, (rows, columns))
    assert same_partition(found, connected(classes))
    assert ((found == 0) == (classes == 0)).all()
    assert set(np.unique(found)) - {0} == set(range(1, found.max() + 1))


@given(arrays(np.uint8, (4, 5, 6), elements=st.integers(0, 2)))
def test_volumes_too(classes):
    assert same_partition(by_tiles(classes, (3, 2, 4)), connected(classes))


def test_small_objects_are_removed_whatever_tiles_they_cross():
    classes = np.zeros((6, 8), np.uint8)
    classes[2, 1:7] = 1
    classes[5, 0] = 1
    found = by_tiles(classes, (3, 3), minimum_size=5)
    assert (found[2, 1:7] == 1).all()
    assert found[5, 0] == 0
    assert not by_tiles(classes, (3, 3), minimum_size=7).any()


@pytest.mark.parametrize("shape", [(3, 4), (1, 1)])
def test_nothing_is_no_object(shape):
    assert not by_tiles(np.zeros(shape, np.uint8), (2, 2)).any()
