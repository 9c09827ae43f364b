"""Classes that somebody drew stay apart, each in one segment, in every cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_selfseg.hierarchy import (
    Hierarchy,
    divided,
    drawn_on,
    linked,
    matched,
    multicut,
    weights,
)


@st.composite
def drawn_graphs(draw):
    n = draw(st.integers(2, 12))
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1))
    heights = [draw(st.integers(0, 10)) / 10 for _ in edges]
    lengths = [float(draw(st.integers(1, 5))) for _ in edges]
    sizes = [draw(st.integers(1, 9)) for _ in range(n)]
    drawn = [draw(st.sampled_from([0, 0, 3, 7])) for _ in range(n)]
    return n, np.array(sorted(edges)), np.array(heights), np.array(lengths), sizes, np.array(drawn)


def assert_as_drawn(labels, drawn):
    assert (labels[drawn > 0] == drawn[drawn > 0]).all()


@settings(deadline=None, max_examples=60)
@given(drawn_graphs())
def test_every_cut_has_as_many_segments_as_asked_and_a_class_in_each_label(graph):
    n, edges, heights, lengths, sizes, drawn = graph
    tree = linked(n, edges, heights, lengths, np.array(sizes), drawn=drawn)
    classes = len(np.unique(drawn[drawn > 0]))
    assert tree.most == np.count_nonzero(drawn == 0) + classes
    assert tree.fewest >= classes
    before = None
    for k in range(tree.fewest, tree.most + 1):
        labels = tree.cut(k)
        assert_as_drawn(labels, drawn)
        assert len(np.unique(labels)) == k
        if before is not None:  # nested, and numbers stay
            assert all(len(np.unique(before[labels == each])) == 1 for each in np.unique(labels))
            assert set(before.tolist()) <= set(labels.tolist())
        before = labels


@settings(deadline=None, max_examples=60)
@given(drawn_graphs())
def test_without_drawings_the_tree_is_what_it_was(graph):
    n, edges, heights, lengths, sizes, _ = graph
    one = linked(n, edges, heights, lengths, np.array(sizes))
    other = linked(n, edges, heights, lengths, np.array(sizes), drawn=np.zeros(n, int))
    for k in range(1, n + 1):
        np.testing.assert_array_equal(one.cut(k), other.cut(k))
    np.testing.assert_array_equal(one.labels, np.arange(1, n + 1))


@settings(deadline=None, max_examples=40)
@given(drawn_graphs(), st.sampled_from([0.0, 0.4, 2.0]))
def test_a_multicut_keeps_nodes_apart(graph, bias):
    n, edges, heights, lengths, _, drawn = graph
    alone = np.flatnonzero(drawn)
    labels = multicut(n, edges, heights, lengths, bias, alone.tolist())
    assert len(np.unique(labels[alone])) == len(alone)


def test_a_cheap_border_between_classes_is_not_crossed_and_a_dear_one_within_is():
    # 0 - 1 - 2 - 3, with hardly any border in the middle.
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    heights, ones = np.array([0.9, 0.0, 0.9]), np.ones(3)
    drawn = np.array([2, 0, 0, 1])
    tree = linked(4, edges, heights, ones, np.ones(4, int), drawn=drawn)
    assert (tree.fewest, tree.most) == (2, 4)
    assert tree.cut(1).tolist() == tree.cut(2).tolist() == [2, 2, 2, 1]
    assert tree.cut(3).tolist() == [2, 3, 3, 1]
    assert linked(4, edges, heights, ones, np.ones(4, int)).fewest == 1


def test_superpixels_of_two_classes_are_divided_and_others_stay():
    superpixels = np.repeat([[1] * 6 + [0] + [2] * 3], 4, axis=0).astype(np.int32)
    scribbles = np.zeros_like(superpixels)
    scribbles[0, 0], scribbles[2, 5], scribbles[1, 8], scribbles[0, 6] = 7, 3, 7, 3
    found = divided(superpixels, scribbles)
    assert (found[:, :2] == 3).all()
    assert (found[:, 4:6] == 1).all()
    np.testing.assert_array_equal(found[:, 6:], superpixels[:, 6:])
    assert drawn_on(found, scribbles).tolist() == [3, 7, 7]
    only = np.where(scribbles == 7, 7, 0)
    assert divided(superpixels, only) is superpixels


def test_the_nearest_stroke_is_the_nearest_in_physical_units():
    superpixels = np.ones((5, 5), np.int32)
    scribbles = np.zeros((5, 5), int)
    scribbles[0, 0], scribbles[4, 4] = 1, 2
    along = divided(superpixels, scribbles, (1, 100))
    assert [len(np.unique(column)) for column in along.T] == [1, 1, 2, 1, 1]


def test_scribbles_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 2\) and the scribbles \(3, 3\)"):
        divided(np.ones((2, 2), np.int32), np.ones((3, 3), int))


def test_numbers_of_classes_are_kept_before_those_of_larger_segments():
    before, after = np.array([1, 5, 5, 5]), np.array([1, 1, 1, 2])
    drawn, sizes = np.array([1, 0, 0, 0]), np.array([1, 50, 50, 50])
    assert matched(after, before, sizes).tolist() == [5, 5, 5, 1]
    assert matched(after, before, weights(sizes, drawn)).tolist() == [1, 1, 1, 5]


def test_a_hierarchy_keeps_classes_apart_at_every_level_and_bias():
    superpixels = np.arange(1, 17, dtype=np.int32).reshape(4, 4).repeat(3, 0).repeat(3, 1)
    maps = {"one": [np.concatenate(([0], np.repeat([1, 2], 8)))]}
    scribbles = np.zeros(superpixels.shape, int)
    scribbles[1, :3], scribbles[1, 9:], scribbles[10, 1] = 7, 3, 3
    found = Hierarchy.of(superpixels, maps, scribbles=scribbles)
    cuts = [found.cut(level=each) for each in (0, 0.5, 1)]
    cuts += [found.cut(bias=each) for each in (0, 0.5, 1)] + [found.cut(2), found.cut()]
    for labels in cuts:
        assert (labels[scribbles > 0] == scribbles[scribbles > 0]).all()
    with pytest.warns(UserWarning, match="the data lie in 2 drawn classes and pieces"):
        assert set(np.unique(found.cut(1))) == {3, 7}
