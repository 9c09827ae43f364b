"""Convolutions in bands are those of the whole, bit for bit."""

import pytest
import torch

from napari_selfseg.convolving import bands, convolve
from napari_selfseg.machine import buffers
from napari_selfseg.machine.buffers import Buffers, reusing

LAST = {2: torch.channels_last, 3: torch.channels_last_3d}
pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="without oneDNN")


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator).contiguous(memory_format=LAST[len(shape) - 2])


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("n", [7, 16, 33])
@pytest.mark.parametrize("band", [1, 400, 4000])
def test_the_same_bits(ndim, size, stride, n, band, monkeypatch):
    for module in (bands, buffers):
        monkeypatch.setattr(module, "LARGE", 1)
    monkeypatch.setattr(bands, "BAND", band)
    x, bias = drawn(2, 5, n, *(9,) * (ndim - 1)), torch.randn(8)
    weight = drawn(8, 5, *(size,) * ndim, seed=1)
    how = ([size // 2] * ndim, [stride] * ndim, [1] * ndim, 1)
    expected = torch.mkldnn_convolution(x, weight, bias, *how)
    with reusing(Buffers()):
        assert torch.equal(bands.in_bands(x, weight, bias, stride), expected)


def test_large_results_are_made_in_bands_and_small_ones_at_once(monkeypatch):
    made, whole = [], torch.mkldnn_convolution
    monkeypatch.setattr(torch, "mkldnn_convolution", lambda *a: made.append(1) or whole(*a))
    monkeypatch.setattr(bands, "BAND", 2**16)
    monkeypatch.setattr(bands, "LARGE", 2**20)
    x, weight = drawn(1, 2, 256, 256), drawn(16, 2, 3, 3, seed=1)
    convolve(x, weight)
    assert len(made) == 16
    convolve(x[:, :, :100], weight)
    assert len(made) == 17
