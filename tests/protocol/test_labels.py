from __future__ import annotations

import numpy as np
import pytest

from napari_selfseg.protocol import as_superpixels


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


def test_a_mask_without_labels():
    with pytest.raises(ValueError, match="0 everywhere"):
        as_superpixels(drawn("10", "20"), (2, 2), np.array([[False, True]] * 2))
