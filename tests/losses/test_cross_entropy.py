"""Cross entropy against torch's."""

import importlib

import pytest
import torch
from torch.nn import functional as F

from napari_selfseg.losses import cross_entropy

module = importlib.import_module("napari_selfseg.losses.cross_entropy")


@pytest.mark.parametrize("shape", [(2, 5, 7, 6), (1, 4, 3, 5, 6)])
@pytest.mark.parametrize("ignore", [-1, 2])
def test_value_and_gradient(shape, ignore):
    generator = torch.Generator().manual_seed(0)
    y = torch.randn(shape, generator=generator).requires_grad_()
    c = torch.randint(0, shape[1], (shape[0], *shape[2:]), generator=generator)
    c[:, :2] = ignore
    loss = cross_entropy(y, c, ignore)
    expected = F.cross_entropy(y, c, ignore_index=ignore)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(*(torch.autograd.grad(x, y)[0] for x in (loss, expected)))


def test_gradient_is_the_slope():
    y = torch.randn(1, 3, 4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    c = torch.tensor([[[0, 1], [2, -1], [1, 1], [0, 2]]])
    assert torch.autograd.gradcheck(lambda y: cross_entropy(y, c), y.requires_grad_())


def test_without_a_target_there_is_nothing_to_learn():
    y = torch.ones(1, 3, 4, 4, requires_grad=True)
    loss = cross_entropy(y, torch.full((1, 4, 4), -1))
    loss.backward()
    assert loss == 0
    assert not y.grad.any()


def test_bfloat16_gives_a_float32_loss():
    y = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    c = y.argmin(dim=1)
    loss = cross_entropy(y.bfloat16(), c)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, cross_entropy(y, c), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_loss_of_many_pixels_does_not_drift(dtype):
    row = torch.tensor([0.3, 0.9], dtype=dtype)
    y = row.view(1, 2, 1, 1).expand(1, 2, 1000, 2000)
    one = cross_entropy(row.view(1, 2, 1, 1), torch.zeros(1, 1, 1, dtype=torch.int64))
    many = cross_entropy(y, torch.zeros(1, 1000, 2000, dtype=torch.int64))
    torch.testing.assert_close(many, one, rtol=1e-5, atol=0)


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_blocks_of_pixels_and_weights(weight, monkeypatch):
    monkeypatch.setattr(module, "rows_at_once", lambda rows, width: 3)
    generator = torch.Generator().manual_seed(0)
    y = (10 * torch.randn((2, 5, 7, 6), generator=generator)).requires_grad_()
    c = torch.randint(-1, 5, (2, 7, 6), generator=generator)
    loss, expected = weight * cross_entropy(y, c), weight * F.cross_entropy(y, c, ignore_index=-1)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(*(torch.autograd.grad(x, y)[0] for x in (loss, expected)))


def test_two_losses_of_the_same_responses_add_up():
    y = torch.randn((1, 3, 4, 4), generator=torch.Generator().manual_seed(0)).requires_grad_()
    one, other = y.detach().argmin(1), y.detach().argmax(1)
    losses = [f(y, one) + 0.5 * f(y, other) for f in (cross_entropy, F.cross_entropy)]
    torch.testing.assert_close(*(torch.autograd.grad(x, y)[0] for x in losses))
