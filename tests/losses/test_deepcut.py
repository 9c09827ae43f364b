"""The losses of deep graph clustering against the matrices of the paper, in NumPy."""

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_selfseg.losses import correlation, orthogonality, relaxed_cut

M, K = 7, 3


def similarities(seed: int = 0) -> Tensor:
    w = torch.rand(M, M, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (w + w.T).fill_diagonal_(0)


def assignment(seed: int = 1) -> Tensor:
    drawn = torch.randn(M, K, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn.softmax(1)


def blocks() -> tuple[Tensor, Tensor]:
    """Two pieces of a graph, and the certain assignment that parts them."""
    member = torch.eye(2, dtype=torch.float64)[[0, 0, 0, 1, 1, 1]]
    return member, (member @ member.T).fill_diagonal_(0)


def test_cut_is_the_ratio_of_traces():
    S, W = assignment(), similarities()
    s, w = S.numpy(), W.numpy()
    D = np.diag(w.sum(axis=1))
    expected = -np.trace(s.T @ w @ s) / np.trace(s.T @ D @ s)
    assert -1 < expected < -0.1, "test invalid"
    assert float(relaxed_cut(S, W)) == pytest.approx(expected)


def test_orthogonality_is_the_distance_of_the_normed_matrices():
    S = assignment()
    inner = S.numpy().T @ S.numpy()
    expected = np.linalg.norm(inner / np.linalg.norm(inner) - np.eye(K) / np.linalg.norm(np.eye(K)))
    assert expected > 0.1, "test invalid"
    assert float(orthogonality(S)) == pytest.approx(expected)


def test_correlation_is_the_sum_over_pairs_by_loops():
    S, W = assignment(), similarities() - 0.9
    total = size = 0.0
    for i in range(M):
        for j in range(M):
            total += float(W[i, j]) * float(S[i] @ S[j])
            size += abs(float(W[i, j]))
    assert abs(total / size) > 0.01, "test invalid"
    assert float(correlation(S, W)) == pytest.approx(-total / size)


def test_what_belongs_together_has_the_lowest_losses():
    S, W = blocks()
    assert float(relaxed_cut(S, W)) == pytest.approx(-1)
    assert float(orthogonality(S)) == pytest.approx(0, abs=1e-12)
    signed = torch.where(W > 0, 0.5, -0.5).double().fill_diagonal_(0)
    apart = float(correlation(S, signed))
    assert apart == pytest.approx(-12 / 30)
    assert float(correlation(S[:, :1].new_ones(6, 1), signed)) > apart


def test_one_cluster_cuts_nothing_and_is_the_least_orthogonal():
    _, W = blocks()
    one = torch.eye(2, dtype=torch.float64)[[0] * 6]
    assert float(relaxed_cut(one, W)) == pytest.approx(-1)
    assert float(orthogonality(one)) == pytest.approx((2 - 2 / 2**0.5) ** 0.5)


def test_correlation_does_not_grow_with_the_number_of_nodes():
    S, W = assignment(), similarities() - 0.9
    twice = W.repeat(2, 2)
    assert float(correlation(S.repeat(2, 1), twice)) == pytest.approx(float(correlation(S, W)))


def test_gradients_are_the_slopes():
    S, W = assignment().requires_grad_(), similarities()
    assert torch.autograd.gradcheck(lambda s: relaxed_cut(s, W), S)
    assert torch.autograd.gradcheck(orthogonality, S)
    assert torch.autograd.gradcheck(lambda s: correlation(s, W - 0.9), S)


def test_a_graph_without_similarities_is_finite():
    S = assignment().requires_grad_()
    for loss in (relaxed_cut, correlation):
        value = loss(S, torch.zeros(M, M, dtype=torch.float64))
        value.backward()
        assert float(value.detach()) == 0
        assert torch.isfinite(S.grad).all()
