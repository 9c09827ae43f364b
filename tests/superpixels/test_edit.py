"""Superpixels edited by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.measure import label

from napari_selfseg.superpixels import Edits
from napari_selfseg.superpixels._editing._geodesic import nearest_seeds

SHAPES = array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=6)


def drawn(*rows):
    return np.array([[int(each) for each in row] for row in rows], dtype=np.int32)


@st.composite
def pieces(draw):
    """Connected superpixels of a plane or a volume, some pixels without data."""
    raw = draw(arrays(np.int32, draw(SHAPES), elements=st.integers(0, 3)))
    return label(raw, background=0, connectivity=1).astype(np.int32)


def some_edit(edits, draw):
    """Merge or split something, if there is anything to; say what it may have changed."""
    numbers = [int(each) for each in np.unique(edits.labels) if each]
    if len(numbers) >= 2 and draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(numbers), min_size=2, max_size=4, unique=True))
        edits.merge(chosen)
        return chosen
    large = [each for each in numbers if (edits.labels == each).sum() > 1]
    if not large:
        return []
    number = draw(st.sampled_from(large))
    inside = [tuple(each) for each in np.argwhere(edits.labels == number)]
    seeds = draw(st.lists(st.sampled_from(inside), min_size=2, max_size=3, unique=True))
    image = np.random.default_rng(0).random((*edits.labels.shape, 2))
    parts = edits.split(number, seeds, image)
    assert [edits.at(seed) for seed in seeds] == list(parts)
    return [number]


@settings(max_examples=40, deadline=None)
@given(pieces(), st.data())
def test_undo_and_redo_restore_exactly(labels, data):
    edits = Edits(labels)
    states = [labels.copy()]
    for _ in range(4):
        if some_edit(edits, data.draw):
            states.append(labels.copy())
    for state in reversed(states[:-1]):
        assert edits.undo()
        np.testing.assert_array_equal(labels, state)
    assert edits.undo() == ""
    assert not edits.edited
    for state in states[1:]:
        assert edits.redo()
        np.testing.assert_array_equal(labels, state)
    assert edits.redo() == ""


@settings(max_examples=40, deadline=None)
@given(pieces(), st.data())
def test_an_edit_changes_no_other_superpixel_and_numbers_stay_unique(labels, data):
    edits = Edits(labels)
    before = labels.copy()
    for _ in range(3):
        previous = labels.copy()
        changed = some_edit(edits, data.draw)
        others = ~np.isin(previous, changed)
        np.testing.assert_array_equal(labels[others], previous[others])
        new = np.setdiff1d(labels, previous)
        assert (new > max(before.max(), previous.max())).all()
        sizes = np.bincount(labels.ravel())[1:]
        assert edits.count == (sizes > 0).sum()
        assert edits.count == 0 or edits.median_size == np.median(sizes[sizes > 0])
    np.testing.assert_array_equal(labels > 0, before > 0)


@settings(max_examples=40, deadline=None)
@given(pieces(), st.data())
def test_the_parts_of_a_connected_superpixel_are_connected(labels, data):
    large = np.flatnonzero(np.bincount(labels.ravel())[1:] > 1) + 1
    if not large.size:
        return
    number = int(data.draw(st.sampled_from(list(large))))
    inside = [tuple(each) for each in np.argwhere(labels == number)]
    seeds = data.draw(st.lists(st.sampled_from(inside), min_size=2, max_size=4, unique=True))
    image = np.random.default_rng(1).random(labels.shape)
    parts = Edits(labels).split(number, seeds, image)
    assert len(set(parts)) == len(seeds)
    for each in parts:
        assert label(labels == each, connectivity=1).max() == 1


def test_merge_takes_the_smallest_number():
    labels = drawn("1133", "2244")
    edits = Edits(labels)
    assert edits.merge([4, 2, 4]) == 2
    np.testing.assert_array_equal(labels, drawn("1133", "2222"))
    assert edits.edited


def test_a_number_that_was_merged_away_is_not_given_again():
    labels = drawn("1133", "1144")
    edits = Edits(labels)
    edits.merge([3, 4])
    assert edits.split(1, [(0, 0), (0, 1)]) == (1, 5)
    np.testing.assert_array_equal(edits.contiguous(), drawn("1322", "1322"))


def test_split_without_an_image_halves_the_way():
    labels = np.ones((3, 8), np.int32)
    Edits(labels).split(1, [(1, 7), (1, 0)])
    np.testing.assert_array_equal(labels, drawn(*["22221111"] * 3))


@pytest.mark.parametrize("noise", [0, 0.2])
def test_split_follows_the_edge_of_the_image(noise):
    image = np.random.default_rng(0).normal(0, noise, (30, 40))
    image[:, 28:] += 1
    labels = np.ones(image.shape, np.int32)
    Edits(labels).split(1, [(15, 3), (15, 36)], image)
    expected = np.where(np.arange(40) < 28, 1, 2)
    assert (labels == expected).mean() > 0.99
    halves = np.ones(image.shape, np.int32)
    Edits(halves).split(1, [(15, 3), (15, 36)])
    assert (halves == expected).mean() < 0.85, "test invalid"


def test_split_in_a_volume_follows_an_edge_between_planes():
    image = np.zeros((6, 5, 5, 3))
    image[4:, ..., 1] = 1
    labels = np.ones((6, 5, 5), np.int32)
    Edits(labels).split(1, [(0, 2, 2), (5, 2, 2)], image)
    np.testing.assert_array_equal(labels[:, 0, 0], [1, 1, 1, 1, 2, 2])


def test_spacing_decides_what_is_near():
    mask, seeds = np.ones((3, 3), bool), np.array([(0, 2), (2, 0)])
    assert nearest_seeds(mask, seeds, spacing=(1, 5))[2, 2] == 0
    assert nearest_seeds(mask, seeds, spacing=(5, 1))[2, 2] == 1


def test_pixels_that_are_not_finite_are_even_ground():
    image = np.zeros((1, 9))
    image[0, 6:] = 1
    image[0, 2] = np.nan
    labels = np.ones((1, 9), np.int32)
    Edits(labels).split(1, [(0, 0), (0, 8)], image)
    np.testing.assert_array_equal(labels, drawn("111111222"))


def test_pieces_without_a_seed_go_to_the_nearest():
    labels = drawn("11011", "00000", "10001")
    Edits(labels).split(1, [(0, 0), (0, 4)])
    np.testing.assert_array_equal(labels, drawn("11022", "00000", "10002"))


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        ([], "two points at least"),
        ([(0, 0)], "two points at least"),
        ([(0, 0), (0, 0)], "one pixel"),
        ([(0, 0), (0, 3)], r"\(0, 3\) is outside superpixel 1"),
        ([(0, 0), (-1, 0)], r"\(-1, 0\) is outside"),
        ([(0, 0), (0, 9)], r"\(0, 9\) is outside"),
        ([(0, 0), (0, 1, 0)], r"\(0, 1, 0\) is outside"),
    ],
)
def test_points_that_split_nothing_are_refused_in_a_sentence(seeds, sentence):
    labels = drawn("1122")
    edits = Edits(labels)
    with pytest.raises(ValueError, match=sentence):
        edits.split(1, seeds)
    np.testing.assert_array_equal(labels, drawn("1122"))
    assert not edits.undoable


@pytest.mark.parametrize("numbers", [[], [1], [1, 1]])
def test_one_superpixel_cannot_be_merged(numbers):
    with pytest.raises(ValueError, match="two superpixels at least"):
        Edits(drawn("12")).merge(numbers)


@pytest.mark.parametrize("number", [0, 3])
def test_what_is_no_superpixel_is_refused(number):
    edits = Edits(drawn("012"))
    for act in (edits.pick, lambda n: edits.merge([1, n]), lambda n: edits.split(n, [])):
        with pytest.raises(ValueError, match="no superpixel here"):
            act(number)
    assert edits.picked == ()


def test_picking_toggles_and_an_edit_puts_all_back():
    edits = Edits(drawn("123"))
    assert edits.pick(3)
    assert edits.pick(1)
    assert edits.picked == (3, 1)
    assert not edits.pick(3)
    edits.pick(2)
    edits.merge(edits.picked)
    assert edits.picked == ()


def test_a_new_edit_forgets_what_was_taken_back():
    labels = drawn("123")
    edits = Edits(labels)
    edits.merge([1, 2])
    edits.undo()
    assert edits.redoable
    edits.merge([2, 3])
    assert not edits.redoable
    assert edits.redo() == ""
    np.testing.assert_array_equal(labels, drawn("122"))


def test_at_is_0_outside():
    edits = Edits(drawn("12"))
    assert [edits.at(each) for each in [(0, 1), (0, 2), (-1, 0), (0,)]] == [2, 0, 0, 0]


def test_the_oldest_edits_are_forgotten_first():
    labels = np.arange(1, 101, dtype=np.int32).reshape(10, 10)
    edits = Edits(labels, budget=3 * 16)
    for number in range(2, 12):
        edits.merge([1, number])
    undone = [edits.undo() for _ in range(10)]
    assert sum(map(bool, undone)) == 3
    assert edits.edited, "what is forgotten cannot be taken back"
    assert (labels == 1).sum() == 8


def test_an_edit_larger_than_the_budget_can_be_undone():
    labels = drawn("1122")
    edits = Edits(labels, budget=0)
    edits.merge([1, 2])
    edits.undo()
    np.testing.assert_array_equal(labels, drawn("1122"))


def test_what_others_paint_stays_when_an_edit_is_undone():
    labels = drawn("1222")
    edits = Edits(labels)
    edits.pick(2)
    edits.merge([1, 2])
    labels[0, 3] = 7
    edits.recount()
    assert edits.count == 2
    edits.undo()
    np.testing.assert_array_equal(labels, drawn("1227"))
    assert edits.edited
    assert edits.count == 3


def test_a_type_without_a_number_left_is_refused():
    labels = np.array([[254, 254, 254, 255]], np.uint8)
    edits = Edits(labels)
    with pytest.raises(ValueError, match="uint8 have no number left"):
        edits.split(254, [(0, 0), (0, 2)])
    assert not edits.undoable


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.ones((2, 2)), "float64"),
        (np.array([[-1, 2]]), "some are negative"),
        (np.broadcast_to(np.int32(1), (2, 2)), "cannot be edited"),
    ],
)
def test_arrays_that_cannot_be_edited_are_refused(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        Edits(labels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64, np.int64])
def test_sparse_numbers_and_other_types_are_counted(dtype):
    labels = np.array([[0, 200, 200, 7]], dtype)
    edits = Edits(labels)
    assert (edits.count, edits.median_size) == (2, 1.5)
    edits.split(200, [(0, 1), (0, 2)])
    assert labels.dtype == dtype
    assert labels.tolist() == [[0, 200, 201, 7]]


def test_labels_that_are_a_view_are_edited_in_place():
    whole = np.ones((4, 6), np.int32)
    Edits(whole[::2, ::2]).split(1, [(0, 0), (0, 2)])
    assert whole[0, 4] == 2
    assert (whole[1::2] == 1).all()


def test_nothing_labelled_is_no_superpixel():
    edits = Edits(np.zeros((2, 2), np.int32))
    assert edits.count == 0
    assert np.isnan(edits.median_size)
