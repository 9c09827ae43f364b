"""Numbers on the slider of segments."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_selfseg.widgets.views.amount.granularity import nearest, stops

NUMBERS = st.integers(1, 20_000)


def test_the_numbers_people_look_at_have_most_of_the_room():
    found = stops(1, 20_000)
    assert found[:30] == list(range(1, 31))
    assert found[-1] == 500
    assert found.index(30) > 0.55 * found.index(500)


@given(NUMBERS, NUMBERS)
def test_stops_ascend_from_the_fewest_to_the_most(one, other):
    fewest, most = sorted((one, other))
    found = stops(fewest, most)
    assert found[0] == fewest
    assert found[-1] == min(most, max(500, fewest))
    assert all(a < b for a, b in pairwise(found))


@given(st.lists(NUMBERS, min_size=1, unique=True).map(sorted), NUMBERS)
def test_the_nearest_number_is_found(numbers, number):
    assert abs(numbers[nearest(numbers, number)] - number) == min(
        abs(each - number) for each in numbers
    )


@pytest.mark.parametrize("number", [1, 12, 500])
def test_a_stop_is_its_own_nearest(number):
    found = stops(1, 600)
    assert found[nearest(found, number)] == number
