"""The deep clustering subnetwork against equations 2 to 4 written out in double precision."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_selfseg.nets import DCS, associations, centres, initialise

SHAPES = {2: (11, 9), 3: (4, 5, 6)}


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def clustering(classes: int = 5, n_centres: int = 3, rounds: int = 3, ndim: int = 2) -> DCS:
    net, generator = DCS(classes, n_centres, rounds, ndim), torch.Generator().manual_seed(7)
    initialise(net, generator)
    net.draw(generator)
    return net


def written_out(
    features: np.ndarray, omega: np.ndarray, rounds: int, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Equations 2 to 4, a pixel and a centre at a time; `counts` says which pixels move centres."""
    n, m = len(features), len(omega)
    for _ in range(rounds):
        h = np.zeros((n, m))
        for i in range(n):
            kernel = [np.exp(features[i] @ omega[k]) for k in range(m)]
            h[i] = np.array(kernel) / sum(kernel)
        moved = np.zeros_like(omega)
        for k in range(m):
            moved[k] = sum(h[i, k] * features[i] for i in range(n) if counts[i])
            moved[k] /= sum(h[i, k] for i in range(n) if counts[i])
        omega = moved
    return h @ omega, omega


def as_rows(y: Tensor) -> np.ndarray:
    return y.movedim(1, -1).reshape(-1, y.shape[1]).numpy()


# Four pixels, two of each kind, and a centre near each kind.
PIXELS = torch.tensor([[2.0, 0.0], [1.8, 0.2], [0.0, 2.0], [0.2, 1.8]], dtype=torch.float64)
NEAR = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)


def test_associations_of_a_drawn_example():
    h = associations(PIXELS, NEAR)
    one = np.exp(2) / (np.exp(2) + 1)
    other = np.exp(1.8) / (np.exp(1.8) + np.exp(0.2))
    np.testing.assert_allclose(h[:, 0], [one, other, 1 - one, 1 - other], rtol=1e-12)
    np.testing.assert_allclose(h.sum(dim=1), 1)


def test_centres_of_a_drawn_example():
    sure = torch.tensor([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=torch.float64)
    np.testing.assert_allclose(centres(sure, PIXELS), [[1.9, 0.1], [0.1, 1.9]])
    half = torch.full((4, 2), 0.5, dtype=torch.float64)
    np.testing.assert_allclose(centres(half, PIXELS), [[1, 1], [1, 1]])


def test_a_centre_without_pixels_is_finite_and_so_is_its_gradient():
    y = (PIXELS * 400).float().requires_grad_()
    h = associations(y, torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    omega = centres(h, y)
    assert not h[:, 1].any(), "test invalid"
    omega.square().sum().backward()
    assert omega.isfinite().all()
    assert y.grad.isfinite().all()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rounds", [1, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_rounds_are_the_equations(ndim, rounds, masked):
    net = clustering(rounds=rounds, ndim=ndim).double()
    y = drawn(2, 5, *SHAPES[ndim])
    valid = drawn(2, 1, *SHAPES[ndim], seed=1) > -0.5 if masked else None
    counts = np.ones(y[:, 0].numel(), bool) if valid is None else valid.reshape(-1).numpy()
    expected, omega = written_out(as_rows(y), net.initial.numpy(), rounds, counts)
    np.testing.assert_allclose(as_rows(net(y, valid)), expected, rtol=1e-10)
    net.freeze(y, valid)
    np.testing.assert_allclose(net.aggregating.weight.view(5, 3).t(), omega, rtol=1e-10)


def test_gradients_are_the_slopes_also_through_the_centres():
    net, y = clustering().double(), drawn(1, 5, 3, 2).requires_grad_()
    valid = torch.tensor([[True, True], [True, False], [True, True]]).view(1, 1, 3, 2)
    assert torch.autograd.gradcheck(net, (y,))
    assert torch.autograd.gradcheck(lambda y: net(y, valid), (y,))
    # A pixel's features move the centres, and so the aggregated features of all others.
    (felt,) = torch.autograd.grad(net(y)[0, :, 0, 0].sum(), y)
    assert felt[0, :, 2, 1].any()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_evaluation_repeats_what_was_frozen_and_is_that_of_training(ndim, masked):
    net, y = clustering(ndim=ndim), drawn(2, 5, *SHAPES[ndim]).float()
    valid = drawn(2, 1, *SHAPES[ndim], seed=1) > -0.5 if masked else None
    frozen = net.freeze(y, valid)
    torch.testing.assert_close(frozen, net(y, valid))
    assert torch.equal(net.eval()(y), frozen)
    other = clustering(ndim=ndim)
    other.freeze(y * 2)
    assert not torch.equal(other.eval()(y), frozen), "test invalid"


def test_a_pixel_is_read_alone():
    net, y = clustering(classes=20, n_centres=8), drawn(1, 20, 23, 17).float()
    whole = net.freeze(y)
    net.eval()
    for rows, columns in itertools.product((slice(0, 9), slice(9, 23)), repeat=2):
        assert torch.equal(net(y[..., rows, columns]), whole[..., rows, columns])


def test_bfloat16_is_close_to_double():
    net, y = clustering(), drawn(1, 5, 40, 50)
    found, expected = net(y.bfloat16()), net.double()(y)
    assert found.dtype == torch.bfloat16
    assert float((found.double() - expected).abs().mean()) < 0.01


def test_initial_centres_are_drawn_from_the_generator_and_have_length_1():
    before = torch.get_rng_state()
    first, again = clustering(), clustering()
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.initial, again.initial)
    torch.testing.assert_close(first.initial.norm(dim=1), torch.ones(3))
    assert not any(each.requires_grad for each in first.parameters())


@pytest.mark.parametrize("n", [250_000, 4_000_000])
def test_centres_of_many_pixels_do_not_drift(n):
    y, h = torch.full((n, 2), 0.7), torch.full((n, 2), 0.7)
    torch.testing.assert_close(centres(h, y), torch.full((2, 2), 0.7), rtol=2e-5, atol=0)
