"""The helpers all algorithms share."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import label

from napari_selfseg.labelmaps import borders, contiguous, count, split
from napari_selfseg.superpixels._tidy import merge_small


def drawn(*rows):
    return np.array([[int(each) for each in row] for row in rows], dtype=np.int32)


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


def test_labels_are_counted_but_for_0():
    assert count(np.array([[0, 3], [3, 7]])) == 2
    assert count(np.zeros((2, 2), int)) == 0
