from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.metrics import Contingency, contingency
from napari_selfseg.metrics._contingency import numbered

DTYPES = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]


@st.composite
def pairs(draw, dtypes=DTYPES):
    """Labels anywhere in the range of their type, and of few or many kinds."""
    found = []
    for _ in range(2):
        info = np.iinfo(draw(st.sampled_from(dtypes)))
        values = draw(st.lists(st.integers(info.min, info.max), min_size=1, max_size=4))
        found.append(draw(arrays(info.dtype, (4, 5), elements=st.sampled_from(values))))
    return found


def counted(segments, truth):
    """The table as a dictionary, pixel by pixel."""
    table: dict[tuple[int, int], int] = {}
    for pair in zip(segments.ravel().tolist(), truth.ravel().tolist(), strict=True):
        table[pair] = table.get(pair, 0) + 1
    return table


def as_mapping(table):
    names = zip(table.row_labels[table.rows], table.column_labels[table.columns], strict=True)
    return {
        (int(a), int(b)): int(n) for (a, b), n in zip(names, table.counts.tolist(), strict=True)
    }


@given(pairs())
def test_table_is_the_count_of_pixels(pair):
    table = contingency(*pair)
    assert as_mapping(table) == counted(*pair)
    for labels, names, sizes in (
        (pair[0], table.row_labels, table.row_sizes),
        (pair[1], table.column_labels, table.column_sizes),
    ):
        values, counts = np.unique(labels, return_counts=True)
        np.testing.assert_array_equal(names, values)
        np.testing.assert_array_equal(sizes, counts)
    assert table.total == pair[0].size


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_at_both_ends_of_a_type(dtype):
    info = np.iinfo(dtype)
    for values in ([info.max, info.max - 1, info.max], [info.min, info.min + 1], [info.min]):
        distinct, number = numbered(np.array(values, dtype))
        np.testing.assert_array_equal(distinct, np.unique(np.array(values, dtype)))
        assert distinct[number].tolist() == values


def test_ignored_labels_leave_no_trace():
    segments, truth = np.array([[1, 1, 2, 3]]), np.array([[5, 0, 0, 6]])
    table = contingency(segments, truth, ignore=[0, 99])
    assert as_mapping(table) == {(1, 5): 1, (3, 6): 1}


def test_masks_are_labels():
    mask = np.array([[True, False]])
    assert as_mapping(contingency(mask, mask)) == {(0, 0): 1, (1, 1): 1}


@given(pairs([np.int32]), pairs([np.int32]))
def test_tables_of_images_add_up(one, other):
    both = [np.concatenate(each) for each in zip(one, other, strict=True)]
    summed = Contingency.summed([contingency(*one), contingency(*other)])
    assert as_mapping(summed) == counted(*both)
