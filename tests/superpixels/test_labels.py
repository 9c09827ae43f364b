"""Superpixels that the user brings, and the shared helpers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import label

from napari_selfseg.superpixels import as_superpixels
from napari_selfseg.superpixels._tidy import borders, contiguous, merge_small, split


def drawn(*rows):
    return np.array([[int(each) for each in row] for row in rows], dtype=np.int32)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.uint64])
def test_any_integers_become_contiguous(dtype):
    labels = np.array([[0, 7, 7], [100, 3, 0]], dtype=dtype)
    found = as_superpixels(labels, (2, 3))
    np.testing.assert_array_equal(found, [[0, 2, 2], [3, 1, 0]])
    assert found.dtype == np.int32


def test_huge_labels_and_no_background():
    found = as_superpixels(np.array([[2**40, 5]]), (1, 2))
    np.testing.assert_array_equal(found, [[2, 1]])


def test_mask_drops_labels():
    labels, mask = drawn("123"), np.array([[True, False, True]])
    np.testing.assert_array_equal(as_superpixels(labels, (1, 3), mask), [[1, 0, 2]])


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.ones((2, 4), int), r"shape \(2, 4\) and the image \(2, 3\): choose"),
        (np.ones((2, 3)), "must be whole numbers, not float64"),
        (np.ones((2, 3), bool), "must be whole numbers, not bool"),
        (np.array([[1, -2, 0], [0, 0, 0]]), "must not be negative, but -2"),
        (np.zeros((2, 3), int), "0 everywhere: draw"),
    ],
)
def test_labels_that_cannot_be_used(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        as_superpixels(labels, (2, 3))


def test_mask_of_another_shape_or_without_labels():
    with pytest.raises(ValueError, match=r"mask has shape \(3, 2\)"):
        as_superpixels(drawn("11", "22"), (2, 2), np.ones((3, 2), bool))
    with pytest.raises(ValueError, match="0 everywhere"):
        as_superpixels(drawn("10", "20"), (2, 2), np.array([[False, True]] * 2))


@given(arrays(np.int32, (5, 6), elements=st.integers(0, 5)))
def test_split_and_contiguous_agree_with_their_definitions(labels):
    pieces = split(labels, 1)
    assert (label(pieces, background=0, connectivity=1) == pieces).all()
    np.testing.assert_array_equal(pieces > 0, labels > 0)
    found = contiguous(labels)
    np.testing.assert_array_equal(found > 0, labels > 0)
    assert set(np.unique(found)) | {0} == set(range(found.max() + 1))


def test_borders_of_a_drawing():
    edges, length = borders(drawn("112", "332", "302"))
    np.testing.assert_array_equal(edges, [[1, 2], [1, 3], [2, 3]])
    np.testing.assert_array_equal(length, [1, 2, 1])


def test_merge_takes_the_longest_border():
    labels = drawn("11222", "11322", "11122")
    np.testing.assert_array_equal(merge_small(labels, 2), drawn("11222", "11122", "11122"))


def test_merge_takes_the_nearest_colour():
    labels = drawn("11222", "11322", "11122")
    colours = np.array([0, 1.0, 5.0, 4.5])[labels][..., None]
    np.testing.assert_array_equal(merge_small(labels, 2, colours), drawn("11222", "11222", "11122"))


def test_what_is_large_enough_or_alone_stays():
    labels = drawn("11022", "11022", "00003")[:, :4]
    np.testing.assert_array_equal(merge_small(labels, 100), labels)
    touching = drawn("12", "12")
    np.testing.assert_array_equal(merge_small(touching, 2), touching)


@given(arrays(np.int32, (6, 6), elements=st.integers(0, 3)), st.integers(1, 12))
def test_merge_leaves_no_small_region_with_a_neighbour(labels, min_size):
    pieces = split(labels, 1)
    merged = merge_small(pieces, min_size)
    sizes, (edges, _) = np.bincount(merged.ravel()), borders(merged)
    assert (sizes[edges] >= min_size).all()
    np.testing.assert_array_equal(merged > 0, pieces > 0)
    assert label(merged, background=0, connectivity=1).max() == merged.max()
    assert len(np.unique(np.stack((pieces, merged)).reshape(2, -1), axis=1).T) == len(
        np.unique(pieces)
    )
