"""Images as collections."""

import numpy as np
import pytest

from napari_selfseg.scale import planes, tiles


def test_planes_of_a_stack_are_its_slices():
    stack = np.arange(24).reshape(2, 3, 4)
    for axis in range(3):
        found = planes(stack, None, axis)
        assert len(found) == stack.shape[axis]
        np.testing.assert_array_equal(np.stack(found, axis), stack)


def test_planes_keep_their_channels_last():
    stack = np.arange(120).reshape(5, 2, 3, 4)
    found = planes(stack, 0)
    assert [each.shape for each in found] == [(3, 4, 5)] * 2
    np.testing.assert_array_equal(found[1][..., 2], stack[2, 1])


def test_a_plane_is_no_stack():
    with pytest.raises(ValueError, match="no stack of planes"):
        planes(np.zeros((4, 5, 3)), -1)


@pytest.mark.parametrize("size", [1, 4, 5, 7, 100])
def test_tiles_cover_a_plane_once(size):
    image = np.arange(13 * 9).reshape(13, 9)
    found = tiles(image, None, size)
    assert max(max(each.shape) for each in found) <= size
    assert sorted(np.concatenate([each.ravel() for each in found])) == list(range(13 * 9))


def test_tiles_keep_their_channels_last():
    image = np.arange(2 * 6 * 8).reshape(2, 6, 8)
    assert {each.shape for each in tiles(image, 0, 4)} == {(3, 4, 2)}


def test_tiles_of_a_stack_are_refused():
    with pytest.raises(ValueError, match="take its planes first"):
        tiles(np.zeros((3, 4, 5)), None, 2)
    with pytest.raises(ValueError, match="longest side"):
        tiles(np.zeros((4, 5)), None, 0)
