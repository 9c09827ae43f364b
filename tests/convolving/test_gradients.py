"""Every way finds the gradients of autograd, to rounding."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from napari_selfseg.convolving import SETTING, WAYS, convolve, convolve_transposed, ways

# Sizes that are odd and even, smaller than the kernel, and taller than a block of rows.
CASES = [
    # shape of x, channels of the result, size, stride
    ((1, 5, 13, 16), 7, 3, 1),
    ((2, 3, 9, 8), 4, 3, 1),
    ((2, 4, 9, 8), 6, 3, 2),
    ((1, 4, 8, 9), 6, 3, 2),
    ((1, 2, 11, 7), 3, 5, 1),
    ((2, 6, 7, 5), 4, 1, 1),
    ((1, 3, 1, 2), 2, 3, 1),
    ((1, 3, 1, 1), 2, 5, 2),
    ((1, 16, 300, 70), 8, 3, 1),
    ((2, 3, 5, 6, 7), 4, 3, 1),
    ((1, 3, 6, 5, 4), 4, 3, 2),
    ((1, 3, 4, 3, 2), 5, 1, 1),
    ((1, 2, 1, 1, 1), 3, 3, 1),
]
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 2e-2}


def ids(value):
    return "x".join(map(str, value)) if isinstance(value, tuple) else None


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    monkeypatch.setenv(SETTING, request.param)
    return request.param


def gradients(outcome, given, g):
    """Return the gradients of what is given, as the result has gradient g."""
    return torch.autograd.grad(outcome, given, g.to(outcome.dtype))


def assert_same(found, expected, dtype):
    for one, two in zip(found, expected, strict=True):
        assert one.dtype == dtype
        assert one.shape == two.shape
        scale = two.abs().max().clamp(min=1e-3)
        torch.testing.assert_close(one.double() / scale, two / scale, atol=TOLERANCE[dtype], rtol=0)


def drawn(shape, dtype):
    return torch.randn(shape).to(dtype).requires_grad_()


def wide(*tensors):
    return [t.detach().double().requires_grad_() for t in tensors]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("shape", "made", "size", "stride"), CASES, ids=ids)
def test_a_convolution_has_the_gradients_of_autograd(way, shape, made, size, stride, dtype):
    ndim = len(shape) - 2
    given = (
        drawn(shape, dtype),
        drawn((made, shape[1], *(size,) * ndim), dtype),
        drawn((made,), dtype),
    )
    y = convolve(*given, stride)
    x, weight, bias = doubles = wide(*given)
    plain = F.conv2d if ndim == 2 else F.conv3d
    expected = plain(x, weight, bias, padding=size // 2, stride=stride)
    assert y.shape == expected.shape
    g = torch.randn(expected.shape).to(dtype).double()
    assert_same(gradients(y, given, g), gradients(expected, doubles, g), dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("size", [(6, 5), (1, 1), (4, 3, 2)], ids=ids)
@pytest.mark.parametrize("more", [0, 1])
def test_a_transposed_one_has_them_too(way, size, more, dtype):
    ndim = len(size)
    given = drawn((2, 4, *size), dtype), drawn((4, 3, *(3,) * ndim), dtype)
    y = convolve_transposed(*given, [more] * ndim)
    doubles = wide(*given)
    plain = F.conv_transpose2d if ndim == 2 else F.conv_transpose3d
    expected = plain(*doubles, stride=2, padding=1, output_padding=more)
    assert y.shape == expected.shape
    g = torch.randn(expected.shape).to(dtype).double()
    assert_same(gradients(y, given, g), gradients(expected, doubles, g), dtype)


def test_a_masked_kernel_has_no_gradient_where_it_is_masked(way):
    mask = torch.tensor([[1.0, 1, 1], [1, 1, 0], [0, 0, 0]])
    x, weight = torch.randn(1, 3, 6, 7), drawn((4, 3, 3, 3), torch.float32)
    convolve(x, weight * mask).square().sum().backward()
    expected = weight.detach().clone().requires_grad_()
    F.conv2d(x, expected * mask, padding=1).square().sum().backward()
    torch.testing.assert_close(weight.grad, expected.grad, atol=1e-3, rtol=1e-4)
    assert not weight.grad[:, :, mask == 0].any()


def test_blocks_are_of_every_height(monkeypatch, way):
    """Also with fewer rows in a block than the kernel has."""
    x, g = torch.randn(2, 3, 40, 6), torch.randn(2, 4, 40, 6)
    expected = ways.WAYS["channels-last"](x, g, 3, 1)
    for pixels in (1, 12, 18, 60, 100, 1000):
        monkeypatch.setattr("napari_selfseg.convolving.products.MOST_PIXELS", pixels)
        torch.testing.assert_close(WAYS[way](x, g, 3, 1), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("unwanted", ["_to_input", "_to_weight", "_to_bias"])
def test_only_what_is_wanted_is_computed(monkeypatch, unwanted):
    monkeypatch.setattr(f"napari_selfseg.convolving.function.{unwanted}", pytest.fail)
    shapes = {"_to_input": (1, 3, 6, 7), "_to_weight": (4, 3, 3, 3), "_to_bias": (4,)}
    given = [torch.randn(shapes[n]).requires_grad_(n != unwanted) for n in shapes]
    convolve(*given).sum().backward()
    assert [each.grad is not None for each in given] == [n != unwanted for n in shapes]


def test_results_are_the_same_with_and_without_gradients(way):
    for shape in ((1, 3, 6, 7), (1, 3, 300, 200), (1, 3, 4, 6, 7)):
        x, weight = torch.randn(shape), drawn((4, 3, *(3,) * (len(shape) - 2)), torch.float32)
        with torch.no_grad():
            without = convolve(x, weight)
        assert not without.requires_grad
        assert torch.equal(convolve(x, weight), without)


def test_other_types_are_left_to_pytorch():
    x, weight = torch.randn(1, 3, 6, 7).double(), drawn((4, 3, 3, 3), torch.float64)
    assert torch.autograd.gradcheck(lambda kernel: convolve(x, kernel), weight)
    assert torch.autograd.gradgradcheck(lambda kernel: convolve(x, kernel), weight)


def test_an_unknown_way_is_refused(monkeypatch):
    monkeypatch.setenv(SETTING, "fastest")
    weight = drawn((4, 3, 3, 3), torch.float32)
    with pytest.raises(
        ValueError, match=r"There is no NAPARI_SELFSEG_WEIGHT_GRADIENT=fastest: use"
    ):
        convolve(torch.randn(1, 3, 6, 7), weight).sum().backward()
