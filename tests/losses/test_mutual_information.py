"""Mutual information over displacements against loops over pixels, in NumPy."""

import itertools

import numpy as np
import pytest
import torch

from napari_selfseg.losses import joint, mutual_information

B, K, H, W = 2, 3, 5, 7


def maps(seed=0, sharp=2.0):
    generator = torch.Generator().manual_seed(seed)
    return (sharp * torch.randn(B, K, H, W, generator=generator, dtype=torch.float64)).softmax(1)


def some():
    valid = torch.ones(B, 1, H, W, dtype=torch.bool)
    valid[0, 0, :2], valid[1, 0, :, 5:] = False, False
    return valid


def by_loops(M1, M2, T, valid):
    """Sum over pixels of the products for each displacement, (k, k) each."""
    for u, v in itertools.product(range(-T, T + 1), repeat=2):
        J = np.zeros((K, K))
        for b, y, x in np.ndindex(B, H, W):
            inside = 0 <= y + u < H and 0 <= x + v < W
            if inside and valid[b, 0, y, x] and valid[b, 0, y + u, x + v]:
                J += np.outer(M1[b, :, y, x], M2[b, :, y + u, x + v])
        yield J


def information(J):
    P = J / J.sum()
    return (P * np.log(P / P.sum(1, keepdims=True) / P.sum(0, keepdims=True))).sum()


@pytest.mark.parametrize("T", [0, 1, 3])
def test_joint_is_the_sum_over_pixels(T):
    everywhere = np.ones((B, 1, H, W), bool)
    expected = np.stack(list(by_loops(maps(0).numpy(), maps(1).numpy(), T, everywhere)), axis=-1)
    assert np.ptp(expected) > 1, "test invalid"
    np.testing.assert_allclose(joint(maps(0), maps(1), T), expected, atol=1e-10)


@pytest.mark.parametrize("T", [0, 2])
@pytest.mark.parametrize("valid", [None, some()], ids=["whole", "masked"])
def test_mean_over_displacements_is_equation_19(T, valid):
    counts = torch.ones(B, 1, H, W, dtype=torch.bool) if valid is None else valid
    M1, M2 = maps(0), (maps(0) + 0.2 * maps(1)) / 1.2
    expected = [information(J) for J in by_loops(M1.numpy(), M2.numpy(), T, counts.numpy())]
    assert max(expected) > 0.1, "test invalid"
    found = float(mutual_information(M1, M2, T, valid))
    assert found == pytest.approx(np.mean(expected))


def test_bounds():
    certain = torch.eye(K)[torch.arange(B * H * W) % K].reshape(B, H, W, K).movedim(-1, 1)
    equal = torch.bincount(certain.argmax(1).flatten()).double() / (B * H * W)
    entropy = float(-(equal * equal.log()).sum())
    assert float(mutual_information(certain, certain, 0)) == pytest.approx(entropy, abs=1e-5)
    one = torch.zeros_like(certain)
    one[:, 0] = 1
    assert float(mutual_information(one, one, 2)) == pytest.approx(0, abs=1e-5)
    assert float(mutual_information(certain, torch.full_like(certain, 1 / K), 2)) < 1e-5


def test_displacements_end_where_the_image_does():
    tall = maps()[:, :, :, :1]
    assert joint(tall, tall, 10).shape[-1] == 1
    assert torch.equal(joint(maps(0), maps(1), 99), joint(maps(0), maps(1), H - 1))


def test_gradients_are_the_slopes():
    y1, y2 = (maps(seed).log().requires_grad_() for seed in (0, 1))
    assert torch.autograd.gradcheck(
        lambda a, b: mutual_information(a.softmax(1), b.softmax(1), 2), (y1, y2)
    )


def test_certain_maps_have_finite_gradients():
    y = torch.zeros(1, 2, 4, 4)
    y[:, 0] = 1e3
    y.requires_grad_()
    mutual_information(y.softmax(1), y.softmax(1), 2).backward()
    assert y.grad.isfinite().all()
