"""Masked convolutions: what they see, in each of the eight orders, and in inference."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from napari_selfseg.nets import N_ORDERS, Autoregressive, Segmenter, initialise, order_mask
from napari_selfseg.nets.layers.autoregressive import Residual

H, W = 7, 9
orders = pytest.mark.parametrize("order", range(N_ORDERS))


def scan(order):
    """Place of every pixel in the raster scan of an order, by scanning a turned grid."""
    grid = np.arange(H * W).reshape(H, W)
    turned = np.rot90(grid, -(order % 4))
    if order >= 4:
        turned = np.fliplr(turned)
    place = np.empty(H * W, dtype=int)
    place[turned.ravel()] = np.arange(H * W)
    return place.reshape(H, W)


def seeded(module):
    initialise(module, torch.Generator().manual_seed(0))
    return module.double()


def seen(function, x, y, channels=3):
    """Which pixels of the input have a gradient at a pixel of the result."""
    image = torch.rand(1, channels, H, W, dtype=torch.float64, requires_grad=True)
    function(image)[0, :, y, x].sum().backward()
    return image.grad[0].abs().sum(0).numpy() > 0


def test_the_orders_are_the_eight_turns_and_flips():
    masks = [order_mask(order) for order in range(N_ORDERS)]
    assert all(mask.sum() == 5 and mask[1, 1] == 1 for mask in masks)
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == 8
    assert masks[0].tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 0]]
    expected = {tuple(np.rot90(each, k).ravel()) for k in range(4) for each in both(masks[0])}
    assert {tuple(mask.flatten().tolist()) for mask in masks} == expected


def both(mask):
    return mask.numpy(), np.fliplr(mask.numpy())


@orders
def test_a_convolution_sees_five_pixels_and_none_that_comes_later(order):
    layer, place = seeded(Autoregressive(3, 4)), scan(order)
    for y, x in itertools.product(range(1, H - 1), range(1, W - 1)):
        found = seen(lambda image: layer(image, order), x, y)
        assert found.sum() == 5
        assert found[y, x]
        assert (place[found] <= place[y, x]).all()
    assert seen(layer, 4, 3).sum() == 9, "test invalid"


@orders
def test_blocks_one_after_the_other_see_no_later_pixel(order):
    blocks, place = [seeded(Residual(3, 5)).eval(), seeded(Residual(5, 5)).eval()], scan(order)

    def two(image, which):
        return blocks[1](blocks[0](image, None, which), None, which)

    for y, x in ((0, 0), (3, 4), (H - 1, 2), (2, W - 1)):
        found = seen(lambda image: two(image, order), x, y)
        assert found[y, x]
        assert (place[found] <= place[y, x]).all()
    later = place[seen(lambda image: two(image, None), 4, 3)] > place[3, 4]
    assert later.any(), "test invalid"


@orders
def test_masked_weights_are_a_plain_convolution_with_zeros(order):
    layer, image = seeded(Autoregressive(2, 3)), torch.rand(1, 2, H, W, dtype=torch.float64)
    weight = layer.weight * order_mask(order)
    torch.testing.assert_close(layer(image, order), F.conv2d(image, weight, padding=1))
    torch.testing.assert_close(layer(image), F.conv2d(image, layer.weight, padding=1))


def test_a_residual_block_is_table_9():
    block = seeded(Residual(2, 4)).eval()
    x = torch.rand(1, 2, H, W, dtype=torch.float64)

    def normed(y):
        return (y / np.sqrt(1 + 1e-5)).relu()

    def one(y, layer):
        return F.conv2d(y, layer.weight, layer.bias)

    y = normed(F.conv2d(x, block.autoregressive.weight * order_mask(3), padding=1))
    y = normed(one(y, block.mixing)) + torch.cat([x, torch.zeros_like(x)], dim=1)
    for each in block.pointwise:
        y = y + one(normed(one(y, each.first)), each.second)
    torch.testing.assert_close(block(x, None, 3), y)


def segmenter(classes=4):
    return seeded(Segmenter(3, 3, classes, 4)).float().eval()


def test_shapes_for_odd_and_even_images_and_any_width():
    for size in ((1, 1), (7, 9), (8, 6)):
        found = segmenter()(torch.rand(2, 3, *size), None, 5)
        assert found.logits.shape == (2, 4, *size)
        assert found.I_cnn.shape == (2, 3, *size)


def test_interpolation_is_bilinear_between_the_pooled_pixels():
    from napari_selfseg.nets.segmenter import doubled

    y = torch.tensor([[0.0, 4.0], [8.0, 12.0]])[None, None]
    expected = [[0, 1, 3], [2, 3, 5], [6, 7, 9]]
    assert doubled(y, None, torch.Size((3, 3)))[0, 0].tolist() == expected
    all_there = torch.ones(1, 1, 2, 2, dtype=torch.bool)
    torch.testing.assert_close(doubled(y, all_there, (3, 3)), doubled(y, None, (3, 3)))
    half = all_there.clone()
    half[..., 1] = False
    assert doubled(y, half, torch.Size((4, 2)))[0, 0].tolist() == [[0, 0], [2, 2], [6, 6], [8, 8]]


def test_reach_is_how_far_an_input_matters():
    from napari_selfseg.nets.segmenter import REACH

    network, far = seeded(Segmenter(1, 1, 3, 4)).eval(), 0
    for column in (30, 31):
        image = torch.rand(1, 1, 4, 64, dtype=torch.float64, requires_grad=True)
        network(image).logits[0, :, 1, column].sum().backward()
        touched = image.grad.abs().sum((0, 1, 2)).nonzero().flatten()
        far = max(far, int((touched - column).abs().max()))
    assert far == REACH


def test_pixels_without_data_change_nothing():
    network, x = segmenter(), torch.rand(1, 3, 12, 14)
    valid = torch.zeros(1, 1, 12, 14, dtype=torch.bool)
    valid[..., :9, :11] = True
    alone = network(x[..., :9, :11])
    found = network(x * valid, valid)
    torch.testing.assert_close(found.logits[..., :9, :11], alone.logits)
    torch.testing.assert_close(found.I_cnn[..., :8, :10], alone.I_cnn[..., :8, :10])
