"""The network: its layers, its initialisation, its closing forward, its tiles."""

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.nets import Normalisation, Responses, assign, initialise, measure

SHAPES = {2: (45, 38), 3: (8, 15, 13)}


def image(ndim: int, channels: int = 3, n: int = 1) -> Tensor:
    return torch.rand(n, channels, *SHAPES[ndim], generator=torch.Generator().manual_seed(ndim))


def network(ndim: int, channels: int = 3, depth: int = 2, seed: int = 0) -> Responses:
    net = Responses(channels, 12, 7, depth, ndim)
    initialise(net, torch.Generator().manual_seed(seed))
    return net


def written_out(net: Responses, x: Tensor) -> Tensor:
    convolve = F.conv2d if net.ndim == 2 else F.conv3d
    for layer in net.convolutions:
        x = F.relu(convolve(x, layer.weight, layer.bias, padding=1))
        x = F.batch_norm(x, None, None, training=True)
    return F.batch_norm(convolve(x, net.classifier.weight), None, None, training=True)


def in_tiles(net: Responses, x: Tensor, size: int) -> Tensor:
    y = torch.empty(1, 7, *x.shape[2:])
    for start in itertools.product(*(range(0, n, size) for n in x.shape[2:])):
        low = [max(0, a - net.reach) for a in start]
        halo = [slice(b, a + size + net.reach) for a, b in zip(start, low, strict=True)]
        here = [slice(a, a + size) for a in start]
        inner = [slice(a - b, a - b + size) for a, b in zip(start, low, strict=True)]
        y[:, :, *here] = net(x[:, :, *halo])[:, :, *inner]
    return y


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_forward_and_gradients_are_the_layers_written_out(ndim, channels):
    net, x = network(ndim, channels), image(ndim, channels)
    y, expected = net(x), written_out(net, x)
    assert y.shape == (1, 7, *SHAPES[ndim])
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-4)
    weights = [p for p in net.parameters() if p.ndim > 1]
    weighting = torch.linspace(-1, 1, y.numel()).view(y.shape) ** 3
    ours = torch.autograd.grad((y * weighting).sum(), weights)
    theirs = torch.autograd.grad((expected * weighting).sum(), weights)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3 * float(b.abs().max()))


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("ndim", [2, 3])
def test_evaluation_repeats_the_measuring_forward_bit_for_bit(ndim, masked):
    net, x = network(ndim), image(ndim, n=2)
    valid = x[:, :1] > 0.4 if masked else None
    measured = measure(net, x, valid)
    assert net.training
    assert not measured.requires_grad
    assert torch.equal(net.eval()(x, valid), measured)
    if masked:
        assert not measured.movedim(1, -1)[~valid[:, 0]].any()
    assert not torch.equal(network(ndim).eval()(x), measured), "test invalid"


def test_measured_responses_are_those_of_training():
    net, x = network(2), image(2)
    torch.testing.assert_close(measure(net, x), net(x), rtol=1e-3, atol=1e-4)


def test_an_interrupted_measuring_leaves_no_layer_measuring():
    net = network(2)
    handle = net.classifier.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        measure(net, image(2))
    handle.remove()
    assert net.training
    assert not any(m.measuring for m in net.modules() if isinstance(m, Normalisation))


@pytest.mark.parametrize("size", [23, 9, 5])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_tiles_equal_the_whole(ndim, channels, size):
    net, x = network(ndim, channels), image(ndim, channels)
    whole = measure(net, x)
    net.eval()
    with torch.no_grad():
        tiled = in_tiles(net, x, size)
    assert torch.equal(assign(tiled), assign(whole))
    if torch.backends.mkldnn.is_available():
        assert torch.equal(tiled, whole)


@pytest.mark.parametrize("depth", [1, 3])
def test_reach_is_how_far_a_pixel_is_seen(depth):
    net, x = network(2, depth=depth), image(2)
    measure(net, x)
    net.eval()
    changed = x.clone()
    changed[..., 20, 20] += 10
    seen = (net(changed) != net(x)).any(dim=1)[0].nonzero()
    assert int((seen - 20).abs().max()) == net.reach == depth


def test_one_seed_one_initialisation_and_the_global_generator_untouched():
    before = torch.get_rng_state()
    first, again, other = network(2), network(2), network(2, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    pairs = list(zip(first.parameters(), again.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)


def test_initialisation_is_xavier_uniform():
    weight = torch.empty(12, 3, 3, 3)
    nn.init.xavier_uniform_(weight, generator=torch.Generator().manual_seed(0))
    net = network(2)
    assert torch.equal(net.convolutions[0].weight, weight)
    assert not net.convolutions[0].bias.any()
    assert bool((net.whitening.gamma == 1).all())


def test_bfloat16_is_close_to_float32():
    net, x = network(2), image(2)
    y, expected = net(x.bfloat16()), net(x).detach()
    assert y.dtype == torch.bfloat16
    assert float((y.detach().float() - expected).abs().mean()) < 0.02
    y.float().square().mean().backward()
    assert net.convolutions[0].weight.grad.dtype == torch.float32


@pytest.mark.parametrize("ndim", [2, 3])
def test_assign_takes_the_first_of_the_largest(ndim):
    y = torch.randint(0, 3, (2, 6, *SHAPES[ndim]), generator=torch.Generator().manual_seed(0))
    expected = torch.from_numpy(y.numpy().argmax(axis=1))
    assert torch.equal(assign(y.float()), expected)
    assert torch.equal(assign(y.bfloat16()), expected)
