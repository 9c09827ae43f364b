"""The height at which an image is cut when nobody says how many segments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_selfseg.hierarchy import Hierarchy, height_at

ONES = np.ones(4)


def test_an_image_like_most_is_cut_at_the_level():
    assert height_at(0.6, np.full(4, 0.3), ONES) == pytest.approx(0.6)


def test_four_times_the_disagreement_is_twice_the_height():
    few, many = (height_at(0.4, np.full(4, mean), ONES) for mean in (0.1, 0.4))
    assert many == pytest.approx(2 * few)


def test_long_borders_count_more():
    heights = np.array([0.1, 0.5])
    assert height_at(0.6, heights, np.array([3.0, 1.0])) == pytest.approx(0.6 * (0.2 / 0.3) ** 0.5)


def test_what_seven_of_ten_maps_have_stays_unless_the_level_is_higher():
    assert height_at(0.6, ONES, ONES) < 0.7
    assert height_at(0.99, ONES, ONES) == 0.99


def test_an_image_without_borders_has_the_level_itself():
    assert height_at(0.6, np.zeros(0), np.zeros(0)) == 0.6


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.floats(0, 1))
def test_the_height_rises_with_the_level(heights, level):
    found = np.array(heights)
    lengths = np.ones(len(found))
    assert height_at(level / 2, found, lengths) <= height_at(level, found, lengths) <= 1


def test_where_maps_disagree_everywhere_a_border_says_less():
    # One border that one of two maps has, beside borders that none or both have.
    superpixels = np.repeat(np.arange(1, 9), 3)[None].repeat(2, axis=0).astype(np.int32)
    clear = [[0, 1, 1, 1, 1, 2, 2, 2, 2], [0, 1, 1, 1, 1, 1, 1, 1, 1]]
    noisy = [[0, 1, 2, 1, 2, 3, 4, 3, 4], [0, 1, 2, 3, 4, 4, 1, 2, 3]]
    found = [
        Hierarchy.of(superpixels, {"maps": [np.array(m) for m in maps]}, spectral=False, level=0.45)
        for maps in (clear, noisy)
    ]
    assert found[0].disagreement[3] == pytest.approx(1 / 2)
    assert found[1].disagreement[3] == pytest.approx(1 / 2)
    sides = [each.votes()[[4, 5]] for each in found]
    assert sides[0][0] != sides[0][1]
    assert sides[1][0] == sides[1][1]
