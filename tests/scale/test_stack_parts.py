"""Parts of a stack's run: slicing, order, matching, pace."""

from __future__ import annotations

import numpy as np
import pytest

from napari_selfseg.scale._planes import _stack_step as pace
from napari_selfseg.scale._planes._matching import by_overlap, named
from napari_selfseg.scale._planes._order import Order
from napari_selfseg.scale._planes._slices import Planes

ARRAY = np.arange(2 * 3 * 4 * 5 * 6).reshape(2, 3, 4, 5, 6)


def test_planes_of_several_axes_are_counted_with_the_last_first():
    planes = Planes(ARRAY, (0, 1))
    assert (len(planes), planes.shape, planes.spatial) == (6, (2, 3), (4, 5, 6))
    np.testing.assert_array_equal(planes[4], ARRAY[1, 1])
    assert planes.spot(4) == (1, 1, slice(None), slice(None), slice(None))
    assert planes.rest([1, 2, 3, 4, 5]) == (3, 4, 5)
    assert Planes(ARRAY, (1, 0)).shape == (3, 2)
    np.testing.assert_array_equal(Planes(ARRAY, (1, 0))[1], ARRAY[1, 0])


@pytest.mark.parametrize("channel", [0, 2, -1])
def test_channels_of_a_plane_are_last(channel):
    planes = Planes(ARRAY, 1, channel)
    last = np.moveaxis(ARRAY, channel, -1)
    for k, plane in enumerate(planes):
        np.testing.assert_array_equal(plane, last[:, k])
    assert planes.whole == last.shape[:-1]


@pytest.mark.parametrize("axis", [(0, 0), (0, 1, 2, 3), 5, ()])
def test_axes_that_cannot_be_gone_along_are_refused(axis):
    with pytest.raises(ValueError, match=r"axis 5|different axes"):
        Planes(ARRAY, axis)


def taken(order, views):
    found = []
    for viewed in views:
        found.append(order.next(viewed))
        order.finish(found[-1])
    return found


def test_the_plane_in_view_is_first_and_then_what_is_near_and_touches():
    assert taken(Order((7,), touching=True), [3] * 7) == [3, 2, 4, 1, 5, 0, 6]
    assert taken(Order((7,), touching=True), [3, 3, 6, 6, 0, 0, 0]) == [3, 2, 4, 5, 1, 0, 6]
    assert taken(Order((7,), touching=False), [3, 3, 6, 6, 0, 0, 0]) == [3, 2, 6, 5, 0, 1, 4]


def test_on_a_grid_the_end_of_a_row_is_not_beside_the_next_one():
    order = Order((2, 3), touching=True)
    assert taken(order, [2, 2, 2, 2, 2, 2]) == [2, 1, 5, 0, 4, 3]
    assert not order.left


def test_a_plane_looks_at_the_nearest_that_is_done():
    order = Order((7,), touching=True)
    assert order.neighbour(3) is None
    order.finish(1)
    order.skip(2)
    assert (order.neighbour(3), order.neighbour(0)) == (1, 1)
    order.finish(3)
    assert order.neighbour(6) == 3
    assert order.neighbours() == {1, 3}
    order.finish(0)
    assert order.neighbours() == {3}


def test_ids_go_to_the_pairs_with_the_largest_sum_of_overlaps():
    before = np.array([[7, 7, 7, 7, 7, 7, 5, 5, 5, 5]])
    labels = np.array([[1, 1, 1, 1, 1, 2, 2, 2, 2, 2]])
    np.testing.assert_array_equal(by_overlap(labels, before, 7), np.where(labels == 1, 7, 5))
    # The pair that overlaps most (1 and 7) is not in the best assignment; who is left is new.
    labels = np.array([[3, 3, 1, 1, 1, 1, 1, 1, 1, 2]])
    found = by_overlap(labels, before, 9)
    np.testing.assert_array_equal(found, [[7, 7, 5, 5, 5, 5, 5, 5, 5, 10]])


def test_no_data_is_no_segment():
    before, labels = np.array([[0, 0, 4, 4]]), np.array([[2, 2, 0, 1]])
    np.testing.assert_array_equal(by_overlap(labels, before, 4), [[5, 5, 0, 4]])
    np.testing.assert_array_equal(by_overlap(labels, 0 * before, 4), [[6, 6, 0, 5]])


def test_new_names_are_never_in_use():
    np.testing.assert_array_equal(named(np.array([3, 1, 2, 0]), {1: 9}, 9), [11, 9, 10, 0])


def test_time_left_forgets_the_first_plane(monkeypatch):
    clock = iter([0.0, 0.0, 60.0, 60.0, 62.0, 62.0, 66.0])
    monkeypatch.setattr(pace.time, "monotonic", lambda: next(clock))
    found = pace.Pace()
    lefts = [found.left(10)]
    for _ in range(3):
        found.begin()
        found.end()
        lefts.append(found.left(10))
    assert lefts == [None, 600, 20, 30]
