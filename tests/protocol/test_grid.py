"""Tiles cover an image once, and read beyond themselves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_selfseg.protocol import Grid

AXIS = st.tuples(st.integers(1, 20), st.integers(1, 8), st.integers(0, 5))


@given(st.lists(AXIS, min_size=1, max_size=3))
def test_tiles_cover_each_pixel_once(axes):
    grid = Grid(*zip(*axes, strict=True))
    seen = np.zeros(grid.shape, int)
    for number in range(len(grid)):
        seen[grid.inner(number)] += 1
        assert grid.number(grid.place(number)) == number
    assert (seen == 1).all()


@given(st.lists(AXIS, min_size=1, max_size=3))
def test_what_is_cropped_is_what_is_written(axes):
    grid = Grid(*zip(*axes, strict=True))
    image = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    for number in range(len(grid)):
        outer = image[grid.outer(number)]
        assert (outer[grid.crop(number)] == image[grid.inner(number)]).all()
        for axis, (wide, inner) in enumerate(
            zip(outer.shape, image[grid.inner(number)].shape, strict=True)
        ):
            assert wide <= min(inner + 2 * grid.halo[axis], grid.shape[axis])


def test_faces_are_between_neighbours():
    grid = Grid((4, 6), (2, 2), (0, 0))
    assert sorted(grid.faces()) == [
        (0, 0, 3), (0, 1, 4), (0, 2, 5), (1, 0, 1), (1, 1, 2), (1, 3, 4), (1, 4, 5),
    ]  # fmt: skip


def test_the_halo_ends_at_the_image():
    grid = Grid((10,), (4,), (3,))
    assert [grid.outer(n) for n in range(3)] == [(slice(0, 7),), (slice(1, 10),), (slice(5, 10),)]
