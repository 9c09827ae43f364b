"""The feature transformation subnetwork: its layers, odd sizes, masks, tiles."""

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.nets import FTS, assign, initialise, measure
from napari_selfseg.nets.fts import Deconvolution

SHAPES = {2: (45, 38), 3: (21, 24, 23)}


def image(ndim: int, n: int = 1, shape: tuple[int, ...] = ()) -> Tensor:
    generator = torch.Generator().manual_seed(ndim)
    return torch.rand(n, 3, *(shape or SHAPES[ndim]), generator=generator)


def network(ndim: int, width: int = 6, seed: int = 0) -> FTS:
    net = FTS(3, width, 7, ndim)
    initialise(net, torch.Generator().manual_seed(seed))
    return net


def written_out(net: FTS, x: Tensor) -> Tensor:
    """Figure 2 in torch's own layers, for even sizes."""
    convolve, pool, deconvolve = {
        2: (F.conv2d, F.max_pool2d, F.conv_transpose2d),
        3: (F.conv3d, F.max_pool3d, F.conv_transpose3d),
    }[x.ndim - 2]

    def block(layer, x):
        z = convolve(x, layer.convolution.weight, padding=1)
        return F.relu(F.batch_norm(z, None, None, training=True))

    skip = block(net.begin[1], block(net.begin[0], x))
    below = block(net.pooled[1], block(net.pooled[0], pool(skip, 2)))
    above = deconvolve(below, as_deconvolution(net.deconvolution), stride=2)
    x = block(net.end[1], block(net.end[0], torch.cat([skip, above], dim=1)))
    y = convolve(x, net.last.weight)
    return F.batch_norm(y, None, None, training=True)


def as_deconvolution(layer: Deconvolution) -> Tensor:
    """The weight as torch's transposed convolution has it: (in, out, 2, 2)."""
    weight = layer.convolution.weight
    weight = weight.view(*(2,) * layer.ndim, -1, weight.shape[1])
    return weight.movedim((-1, -2), (0, 1))


@pytest.mark.parametrize("ndim", [2, 3])
def test_forward_and_gradients_are_the_layers_written_out(ndim):
    net, x = network(ndim).double(), image(ndim, shape=(10, 12, 8)[:ndim]).double()
    y, expected = net(x), written_out(net, x)
    assert y.shape == (1, 7, *x.shape[2:])
    torch.testing.assert_close(y, expected)
    weights = [p for p in net.parameters() if p.ndim > 1]
    assert len(weights) == 8
    weighting = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view(y.shape) ** 3
    ours = torch.autograd.grad((y * weighting).sum(), weights)
    theirs = torch.autograd.grad((expected * weighting).sum(), weights)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize(("ndim", "taps"), [(2, 9), (3, 27)])
def test_channels_are_those_of_the_paper(ndim, taps):
    net = FTS(3, 64, 100, ndim)
    found = [p.numel() for p in net.parameters() if p.ndim > 1]
    pairs = [(3, 64), (64, 64), (64, 128), (128, 128), (192, 128), (128, 128)]
    blocks = [taps * a * b for a, b in pairs]
    assert found == [*blocks[:4], 128 * 128 * 2**ndim, *blocks[4:], 128 * 100]


@pytest.mark.parametrize("shape", [(1, 3), (3, 3), (5, 8), (8, 5), (7, 9), (1, 1, 3), (3, 4, 5)])
def test_any_size_keeps_its_size(shape):
    net = network(len(shape))
    with torch.no_grad():
        assert net(image(len(shape), shape=shape)).shape == (1, 7, *shape)


@pytest.mark.parametrize("shape", [(9, 13), (5, 6, 7)])
def test_beyond_the_border_is_as_no_data(shape):
    """Padding with pixels that have no data changes nothing, whether sizes are odd or even."""
    net, x = network(len(shape)).double(), image(len(shape), n=2, shape=shape).double()
    grown = F.pad(x, [0, 3, 0, 4])
    valid = F.pad(torch.ones_like(x[:, :1]), [0, 3, 0, 4]) > 0
    inside = net(grown, valid)[..., : shape[-2], : shape[-1]]
    torch.testing.assert_close(inside, net(x))


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("ndim", [2, 3])
def test_evaluation_repeats_the_measuring_forward_bit_for_bit(ndim, masked):
    net, x = network(ndim), image(ndim, n=2)
    valid = x[:, :1] > 0.4 if masked else None
    measured = measure(net, x, valid)
    assert torch.equal(net.eval()(x, valid), measured)
    torch.testing.assert_close(measured, net.train()(x, valid), rtol=1e-3, atol=1e-3)


def in_tiles(net: FTS, x: Tensor, size: int) -> Tensor:
    halo = -(-net.reach // 2) * 2
    y = torch.empty(1, 7, *x.shape[2:])
    for start in itertools.product(*(range(0, n, size) for n in x.shape[2:])):
        low = [max(0, a - halo) for a in start]
        seen = [slice(b, a + size + halo) for a, b in zip(start, low, strict=True)]
        here = [slice(a, a + size) for a in start]
        inner = [slice(a - b, a - b + size) for a, b in zip(start, low, strict=True)]
        y[:, :, *here] = net(x[:, :, *seen])[:, :, *inner]
    return y


@pytest.mark.parametrize("size", [22, 8])
@pytest.mark.parametrize("ndim", [2, 3])
def test_tiles_at_even_places_equal_the_whole(ndim, size):
    net, x = network(ndim), image(ndim)
    whole = measure(net, x)
    net.eval()
    with torch.no_grad():
        tiled = in_tiles(net, x, size)
    assert torch.equal(assign(tiled), assign(whole))
    if torch.backends.mkldnn.is_available():
        assert torch.equal(tiled, whole)


@pytest.mark.parametrize("ndim", [2, 3])
def test_reach_is_how_far_a_pixel_is_seen(ndim):
    """From an odd place to the left, from an even one to the right."""
    net, middle = network(ndim, width=12).eval(), 14
    x, felt = image(ndim, shape=(30,) * ndim), []
    with torch.no_grad():
        for place in (middle, middle + 1):
            changed = x.clone()
            changed[(..., *(place,) * ndim)] += 10
            seen = (net(changed) != net(x)).any(dim=1)[0].nonzero()
            felt += [place - int(seen.min()), int(seen.max()) - place]
    assert max(felt) == net.reach == 9


def test_bfloat16_is_close_to_float32():
    net, x = network(2, width=16), image(2)
    y, expected = net(x.bfloat16()), net(x).detach()
    assert y.dtype == torch.bfloat16
    assert float((y.detach().float() - expected).abs().mean()) < 0.1 * float(expected.std())
    y.float().square().mean().backward()
    assert net.last.weight.grad.dtype == torch.float32
