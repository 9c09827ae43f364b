from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.metrics import Covering, contingency, covering

PAIRS = arrays(np.int64, (2, 4, 5), elements=st.integers(0, 4))


def brute_force(segments, truth):
    covered = 0.0
    for region in np.unique(truth):
        inside = truth == region
        best = max(
            (inside & (segments == s)).sum() / (inside | (segments == s)).sum()
            for s in np.unique(segments)
        )
        covered += inside.sum() * best
    return covered / truth.size


@given(PAIRS)
def test_covering_is_the_definition(pair):
    segments, truth = pair
    assert covering(segments, [truth]).value == pytest.approx(brute_force(segments, truth))


@given(PAIRS)
def test_table_counts_every_pixel_once(pair):
    table = contingency(*pair)
    assert table.counts.sum() == pair[0].size
    np.testing.assert_array_equal(
        np.bincount(table.rows, table.counts).astype(int), table.row_sizes
    )


@given(PAIRS)
def test_names_of_labels_do_not_matter(pair):
    segments, truth = pair
    assert covering(7 - segments, [truth * 3]).value == covering(segments, [truth]).value


def test_the_truth_covers_itself_and_one_region_covers_by_size():
    truth = np.array([[0, 0, 0, 1]])
    assert covering(truth, [truth]).value == 1
    assert covering(np.zeros_like(truth), [truth]).value == pytest.approx(0.75**2 + 0.25**2)


def test_annotators_and_images_are_summed_before_dividing():
    truth = np.array([[0, 1]])
    whole, fine = np.zeros_like(truth), truth
    assert covering(fine, [truth, whole]) == Covering(2 + 1, 4)
    assert Covering.summed([Covering(1, 2), Covering(9, 10)]).value == pytest.approx(10 / 12)


def test_ignored_pixels_do_not_count():
    segments = np.array([[1, 1, 2, 2]])
    truth = np.array([[1, 1, 2, 9]])
    assert covering(segments, [truth], ignore=[9]) == Covering(3, 3)


@pytest.mark.parametrize(
    ("segments", "truth", "sentence"),
    [
        (np.zeros((2, 2), int), np.zeros((2, 3), int), r"shape \(2, 2\) and the truth \(2, 3\)"),
        (np.zeros((2, 2)), np.zeros((2, 2), int), "whole numbers, not float64"),
        (np.zeros((2, 2), int), np.full((2, 2), 9), "No pixel is left"),
    ],
)
def test_what_cannot_be_compared_is_refused(segments, truth, sentence):
    with pytest.raises(ValueError, match=sentence):
        covering(segments, [truth], ignore=[9])
