"""Shares of maps that divide two superpixels, and what a border means for the image."""

import numpy as np
import pytest

from napari_selfseg.hierarchy import disagreement, globalised, matched

LINE = np.array([[1, 2], [2, 3], [3, 4]])


def test_families_count_the_same_however_many_maps_they_have():
    families = {
        "one": [np.array([0, 1, 1, 2, 2])],
        "many": [np.array([0, 5, 6, 6, 6]), np.array([0, 5, 6, 6, 7]), np.array([0, 1, 1, 1, 1])],
    }
    expected = [(0 + 2 / 3) / 2, (1 + 0) / 2, (0 + 1 / 3) / 2]
    np.testing.assert_allclose(disagreement(families, LINE), expected)


def test_other_names_for_the_labels_change_nothing():
    rng = np.random.default_rng(0)
    maps = [rng.integers(1, 5, 5) for _ in range(6)]
    renamed = [(3 * each + 7) % 101 for each in maps]
    first = disagreement({"all": maps}, LINE)
    np.testing.assert_array_equal(first, disagreement({"all": renamed}, LINE))
    assert len(np.unique(first)) > 1, "test invalid"


def test_no_maps_is_an_error():
    with pytest.raises(ValueError, match="no label maps"):
        disagreement({"empty": []}, LINE)


def grid(n):
    number = np.arange(n * n).reshape(n, n)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    down = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    return np.concatenate([across, down]), number


def test_a_border_that_divides_the_image_is_raised_above_one_that_ends_in_nothing():
    edges, number = grid(8)
    heights = np.zeros(len(edges))
    column = number % 8
    through = (column.ravel()[edges[:, 0]] == 3) & (column.ravel()[edges[:, 1]] == 4)
    row = edges[:, 0] // 8
    heights[through] = 0.5
    stub = (column.ravel()[edges[:, 0]] == 5) & (column.ravel()[edges[:, 1]] == 6) & (row == 2)
    heights[stub] = 0.5
    found = globalised(64, edges, heights, np.ones(len(edges)))
    assert found[through].min() > 1.15 * found[stub].max()
    assert found.min() >= 0
    assert found.max() <= 1


def test_each_piece_is_taken_alone():
    edges, _ = grid(4)
    rng = np.random.default_rng(1)
    heights, lengths = rng.random(len(edges)), rng.random(len(edges)) + 0.5
    alone = globalised(16, edges, heights, lengths)
    both = globalised(
        32, np.concatenate([edges, edges + 16]), np.tile(heights, 2), np.tile(lengths, 2)
    )
    np.testing.assert_allclose(both, np.tile(alone, 2), atol=1e-8)


def test_a_pair_has_nothing_to_compare_its_border_with():
    found = globalised(2, np.array([[0, 1]]), np.array([0.4]), np.ones(1))
    np.testing.assert_array_equal(found, [0.4])


def test_partners_keep_their_numbers_and_newcomers_get_free_ones():
    before = np.array([7, 7, 7, 2, 2, 9])
    labels = np.array([1, 1, 4, 3, 3, 3])
    sizes = np.array([10, 10, 5, 8, 8, 1])
    np.testing.assert_array_equal(matched(labels, before, sizes), [7, 7, 1, 2, 2, 2])


def test_matching_a_partition_with_itself_changes_nothing():
    before = np.array([3, 1, 1, 2, 5])
    np.testing.assert_array_equal(matched(before * 10, before, np.ones(5)), before)
