"""The cut of superpixels against the matrices of the paper, in NumPy."""

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_selfseg.losses import similarity, soft_cut

# Four superpixels; 1 and 3 are not near each other, 4 is near nobody.
EDGES = torch.tensor([[1, 2], [2, 3]])
NEAR = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
SIGMA = 1.7


def responses(seed: int = 0, K: int = 3) -> Tensor:
    return torch.randn(5, K, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def association(seed: int = 1) -> Tensor:
    return responses(seed).softmax(1)


def similarity_matrix(g: Tensor) -> np.ndarray:
    rows = g[1:].numpy()
    apart = ((rows[:, None] - rows[None]) ** 2).sum(axis=-1)
    return np.exp(-apart / SIGMA**2) * NEAR


def test_similarity_is_equation_7():
    g = responses()
    W = similarity_matrix(g)
    expected = [W[a - 1, b - 1] for a, b in EDGES.tolist()]
    assert len({*expected, 0.0, 1.0}) == 4, "test invalid"
    np.testing.assert_allclose(similarity(g, EDGES, SIGMA), expected)


def test_equal_superpixels_have_similarity_1_and_far_ones_0():
    g = torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0], [3e3, 4e3]])
    assert similarity(g, EDGES, 10.0).tolist() == [1.0, 0.0]


def test_cut_is_equation_8():
    g, q = responses(), association()
    W, Q = similarity_matrix(g), q[1:].numpy()
    expected = sum(Q[:, k] @ W @ (1 - Q[:, k]) for k in range(Q.shape[1]))
    assert float(soft_cut(q, EDGES, similarity(g, EDGES, SIGMA))) == pytest.approx(expected)
    without = sum(Q[:, k] @ (1 - Q[:, k]) for k in range(Q.shape[1]))
    assert abs(expected - without) > 0.1, "test invalid"


def test_cut_of_certain_partitions_counts_the_similarity_between_them():
    q = torch.eye(2)[[0, 0, 0, 1, 1]]
    w = torch.tensor([0.3, 0.7])
    assert float(soft_cut(q, EDGES, w)) == pytest.approx(2 * 0.7)
    assert float(soft_cut(q[[0, 1, 1, 1, 1]], EDGES, w)) == 0


def test_row_0_does_not_count():
    g, q = responses(), association()
    w = similarity(g, EDGES, SIGMA)
    before = float(soft_cut(q, EDGES, w))
    g[0], q[0] = 9, 9
    assert float(soft_cut(q, EDGES, similarity(g, EDGES, SIGMA))) == before


def test_gradients_are_the_slopes():
    g, q = responses().requires_grad_(), association().requires_grad_()
    assert torch.autograd.gradcheck(lambda g: similarity(g, EDGES, SIGMA), g)
    w = similarity(g, EDGES, SIGMA).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda q, w: soft_cut(q, EDGES, w), (q, w))


def test_gradient_of_the_cut_is_equation_11():
    g, q = responses(), association().requires_grad_()
    soft_cut(q, EDGES, similarity(g, EDGES, SIGMA)).backward()
    W, Q = similarity_matrix(g), q.detach()[1:].numpy()
    # A superpixel's own term, w = 1, is part of W.
    np.testing.assert_allclose(q.grad[1:], (W @ np.ones((4, 1))) - 2 * W @ Q)
    assert not q.grad[0].any()


def test_without_neighbours_only_the_superpixels_themselves_are_left():
    none = torch.empty(0, 2, dtype=torch.int64)
    q = association()
    expected = float((q[1:] * (1 - q[1:])).sum())
    assert float(soft_cut(q, none, similarity(responses(), none, SIGMA))) == pytest.approx(expected)
