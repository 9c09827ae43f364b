"""Average linkage against a naive one, and what cuts of its tree promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_selfseg.hierarchy import linked
from napari_selfseg.hierarchy._contraction import contract


def drawn(seed, n=12, extra=10):
    """A connected random graph with heights that are all different."""
    rng = np.random.default_rng(seed)
    edges = {(int(rng.integers(k)), k) for k in range(1, n)}
    while len(edges) < n - 1 + extra:
        a, b = sorted(rng.choice(n, 2, replace=False).tolist())
        edges.add((a, b))
    pairs = np.array(sorted(edges))
    return pairs, rng.random(len(pairs)), rng.integers(1, 9, len(pairs)).astype(float)


def naive(n, edges, heights, lengths):
    """Partitions and heights of average linkage, every mean computed from all edges each time."""
    label, found = np.arange(n), []
    while True:
        sums = {}
        for (a, b), h, w in zip(edges, heights, lengths, strict=True):
            if label[a] != label[b]:
                pair = tuple(sorted((label[a], label[b])))
                moment, length = sums.get(pair, (0.0, 0.0))
                sums[pair] = (moment + h * w, length + w)
        if not sums:
            return found
        pair = min(sums, key=lambda each: sums[each][0] / sums[each][1])
        label = np.where(label == pair[1], pair[0], label)
        found.append((sums[pair][0] / sums[pair][1], label.copy()))


def same_partition(one, other):
    pairs = np.unique(np.stack([one, other]), axis=1).shape[1]
    return pairs == len(np.unique(one)) == len(np.unique(other))


graphs = st.integers(0, 10_000)


@given(graphs)
@settings(max_examples=25, deadline=None)
def test_every_cut_is_that_of_a_naive_linkage(seed):
    edges, heights, lengths = drawn(seed)
    tree = linked(12, edges, heights, lengths, np.ones(12))
    expected = naive(12, edges, heights, lengths)
    assert (tree.fewest, tree.most) == (1, 12)
    np.testing.assert_allclose(tree.heights[::-1], [h for h, _ in expected])
    for k, (_, label) in enumerate(expected, start=1):
        assert same_partition(tree.cut(12 - k), label)


@given(graphs)
@settings(max_examples=25, deadline=None)
def test_cuts_nest_and_segments_keep_their_numbers(seed):
    edges, heights, lengths = drawn(seed)
    sizes = np.random.default_rng(seed).integers(1, 50, 12)
    tree = linked(12, edges, heights, lengths, sizes)
    for k in range(1, 13):
        labels = tree.cut(k)
        assert sorted(np.unique(labels)) == list(range(1, k + 1))
        if k > 1:
            before = tree.cut(k - 1)
            (new,) = np.unique(labels[labels != before])
            assert new == k, "only one part is new, and it has the next number"
            (parent,) = np.unique(before[labels == k])
            assert sizes[labels == k].sum() <= sizes[labels == parent].sum()


def test_a_level_is_the_number_of_segments_it_leaves():
    edges, heights, lengths = drawn(3)
    tree = linked(12, edges, heights, lengths, np.ones(12))
    assert tree.segments_at(1.0) == 1
    assert tree.segments_at(-1.0) == 12
    assert np.all(np.diff(tree.heights) <= 0)
    middle = (tree.heights[3] + tree.heights[4]) / 2
    assert tree.segments_at(middle) == 5


def test_pieces_of_a_graph_are_never_joined_and_the_largest_comes_first():
    edges = np.array([[0, 1], [2, 3], [3, 4]])
    tree = linked(5, edges, np.array([0.1, 0.2, 0.3]), np.ones(3), np.array([1, 1, 5, 1, 1]))
    assert tree.fewest == 2
    np.testing.assert_array_equal(tree.cut(1), [2, 2, 1, 1, 1])
    np.testing.assert_array_equal(tree.cut(3), [2, 2, 1, 1, 3])


def test_a_graph_without_edges_and_one_node():
    tree = linked(1, np.zeros((0, 2), int), np.zeros(0), np.zeros(0), np.ones(1))
    assert (tree.fewest, tree.most) == (1, 1)
    np.testing.assert_array_equal(tree.cut(7), [1])


def test_of_equal_heights_the_first_edge_goes_first():
    edges = np.array([[0, 1], [1, 2], [2, 3]])
    merges = contract(4, edges, np.full(3, 0.5), np.ones(3))
    assert {merges.kept[0], merges.gone[0]} == {0, 1}
    np.testing.assert_array_equal(merges.heights, 0.5)


@pytest.mark.parametrize("summed", [False, True])
def test_parallel_edges_become_their_mean_or_their_sum(summed):
    edges = np.array([[0, 1], [0, 2], [1, 2]])
    merges = contract(
        3, edges, np.array([-1.0, 0.2, 0.8]), np.array([1.0, 3.0, 1.0]), summed=summed
    )
    assert merges.heights[1] == pytest.approx(0.2 * 3 + 0.8 if summed else (0.6 + 0.8) / 4)


def test_contraction_ends_where_it_should():
    edges = np.array([[0, 1], [1, 2]])
    assert len(contract(3, edges, np.array([0.1, 0.5]), np.ones(2), until=0.5).kept) == 1
