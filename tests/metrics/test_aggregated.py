from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.metrics import aggregated_jaccard, contingency

PAIRS = arrays(np.int64, (2, 3, 6), elements=st.integers(0, 4))


def jaccard(segments, truth, background=(0,)):
    return aggregated_jaccard(contingency(segments, truth), background=background)


def pixels_of(labels, background):
    """The pixels of each object, as sets."""
    found = {}
    for at, label in np.ndenumerate(labels):
        if label not in background:
            found.setdefault(label, set()).add(at)
    return found


def brute_force(segments, truth, background):
    """Algorithm 1 of the paper, an object at a time."""
    predicted, true = pixels_of(segments, background), pixels_of(truth, background)
    correct, union, used = 0, 0, set()
    for inside in true.values():
        overlaps = {
            k: Fraction(len(inside & each), len(inside | each)) for k, each in predicted.items()
        }
        best = max(sorted(overlaps), key=overlaps.__getitem__, default=None)
        if best is None or not overlaps[best]:
            union += len(inside)
            continue
        correct += len(inside & predicted[best])
        union += len(inside | predicted[best])
        used.add(best)
    union += sum(len(each) for k, each in predicted.items() if k not in used)
    return correct / union if union else 1.0


@pytest.mark.parametrize("background", [(), (0,), (0, 3)])
@given(pair=PAIRS)
def test_it_is_the_algorithm_of_the_paper(background, pair):
    assert jaccard(*pair, background) == pytest.approx(brute_force(*pair, background))


def test_one_object_off_by_a_pixel_and_one_that_is_wrong():
    truth = np.array([[1, 1, 1, 0, 0, 0, 0]])
    labels = np.array([[0, 5, 5, 5, 0, 9, 9]])
    assert jaccard(labels, truth) == 2 / (4 + 2)


def test_a_missed_object_adds_its_pixels_and_takes_no_segment_from_others():
    truth = np.array([[1, 1, 0, 2, 2, 2]])
    labels = np.array([[0, 0, 0, 1, 1, 1]])
    assert jaccard(labels, truth) == 3 / (3 + 2)


def test_a_segment_chosen_twice_counts_for_each_of_them_in_full():
    truth = np.array([[1, 1, 0, 2, 2]])
    labels = np.array([[7, 7, 7, 7, 7]])
    assert jaccard(labels, truth) == (2 + 2) / (5 + 5)


def test_a_split_object_keeps_the_best_piece_and_the_other_is_left_over():
    truth = np.array([[1, 1, 1, 1, 1]])
    labels = np.array([[7, 7, 7, 8, 8]])
    assert jaccard(labels, truth) == 3 / (5 + 2)


def test_the_best_is_by_overlap_over_union_not_by_shared_pixels():
    truth = np.array([[1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]])
    labels = np.array([[4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3]])
    assert jaccard(labels, truth) == 2 / (5 + 9)


def test_of_equals_the_smallest_label_is_chosen():
    truth = np.array([[1, 1, 1, 1, 2, 2]])
    labels = np.array([[3, 3, 5, 5, 5, 5]])
    # Object 1 meets 3 at 2 / 4 and 5 at 2 / 6; object 2 meets 5 at 2 / 4.
    assert jaccard(labels, truth) == (2 + 2) / (4 + 4)
    tied, other = np.array([[3, 3, 5, 5, 0, 0]]), np.array([[5, 5, 3, 3, 0, 0]])
    assert jaccard(tied, truth) == jaccard(other, truth) == 2 / (4 + 2 + 2)


@given(PAIRS)
def test_bounds_names_and_the_truth_itself(pair):
    segments, truth = pair
    assert 0 <= jaccard(segments, truth) <= 1
    assert jaccard(truth, truth) == 1
    assert jaccard(segments, truth * 3) == pytest.approx(jaccard(segments, truth))


def test_nothing_to_find():
    assert jaccard([[0, 0]], [[0, 0]]) == 1
    assert jaccard([[1, 0]], [[0, 0]]) == 0
    assert jaccard([[0, 0]], [[1, 0]]) == 0
