from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.metrics import (
    MERGED,
    SPLIT,
    achievable_segmentation_accuracy,
    contingency,
    disagreement,
)

PAIRS = arrays(np.int64, (2, 4, 5), elements=st.integers(-2, 3))


def largest(inside):
    """The most frequent label, of equals the smallest."""
    values, counts = np.unique(inside, return_counts=True)
    return values[np.argmax(counts)]


def brute_force(labels, truth, ignore=()):
    counts = ~np.isin(truth, list(ignore))
    found = np.zeros(labels.shape, np.uint8)
    for p in np.ndindex(labels.shape):
        if counts[p] and truth[p] != largest(truth[counts & (labels == labels[p])]):
            found[p] = MERGED
        elif counts[p] and labels[p] != largest(labels[counts & (truth == truth[p])]):
            found[p] = SPLIT
    return found


@given(PAIRS)
def test_it_is_the_definition(pair):
    np.testing.assert_array_equal(disagreement(*pair), brute_force(*pair))


@given(PAIRS)
def test_ignored_pixels_neither_count_nor_show(pair):
    labels, truth = pair
    truth[0, 0] = 1
    found = disagreement(labels, truth, ignore=(0, -2))
    np.testing.assert_array_equal(found, brute_force(labels, truth, (0, -2)))


@given(PAIRS)
def test_merged_pixels_are_what_whole_superpixels_cannot_reach(pair):
    merged = (disagreement(*pair) == MERGED).mean()
    assert merged == pytest.approx(1 - achievable_segmentation_accuracy(contingency(*pair)))


@given(PAIRS)
def test_a_finer_partition_is_split_and_a_coarser_one_merged(pair):
    coarse, fine = pair[0], 10 * pair[0] + pair[1]
    assert MERGED not in disagreement(fine, coarse)
    assert SPLIT not in disagreement(coarse, fine)
    assert not disagreement(coarse, 3 - coarse).any()


def test_one_split_one_merged_and_a_border_that_is_off():
    truth = np.array([[1, 1, 1, 1, 2, 2, 3, 3, 3]])
    labels = np.array([[7, 7, 7, 8, 9, 9, 9, 9, 9]])
    np.testing.assert_array_equal(
        disagreement(labels, truth), [[0, 0, 0, SPLIT, MERGED, MERGED, 0, 0, 0]]
    )
    off = np.array([[1, 1, 1, 2, 2, 2, 3, 3, 3]])
    np.testing.assert_array_equal(disagreement(off, truth), [[0, 0, 0, MERGED, 0, 0, 0, 0, 0]])


def test_of_equals_the_smallest_label_counts():
    truth = np.array([[5, 4]])
    np.testing.assert_array_equal(disagreement(np.array([[1, 1]]), truth), [[MERGED, 0]])
    np.testing.assert_array_equal(disagreement(truth, np.array([[1, 1]])), [[SPLIT, 0]])


def test_far_apart_labels_and_volumes():
    truth = np.zeros((2, 3, 4), np.uint64)
    truth[1] = np.iinfo(np.uint64).max
    found = disagreement(np.zeros(truth.shape, bool), truth)
    np.testing.assert_array_equal(found, np.where(truth > 0, MERGED, 0))
    assert found.dtype == np.uint8


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="shape"):
        disagreement(np.zeros((2, 3), int), np.zeros((3, 2), int))
    with pytest.raises(ValueError, match="whole numbers"):
        disagreement(np.zeros(3), np.zeros(3, int))
    with pytest.raises(ValueError, match="ignored"):
        disagreement(np.zeros(3, int), np.zeros(3, int), ignore=[0])
