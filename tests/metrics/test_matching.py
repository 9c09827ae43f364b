from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from napari_selfseg.metrics import (
    Contingency,
    Matched,
    achievable_segmentation_accuracy,
    contingency,
    hungarian,
    majority,
)

PAIRS = arrays(np.int64, (2, 3, 5), elements=st.integers(0, 3))


def iou(one, other):
    return (one & other).sum() / (one | other).sum()


def brute_hungarian(segments, truth):
    """Every way to give each class a segment of its own, or none."""
    kinds, classes = np.unique(segments), np.unique(truth)
    found = []
    for chosen in permutations([*kinds, *(-1 for _ in classes)], len(classes)):
        pairs = [(segments == s, truth == c) for s, c in zip(chosen, classes, strict=True)]
        accuracy = sum((s & c).sum() for s, c in pairs) / truth.size
        found.append((accuracy, np.mean([iou(s, c) for s, c in pairs])))
    return max(found)


def brute_majority(segments, truth):
    painted = np.empty_like(truth)
    for segment in np.unique(segments):
        values, counts = np.unique(truth[segments == segment], return_counts=True)
        painted[segments == segment] = values[counts.argmax()]
    ious = [iou(painted == c, truth == c) for c in np.unique(truth)]
    return (painted == truth).mean(), np.mean(ious)


@given(PAIRS)
def test_hungarian_is_the_best_of_all_matchings(pair):
    assert hungarian(contingency(*pair)) == pytest.approx(brute_hungarian(*pair))


@given(PAIRS)
def test_majority_paints_the_segments(pair):
    assert majority(contingency(*pair)) == pytest.approx(brute_majority(*pair))


@given(PAIRS)
def test_names_and_bounds(pair):
    segments, truth = pair
    for match in (hungarian, majority):
        found = match(contingency(segments, truth))
        assert match(contingency(5 - segments, truth * 3)) == pytest.approx(found)
        assert min(found) >= 0
        assert max(found) <= 1
        assert match(contingency(truth, truth)) == Matched(1, 1)


@given(PAIRS)
def test_majority_is_never_below_hungarian_and_its_accuracy_is_asa(pair):
    table = contingency(*pair)
    assert majority(table).accuracy >= hungarian(table).accuracy - 1e-12
    assert majority(table).accuracy == pytest.approx(achievable_segmentation_accuracy(table))


@pytest.mark.parametrize("shape", [(40, 200), (200, 40), (120, 120)])
def test_many_labels_match_as_in_the_dense_table(shape):
    random = np.random.default_rng(0)
    segments, truth = (random.integers(0, n, 4000) for n in shape)
    dense = np.zeros(shape)
    np.add.at(dense, (segments, truth), 1)
    expected = dense[linear_sum_assignment(dense, maximize=True)].sum() / 4000
    assert hungarian(contingency(segments, truth)).accuracy == pytest.approx(expected)


def test_segments_left_over_are_wrong_and_classes_left_over_count_as_0():
    truth = np.array([[1, 1, 1, 1, 2, 2]])
    fine = np.array([[1, 1, 1, 2, 3, 3]])
    assert hungarian(contingency(fine, truth)) == pytest.approx((5 / 6, (3 / 4 + 1) / 2))
    assert hungarian(contingency(np.zeros((1, 6), int), truth)) == pytest.approx((4 / 6, 4 / 12))


def test_more_segments_look_better_by_majority_only():
    truth = np.random.default_rng(0).integers(0, 3, (20, 20))
    each = np.arange(400).reshape(20, 20)
    assert majority(contingency(each, truth)) == Matched(1, 1)
    assert hungarian(contingency(each, truth)).accuracy == pytest.approx(3 / 400)


def test_a_set_is_matched_as_a_whole():
    one = contingency([[1, 1, 2]], [[5, 5, 6]])
    other = contingency([[2, 2, 2, 1]], [[5, 5, 5, 6]])
    assert hungarian(one).accuracy == hungarian(other).accuracy == 1
    assert hungarian(Contingency.summed([one, other])).accuracy == pytest.approx(4 / 7)
