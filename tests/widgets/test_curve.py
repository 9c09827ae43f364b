from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_selfseg.widgets.parts.plots.curve import curves

NAN = math.nan


def curve(losses):
    return curves(losses)[0]


def test_terms_are_added():
    made = curve({"a": {1: 1.0, 2: 2.0}, "b": {1: 10.0, 2: 20.0}})
    assert made.iterations.tolist() == [1, 2]
    assert made.values.tolist() == [11, 22]


def test_a_term_may_begin_later_and_iterations_come_in_order():
    made = curve({"a": {5: 1.0, 2: 2.0}, "b": {7: 3.0, 5: 10.0}, "c": {}})
    assert made.iterations.tolist() == [2, 5, 7]
    assert made.values.tolist() == [2, 11, 3]


def test_what_is_not_finite_is_left_out():
    made = curve({"a": {1: 1.0, 2: NAN, 3: math.inf, 4: 2.0}, "b": {1: 0.0, 4: NAN, 5: 3.0}})
    assert made.iterations.tolist() == [1, 5]


@pytest.mark.parametrize("losses", [{}, {"a": {}}, {"a": {1: NAN}}])
def test_nothing_gives_no_points(losses):
    made = curve(losses)
    assert made.frame is None
    assert made.points(100).shape == (0, 2)
    assert made.place(1) is None


def test_one_point_lies_in_the_middle():
    made = curve({"a": {7: 3.0}})
    assert made.points(100).tolist() == [[0.5, 0.5]]
    assert made.place(7) == 0.5
    assert made.nearest(0.9) == 7


def test_equal_values_lie_in_the_middle():
    assert curve({"a": {1: 2.0, 3: 2.0}}).points(9).tolist() == [[0, 0.5], [1, 0.5]]


def test_points_fill_the_unit_square():
    points = curve({"a": {1: 3.0, 2: 2.0, 5: -1.0}}).points(100)
    assert points.tolist() == [[0, 1], [0.25, 0.75], [1, 0]]


def test_a_wide_range_is_logarithmic():
    made = curve({"a": {1: 1000.0, 2: 10.0, 3: 0.1}})
    assert made.frame.logarithmic
    np.testing.assert_allclose(made.points(100), [[0, 1], [0.5, 0.5], [1, 0]])


@pytest.mark.parametrize("values", [(100.0, 1.0), (1000.0, 0.0), (1000.0, -1.0)])
def test_other_ranges_are_linear(values):
    made = curve({"a": {1: values[0], 2: sum(values) / 2, 3: values[1]}})
    assert not made.frame.logarithmic
    assert made.points(100)[1].tolist() == [0.5, 0.5]


def test_places_and_nearest_iterations():
    made = curve({"a": {10: 1.0, 20: 2.0, 50: 3.0}})
    assert [made.place(t) for t in (9, 10, 20, 30, 50, 51)] == [None, 0, 0.25, 0.5, 1, None]
    assert [made.nearest(x) for x in (-1, 0, 0.1, 0.2, 0.6, 0.7, 3)] == [10, 10, 10, 20, 20, 50, 50]


def test_thinning_keeps_every_peak():
    noise = np.random.default_rng(0).normal(size=20_000)
    noise[[4321, 12_345]] = 9, -9
    points = curve({"a": dict(enumerate(noise))}).points(200)
    assert len(points) <= 400
    assert points[:, 1].min() == 0
    assert points[:, 1].max() == 1
    at_peak = points[points[:, 1] == 1][0, 0]
    assert at_peak == pytest.approx(4321 / 19_999)


def test_terms_lie_in_one_frame_with_their_sum():
    total, terms = curves({"a": {1: 1.0, 3: 4.0}, "b": {3: 2.0, 2: NAN}, "c": {}})
    assert list(terms) == ["a", "b"]
    assert (total.frame.low, total.frame.high) == (1, 6)
    assert (total.frame.first, total.frame.last) == (1, 3)
    np.testing.assert_allclose(total.points(9), [[0, 0], [1, 1]])
    np.testing.assert_allclose(terms["a"].points(9), [[0, 0], [1, 0.6]])
    np.testing.assert_allclose(terms["b"].points(9), [[1, 0.2]])


def test_a_single_term_is_the_sum():
    assert curves({"a": {1: 1.0}, "b": {}})[1] == {}


VALUES = st.floats(-1e308, 1e308) | st.floats(0, 1) | st.just(NAN)


@given(st.dictionaries(st.integers(0, 10**6), VALUES, max_size=60), st.integers(0, 20))
def test_points_are_ordered_and_thinning_keeps_the_extremes_of_each_column(losses, columns):
    made = curve({"a": losses})
    every, points = made.points(10**9), made.points(columns)
    assert len(points) <= 2 * max(1, columns)
    assert np.isfinite(points).all()
    assert ((points >= 0) & (points <= 1)).all()
    assert (np.diff(points[:, 0]) > 0).all()
    n = max(1, columns)
    for column in range(n):
        found, wanted = (
            [y for x, y in line if min(int(x * n), n - 1) == column] for line in (points, every)
        )
        assert bool(found) == bool(wanted)
        if wanted:
            assert (min(found), max(found)) == (min(wanted), max(wanted))
