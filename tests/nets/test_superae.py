"""SuperAE and its embedding: the layers written out, masks, padding, tiles."""

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from napari_selfseg.nets import Embedding, SuperAE, assign, initialise, measure
from napari_selfseg.nets.layers.pooling import halved
from napari_selfseg.nets.superae_work import autoencoder_work, embedding_work, n_weights

SHAPES = {2: (22, 17), 3: (5, 8, 11)}
K, WIDTH = 6, 8


def image(ndim: int, channels: int = 3, n: int = 1) -> Tensor:
    return torch.rand(n, channels, *SHAPES[ndim], generator=torch.Generator().manual_seed(ndim))


def network(ndim: int, channels: int = 3, *, normalised: bool = False, seed: int = 0) -> Embedding:
    net = Embedding(channels, K, ndim, width=WIDTH, normalised=normalised)
    initialise(net, torch.Generator().manual_seed(seed))
    return net


def encoded(net: SuperAE, x: Tensor) -> list[Tensor]:
    convolve = F.conv2d if x.ndim == 4 else F.conv3d
    levels = []
    for layer, stride in zip(net.encoder, (1, 2, 2), strict=True):
        x = convolve(x, layer.weight, padding=1, stride=stride)
        x = F.relu(F.batch_norm(x, None, None, training=True))
        levels.append(x)
    return levels


def decoded(net: SuperAE, levels: list[Tensor]) -> Tensor:
    """With torch's own layer, which is told the size."""
    y = levels[-1]
    kind = nn.ConvTranspose2d if y.ndim == 4 else nn.ConvTranspose3d
    for layer, size in zip(net.decoder, (levels[1].shape[2:], levels[0].shape[2:]), strict=True):
        transposed = kind(*layer.weight.shape[:2], 3, stride=2, padding=1, bias=False)
        transposed.load_state_dict({"weight": layer.weight})
        transposed.requires_grad_(False)
        y = F.relu(F.batch_norm(transposed(y, output_size=size), None, None, training=True))
    convolve = F.conv2d if y.ndim == 4 else F.conv3d
    return torch.sigmoid(convolve(y, net.last.weight, net.last.bias, padding=1))


def repeated(level: Tensor, times: int, shape: torch.Size) -> Tensor:
    for axis in range(2, level.ndim):
        level = level.repeat_interleave(times, dim=axis).narrow(axis, 0, shape[axis - 2])
    return level


def test_widths_of_the_paper():
    ae = SuperAE(3)
    assert [each.weight.shape[0] for each in ae.encoder] == [64, 128, 256]
    assert [each.weight.shape[1] for each in ae.decoder] == [128, 64]
    assert ae.last.weight.shape[:2] == (3, 64)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_reconstruction_is_the_layers_written_out(ndim, channels):
    ae, x = network(ndim, channels).autoencoder, image(ndim, channels, n=2)
    y = ae(x)
    assert y.shape == x.shape
    assert 0 < y.min() < y.max() < 1
    torch.testing.assert_close(y, decoded(ae, encoded(ae, x)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_embedding_is_a_1x1_convolution_of_all_concatenated(ndim, normalised):
    net, x = network(ndim, normalised=normalised), image(ndim, n=2)
    levels = encoded(net.autoencoder, x)
    wide = [repeated(each, 2**k, x.shape[2:]) for k, each in enumerate(levels)]
    convolve = F.conv2d if ndim == 2 else F.conv3d
    layer = net.classifier
    expected = convolve(torch.cat([x, *wide], dim=1), layer.weight, layer.bias)
    if normalised:
        expected = F.batch_norm(expected, None, None, training=True)
    y = net(x)
    assert y.shape == (2, K, *SHAPES[ndim])
    torch.testing.assert_close(y, expected, rtol=1e-3, atol=1e-4)
    weighting = torch.linspace(-1, 1, y.numel()).view(y.shape) ** 3
    weights = [p for name, p in net.named_parameters() if "weight" in name and "deco" not in name]
    weights = [p for p in weights if p is not net.autoencoder.last.weight and p.requires_grad]
    assert len(weights) == 4, "test invalid"
    ours = torch.autograd.grad((y * weighting).sum(), weights)
    theirs = torch.autograd.grad((expected * weighting).sum(), weights)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3 * float(b.abs().max()))


def test_initialisation_is_that_of_the_whole_1x1_convolution():
    bound = (6 / (3 + 7 * WIDTH + K)) ** 0.5
    weight = network(2).classifier.weight
    assert weight.shape == (K, 3 + 7 * WIDTH, 1, 1)
    assert 0.99 * bound < float(weight.detach().abs().max()) <= bound


def test_a_coarse_pixel_counts_where_one_of_its_pixels_does():
    valid = torch.zeros(1, 1, 5, 6, dtype=torch.bool)
    valid[..., 1, 1] = valid[..., 4, 4] = True
    _, two, four = halved(valid, 3)
    assert two[0, 0].nonzero().tolist() == [[0, 0], [2, 2]]
    assert four[0, 0].nonzero().tolist() == [[0, 0], [1, 1]]
    assert halved(None, 3) == [None] * 3


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_padding_changes_nothing(ndim, normalised):
    net, x = network(ndim, normalised=normalised), image(ndim)
    whole = tuple(slice(n) for n in x.shape[2:])
    padded = torch.zeros(1, 3, *(n + 3 for n in x.shape[2:]))
    padded[(..., *whole)] = x
    valid = torch.zeros_like(padded[:, :1], dtype=torch.bool)
    valid[(..., *whole)] = True
    for each in (net, net.autoencoder):
        torch.testing.assert_close(
            each(padded, valid)[(..., *whole)], each(x), rtol=1e-3, atol=1e-4
        )
    assert not torch.allclose(net(padded)[(..., *whole)], net(x), atol=1e-2), "test invalid"


def test_what_invalid_pixels_hold_does_not_matter_once_they_are_0():
    net, x = network(2), image(2)
    valid = x[:, :1] > 0.3
    x = x * valid
    y = net(x, valid)
    assert torch.isfinite(y).all()
    y[valid.expand_as(y)].sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("ndim", [2, 3])
def test_evaluation_repeats_the_measuring_forward_bit_for_bit(ndim, masked):
    net, x = network(ndim, normalised=True), image(ndim, n=2)
    valid = x[:, :1] > 0.4 if masked else None
    smooth, measured = measure(net.autoencoder, x, valid), measure(net, x, valid)
    net.eval()
    with torch.no_grad():
        assert torch.equal(net(x, valid), measured)
        assert torch.equal(net.autoencoder(x, valid), smooth)
    assert not torch.equal(network(ndim, normalised=True).eval()(x, valid), measured), (
        "test invalid"
    )


def in_tiles(net: Embedding, x: Tensor, size: int) -> Tensor:
    halo = -(-net.reach // 4) * 4
    y = torch.empty(1, K, *x.shape[2:])
    for start in itertools.product(*(range(0, n, size) for n in x.shape[2:])):
        low = [max(0, a - halo) for a in start]
        seen = [slice(b, a + size + halo) for a, b in zip(start, low, strict=True)]
        here = [slice(a, a + size) for a in start]
        inner = [slice(a - b, a - b + size) for a, b in zip(start, low, strict=True)]
        y[:, :, *here] = net(x[:, :, *seen])[:, :, *inner]
    return y


@pytest.mark.parametrize("size", [12, 8, 4])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ndim", [2, 3])
def test_tiles_equal_the_whole(ndim, channels, size):
    net, x = network(ndim, channels, normalised=True), image(ndim, channels)
    whole = measure(net, x)
    net.eval()
    with torch.no_grad():
        tiled = in_tiles(net, x, size)
    assert torch.equal(assign(tiled), assign(whole))
    if torch.backends.mkldnn.is_available():
        assert torch.equal(tiled, whole)


def test_reach_is_how_far_a_pixel_is_seen():
    net, far = network(2, channels=1), []
    x = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    measure(net, x)
    net.eval()
    for place in range(12, 20):
        changed = x.clone()
        changed[..., place, place] += 10
        seen = (net(changed) != net(x)).any(dim=1)[0].nonzero()
        far.append(int((seen - place).abs().max()))
    assert max(far) == net.reach == 7


def test_bfloat16_is_close_to_float32():
    net, x = network(2, normalised=True), image(2)
    for each in (net, net.autoencoder):
        y, expected = each(x.bfloat16()), each(x).detach()
        assert y.dtype == (torch.bfloat16 if each is net else torch.float32)
        assert float((y.detach().float() - expected).abs().mean()) < 0.03
        y.float().square().mean().backward()
    assert net.autoencoder.encoder[1].weight.grad.dtype == torch.float32


def test_one_seed_one_initialisation_and_the_global_generator_untouched():
    before = torch.get_rng_state()
    first, again, other = network(2), network(2), network(2, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    pairs = list(zip(first.parameters(), again.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(first.classifier.weight, other.classifier.weight)


def test_the_smoother_is_the_autoencoder_as_it_was():
    net, x = network(2), image(2)
    net.remember()
    before = net.autoencoder(x).detach()
    with torch.no_grad():
        net.autoencoder.encoder[0].weight += 0.1
    torch.testing.assert_close(net.smoother(x), before)
    assert not torch.allclose(net.autoencoder(x), before, atol=0.01), "test invalid"
    assert not any(p.requires_grad for p in net.smoother.parameters())


@pytest.mark.parametrize("ndim", [2, 3])
def test_weights_are_those_there_are(ndim):
    expected = sum(p.numel() for p in network(ndim).parameters() if p.ndim > 1 and p.requires_grad)
    assert n_weights(3, ndim, WIDTH, K) == expected


@pytest.mark.parametrize(("ndim", "shape"), [(2, (16, 24)), (3, (8, 8, 12))])
def test_flops_are_those_torch_counts(ndim, shape):
    x = torch.rand(1, 2, *shape).bfloat16()
    pixels = x[0, 0].numel()
    net = network(ndim, channels=2)
    expected = (
        (net, embedding_work(2, ndim, 2, False, WIDTH, K, True)),
        (net.autoencoder, autoencoder_work(2, ndim, 2, False, WIDTH)),
    )
    for each, work in expected:
        with FlopCounterMode(display=False) as counter:
            # Its counter knows convolution, not the kernel chosen for float32 on a processor.
            each(x).sum().backward()
        assert work.flops * pixels == counter.get_total_flops()
