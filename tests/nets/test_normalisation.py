"""Normalisation against torch's batch normalisation and against the equation."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.nets import Convolution, Normalisation, initialise
from napari_selfseg.nets.layers import batch_norm, normalisation

SHAPES = [(2, 5, 13, 11), (1, 3, 4, 6, 5)]


@pytest.fixture(autouse=True, params=[False, True], ids=["small", "large"])
def large(request, monkeypatch):
    """Maps are normalised in both ways, whatever their size."""
    monkeypatch.setattr(normalisation, "lends", lambda numbers: request.param)
    return request.param


def image(shape: tuple[int, ...], seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype) + 0.3


def layer(channels: int, *, relu: bool) -> Normalisation:
    norm = Normalisation(channels, relu=relu)
    with torch.no_grad():
        norm.gamma.copy_(torch.linspace(0.5, 2, channels))
        norm.beta.copy_(torch.linspace(-1, 1, channels))
    return norm


def oracle(x: Tensor, norm: Normalisation) -> Tensor:
    z = F.relu(x) if norm.relu else x
    return F.batch_norm(z, None, None, norm.gamma, norm.beta, training=True, eps=1e-5)


def differentiated(y: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad((y * image(tuple(y.shape), seed=1)).sum(), inputs)


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_are_those_of_batch_normalisation(shape, relu):
    norm, x = layer(shape[1], relu=relu), image(shape).requires_grad_()
    y, expected = norm(x.clone()), oracle(x, norm)
    torch.testing.assert_close(y, expected)
    inputs = (x, norm.gamma, norm.beta)
    for ours, theirs in zip(
        differentiated(y, *inputs), differentiated(expected, *inputs), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("relu", [True, False])
def test_gradients_are_the_slopes(relu, masked):
    norm, x = layer(2, relu=relu).double(), image((1, 2, 4, 3), dtype=torch.float64)
    valid = image((1, 1, 4, 3), seed=2) > 0 if masked else None
    assert torch.autograd.gradcheck(lambda x: norm(x.clone(), valid), x.requires_grad_())


def test_masked_statistics_are_those_of_the_chosen_pixels():
    norm, x = layer(5, relu=True), image((2, 5, 13, 11))
    valid = image((2, 1, 13, 11), seed=2) > 0.5
    chosen = x.movedim(1, -1)[valid[:, 0]]
    y = norm(x.clone(), valid).movedim(1, -1)[valid[:, 0]]
    torch.testing.assert_close(y, oracle(chosen, norm))
    assert not torch.allclose(y, norm(x.clone()).movedim(1, -1)[valid[:, 0]])


def test_a_mask_of_all_pixels_changes_nothing():
    norm, x = layer(5, relu=True), image((2, 5, 13, 11))
    torch.testing.assert_close(norm(x.clone(), torch.ones(2, 1, 13, 11, dtype=torch.bool)), norm(x))


def test_bfloat16_keeps_its_type_and_is_close():
    norm, x = layer(5, relu=True), image((2, 5, 13, 11)).bfloat16().requires_grad_()
    wide = x.detach().float().requires_grad_()
    y, expected = norm(x.clone()), norm(wide.clone())
    assert y.dtype == torch.bfloat16
    torch.testing.assert_close(y.float(), expected, rtol=1e-2, atol=1e-2)
    (ours,), (theirs,) = differentiated(y.float(), x), differentiated(expected, wide)
    torch.testing.assert_close(ours.float(), theirs, rtol=2e-2, atol=2e-2)


def test_layout_does_not_matter():
    norm, x = layer(5, relu=True), image((2, 5, 13, 11))
    last = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(norm(x.clone()), norm(last))


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_blocks_of_pixels_are_the_whole(shape, relu, rectified, monkeypatch):
    monkeypatch.setattr(batch_norm, "rows_at_once", lambda rows, width: 4)
    norm = layer(shape[1], relu=relu)
    norm.rectified = rectified
    x = image(shape).requires_grad_()
    expected = oracle(x, norm)
    expected = F.relu(expected) if rectified else expected
    y = norm(x.clone())
    torch.testing.assert_close(y, expected)
    inputs = (x, norm.gamma, norm.beta)
    for ours, theirs in zip(
        differentiated(y, *inputs), differentiated(expected, *inputs), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_relu_that_follows_is_that_of_the_result(rectified, masked, dtype):
    norm, x = layer(5, relu=False), image((2, 5, 13, 11), dtype=dtype)
    valid = image((2, 1, 13, 11), seed=2) > 0 if masked else None
    expected = norm(x.clone(), valid)
    assert bool((expected < 0).any())
    norm.rectified = rectified
    for each in (norm, norm.eval()):
        y = each(x.clone(), valid)
        assert bool((y < 0).any()) != rectified
    norm.train()
    assert torch.equal(norm(x, valid), F.relu(expected) if rectified else expected)


def test_a_convolution_keeps_no_large_normalised_map_and_has_the_same_gradient(large):
    norm, convolution = layer(5, relu=True), Convolution(5, 4, 3, 2)
    initialise(convolution, torch.Generator().manual_seed(0))
    x = image((1, 5, 13, 11)).requires_grad_()
    y = norm(x.clone())
    z = convolution(y)
    assert len(z.grad_fn.saved_tensors) == (1 if large else 2), "the kernels alone"
    if large:
        again = y.grad_fn.again(y.grad_fn)
        assert torch.equal(again, y)
        assert again.data_ptr() != y.data_ptr()
    inputs = (x, convolution.weight, norm.gamma)
    expected = F.conv2d(oracle(x, norm), convolution.weight, convolution.bias, padding=1)
    for ours, theirs in zip(
        differentiated(z, *inputs), differentiated(expected, *inputs), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
