"""SPNN against table 7, and soft superpixels against loops, in NumPy."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from napari_selfseg.nets import SPNN, coordinates, initialise, part, soft_means, soft_project

B, C, N, H, W = 2, 3, 5, 6, 8


def probabilities(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(B, N, H, W, generator=generator, dtype=torch.float64).softmax(1)


def images(seed=1, c=C):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(B, c, H, W, generator=generator, dtype=torch.float64)


def network(in_channels=C, width=3):
    made = SPNN(in_channels, C, N, width)
    initialise(made, torch.Generator().manual_seed(0))
    return made


def test_means_are_equation_3():
    P, I = probabilities().numpy(), images().numpy()  # noqa: E741
    expected = np.einsum("bnyx,bcyx->bnc", P, I) / P.sum(axis=(2, 3))[:, :, None]
    np.testing.assert_allclose(soft_means(probabilities(), images()), expected, rtol=1e-6)


def test_projection_is_equations_2_and_6():
    F_SP = np.random.default_rng(0).normal(size=(B, N, 4))
    expected = np.einsum("bnyx,bnc->bcyx", probabilities().numpy(), F_SP)
    found = soft_project(probabilities(), torch.from_numpy(F_SP))
    np.testing.assert_allclose(found, expected)


def test_a_superpixel_without_pixels_has_features_0():
    P = probabilities()
    P[:, 2] = 0
    assert not soft_means(P, images())[:, 2].any()


@pytest.mark.parametrize("size", [(6, 8), (9, 4), (1, 1)])
def test_coordinates_are_centred_and_as_long_as_wide(size):
    x, y = coordinates(torch.zeros(1, 1, *size, dtype=torch.float64))[0].numpy()
    rows, columns = np.indices(size)
    np.testing.assert_allclose(x, (columns - (size[1] - 1) / 2) / max(size))
    np.testing.assert_allclose(y, (rows - (size[0] - 1) / 2) / max(size))


def test_coordinates_are_those_of_the_part_with_data():
    valid = torch.zeros(2, 1, 9, 12, dtype=torch.bool)
    valid[0, :, 2:8, 3:11] = valid[1] = True
    found = coordinates(torch.zeros(2, 1, 9, 12), valid)
    torch.testing.assert_close(found[:1, :, 2:8, 3:11], coordinates(torch.zeros(1, 1, 6, 8)))
    torch.testing.assert_close(found[1:], coordinates(torch.zeros(1, 1, 9, 12)))


def test_the_network_is_table_7():
    net, x = network().double().eval(), images()

    def normed(y):
        return (y / np.sqrt(1 + 1e-5)).relu()

    y = normed(F.conv2d(x, net.first.weight, padding=2))
    for block in net.blocks:
        y = normed(F.conv2d(y, block.convolution.weight, padding=1))
    assert y.shape[1] == 8 * 3
    y = torch.cat(
        [
            F.conv2d(y, kernel, padding=d, dilation=d, groups=24)
            for kernel, d in zip(net.atrous.weight, (1, 2, 4), strict=True)
        ],
        dim=1,
    )
    y = normed(F.conv2d(y, net.penultimate.convolution.weight, padding=1))
    last = F.conv2d(y, net.last.weight, net.last.bias)
    found = net(x)
    torch.testing.assert_close(found.features, y)
    torch.testing.assert_close(found.P, last[:, :N].softmax(1))
    torch.testing.assert_close(found.I_tilde, last[:, N:])


def test_every_weight_is_trained():
    net = network()
    P, I_tilde, features = net(images().float())
    (P.square().sum() + I_tilde.square().sum() + features.sum()).backward()
    # The shift of a normalisation that no ReLU cuts off may have none; these all have a ReLU.
    assert all(each.grad.abs().sum() > 0 for each in net.parameters())


def test_paper_width_and_work():
    net = SPNN(3, 3, 200, 64)
    taps = sum(each.numel() for each in net.parameters() if each.ndim > 1)
    assert taps == pytest.approx(8.7e6, rel=0.01)


def test_pixels_without_data_change_nothing():
    net, x = network().eval(), torch.rand(1, C, 16, 18)
    valid = torch.zeros(1, 1, 16, 18, dtype=torch.bool)
    valid[..., :11, :13] = True
    alone, found = net(x[..., :11, :13]), net(x * valid, valid)
    torch.testing.assert_close(found.P[..., :11, :13], alone.P)
    torch.testing.assert_close(found.features[..., :11, :13], alone.features)
    assert not found.P[..., 11:, :].any()


def test_superpixels_differ_from_the_start():
    before, after = network().double(), network().double()
    part(after)
    found = [net(images()).P.detach().amax(1).mean() for net in (before, after)]
    assert float(found[1]) > 1.3 * float(found[0])
    torch.testing.assert_close(after.last.weight[N:], before.last.weight[N:])


def test_gradients_in_bfloat16_do_not_depend_on_what_was_in_memory():
    network = SPNN(1, 1, 10, 8)
    initialise(network, torch.Generator().manual_seed(0))
    x = torch.rand(4, 1, 64, 64, generator=torch.Generator().manual_seed(1)).bfloat16()

    def gradients():
        network.zero_grad()
        found = network(x)
        (found.P[:, 0].mean() + found.I_tilde.square().mean()).backward()
        return [each.grad.clone() for each in network.parameters()]

    first = gradients()
    # Freed at once, so that what comes next is likely to find NaN where it lies.
    [torch.full((n,), float("nan")) for n in (100, 1000, 70_000, 300_000, 1_200_000)]
    assert all(torch.equal(a, b) for a, b in zip(gradients(), first, strict=True))
