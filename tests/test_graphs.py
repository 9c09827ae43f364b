"""Graphs of superpixels against loops, brute force and graphs one can see through."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse

from napari_selfseg.graphs import affinities, ncut, near, normalised_cut, spectrum

SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def graph(n, *edges):
    """Similarities a-b=w, without those of a node with itself."""
    W = np.zeros((n, n))
    for a, b, w in edges:
        W[a, b] = W[b, a] = w
    return sparse.csr_array(W)


def random_graph(n, seed, spread=2.0):
    rng = np.random.default_rng(seed)
    W = np.triu(np.exp(-spread * rng.random((n, n)) ** 2) * (rng.random((n, n)) < 0.6), 1)
    W += np.diag(np.full(n - 1, 0.01), 1)  # connected
    return sparse.csr_array(W + W.T)


def written_out(W, labels):
    dense, total = W.toarray(), 0.0
    for k in np.unique(labels):
        inside = labels == k
        if dense[inside].sum():
            total += dense[np.ix_(inside, ~inside)].sum() / dense[inside].sum()
    return total


def best_of_all(W):
    """Lowest normalised cut in two, over all of them."""
    n = W.shape[0]
    halves = (np.array([0, *rest]) for rest in itertools.product((0, 1), repeat=n - 1))
    return min(written_out(W, labels) for labels in halves if labels.any())


@pytest.mark.parametrize("ndim", [2, 3])
def test_near_pairs_are_those_of_the_loops(ndim):
    centres = np.random.default_rng(0).random((30, ndim))
    expected = [
        (a, b)
        for a, b in itertools.combinations(range(30), 2)
        if np.linalg.norm(centres[a] - centres[b]) < 0.3
    ]
    assert 0 < len(expected) < 30 * 29 / 2, "test invalid"
    found = near(centres, 0.3)
    assert found.dtype == np.int64
    assert list(map(tuple, found.tolist())) == expected


def test_pairs_at_the_distance_itself_are_not_near():
    assert near(SQUARE, 1.0).shape == (0, 2)
    assert near(SQUARE, 1.01).tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert near(SQUARE[:1], 5.0).shape == (0, 2)


def test_affinities_are_equation_7():
    g = np.random.default_rng(0).normal(size=(4, 3))
    d, sigma = 1.2, 1.7
    expected = np.zeros((4, 4))
    for a, b in itertools.product(range(4), repeat=2):
        if np.linalg.norm(SQUARE[a] - SQUARE[b]) < d:
            expected[a, b] = np.exp(-np.sum((g[a] - g[b]) ** 2) / sigma**2)
    assert (expected == 0).sum() == 4, "test invalid"
    W = affinities(g, near(SQUARE, d), sigma)
    np.testing.assert_allclose(W.toarray(), expected)
    alone = affinities(g, near(SQUARE, 0.5), sigma)
    np.testing.assert_array_equal(alone.toarray(), np.eye(4))


@pytest.mark.parametrize("seed", range(3))
def test_ncut_is_cut_over_association(seed):
    W = random_graph(9, seed)
    labels = np.random.default_rng(seed).integers(5, 8, 9)
    assert len(np.unique(labels)) == 3, "test invalid"
    assert ncut(W, labels) == pytest.approx(written_out(W, labels))
    assert ncut(W, np.zeros(9, int)) == 0


@pytest.mark.parametrize("seed", range(12))
def test_two_segments_are_the_best_there_are_or_nearly(seed):
    W = random_graph(9, seed)
    labels = normalised_cut(W, 2)
    best = best_of_all(W)
    assert len(np.unique(labels)) == 2
    # Thresholds on an eigenvector are not all partitions.
    assert best - 1e-12 <= ncut(W, labels) <= 1.1 * best


@pytest.mark.parametrize("seed", range(6))
def test_groups_that_hold_together_are_found_exactly(seed):
    rng = np.random.default_rng(seed)
    member = rng.permutation(np.repeat([0, 1], [4, 6]))
    W = random_graph(10, seed, spread=0.1).toarray()
    W = np.where(member[:, None] == member, np.maximum(W, 0.5), 0.05 * W)
    W = sparse.csr_array(W - np.diag(np.diag(W)))
    labels = normalised_cut(W, 2)
    assert ncut(W, labels) == pytest.approx(best_of_all(W))
    np.testing.assert_array_equal(labels == labels[0], member == member[0])


def test_the_swept_cut_is_the_best_threshold():
    W = random_graph(40, 0)
    order = np.argsort(spectrum(W, 2)[1][:, 1])
    thresholds = [np.isin(np.arange(40), order[:k]).astype(int) for k in range(1, 40)]
    best = min(written_out(W, labels) for labels in thresholds)
    assert ncut(W, normalised_cut(W, 2)) == pytest.approx(best)


def test_a_chain_breaks_where_it_is_weakest():
    #  0 -1- 1 -1- 2 -.1- 3 -1- 4 -1- 5 -.3- 6 -1- 7 -1- 8
    weights = [1, 1, 0.1, 1, 1, 0.3, 1, 1]
    W = graph(9, *((k, k + 1, w) for k, w in enumerate(weights)))
    assert normalised_cut(W, 1).tolist() == [1] * 9
    assert normalised_cut(W, 2).tolist() == [1] * 3 + [2] * 6
    assert normalised_cut(W, 3).tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_pieces_that_are_not_connected_are_cut_first():
    W = graph(6, (0, 2, 1), (1, 3, 1), (3, 5, 0.01))
    assert normalised_cut(W, 3).tolist() == [1, 2, 1, 2, 3, 2]
    assert normalised_cut(W, 4).tolist() == [1, 2, 1, 2, 3, 4]


def test_there_are_never_more_segments_than_nodes():
    W = random_graph(5, 0)
    for n in range(1, 9):
        assert sorted(set(normalised_cut(W, n))) == list(range(1, min(n, 5) + 1))
    assert normalised_cut(graph(1), 3).tolist() == [1]


@pytest.mark.parametrize("size", [12, 500])
def test_eigenvectors_solve_the_equation(size):
    W = random_graph(size, 0)
    values, y = spectrum(W, 4)
    assert values[0] == pytest.approx(0, abs=1e-9)
    assert (np.diff(values) >= 0).all()
    D = np.diag(W.sum(axis=1))
    np.testing.assert_allclose((D - W.toarray()) @ y, D @ y * values, atol=1e-8)
    assert np.ptp(y[:, 0]) == pytest.approx(0, abs=1e-9)
    assert (y.max(axis=0) >= -y.min(axis=0)).all()
    assert spectrum(random_graph(3, 0), 5)[1].shape == (3, 3)


def test_the_same_graph_gives_the_same_labels_and_no_generator_is_used():
    W = random_graph(600, 1)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    first, again = (normalised_cut(W, 5) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(spectrum(W, 3)[1], spectrum(W, 3)[1])
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
