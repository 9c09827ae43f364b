"""The multicut against all partitions of small graphs."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_selfseg.hierarchy import multicut


def partitions(n):
    """Every partition of n nodes as labels."""
    for labels in itertools.product(range(n), repeat=n):
        seen = list(dict.fromkeys(labels))
        if seen == sorted(seen) and seen == list(range(len(seen))):
            yield np.array(labels)


def cost(labels, edges, heights, lengths, bias):
    cut = labels[edges[:, 0]] != labels[edges[:, 1]]
    return float((lengths * (bias - heights))[cut].sum())


@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
@settings(max_examples=30, deadline=None)
def test_no_single_node_can_move_and_it_is_near_the_best_of_all(seed, bias):
    rng = np.random.default_rng(seed)
    edges = np.array(list(itertools.combinations(range(6), 2)))
    edges = edges[rng.random(len(edges)) < 0.6]
    heights, lengths = rng.random(len(edges)), rng.integers(1, 9, len(edges)).astype(float)
    labels = multicut(6, edges, heights, lengths, bias)
    found = cost(labels, edges, heights, lengths, bias)
    for node, to in itertools.product(range(6), range(7)):
        moved = labels.copy()
        moved[node] = to
        assert found <= cost(moved, edges, heights, lengths, bias) + 1e-9
    best = min(cost(each, edges, heights, lengths, bias) for each in partitions(6))
    assert found <= best * 0.6 + 1e-9, "the best is negative or 0"


def test_two_blocks_are_found_without_a_number():
    edges = np.array([[0, 1], [1, 2], [0, 2], [3, 4], [4, 5], [3, 5], [2, 3]])
    heights = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9])
    labels = multicut(6, edges, heights, np.ones(7), 0.5)
    np.testing.assert_array_equal(labels == labels[0], [True] * 3 + [False] * 3)
    assert len(np.unique(labels)) == 2


def test_the_bias_goes_from_all_apart_to_all_together():
    edges, heights = np.array([[0, 1], [1, 2]]), np.array([0.4, 0.6])
    assert len(np.unique(multicut(3, edges, heights, np.ones(2), 0.0))) == 3
    assert len(np.unique(multicut(3, edges, heights, np.ones(2), 0.5))) == 2
    assert len(np.unique(multicut(3, edges, heights, np.ones(2), 1.0))) == 1


def test_a_node_that_greed_put_wrong_moves():
    # Greed joins 0 and 1 first; 1 then belongs to 2 and 3, which hold it together.
    edges = np.array([[0, 1], [1, 2], [1, 3], [2, 3], [0, 2], [0, 3]])
    gains = np.array([5.0, 4.0, 4.0, 4.5, -4.0, -4.0])
    labels = multicut(4, edges, -gains, np.ones(6), 0.0)
    assert labels[1] == labels[2] == labels[3] != labels[0]
