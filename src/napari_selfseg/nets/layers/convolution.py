"""Convolutions in the type of their input, with one rounding for images of any size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.convolving import convolve


class Convolution(nn.Module):
    """A convolution that keeps the size, or takes every second pixel, in the type of its input.

    The parameters are float32 and not initialised: see `initialise`.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.
    size : int
        Edge of the kernel in pixels, odd; the border is padded with zeros.
    ndim : int
        2 for planes, 3 for volumes.
    bias : bool
        Whether a bias is added.
    stride : int
        Of n pixels along an axis ``ceil(n / stride)`` are left.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: int,
        ndim: int,
        *,
        bias: bool = True,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *(size,) * ndim))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x`, shape (N, C, *spatial); the result is stored channels last."""
        weight = self.weight.to(x.dtype)
        if x.shape[1] == 1:
            x, weight = _widened(x), _widened(weight)
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return convolve(x, weight, bias, self.stride)


def _widened(x: Tensor) -> Tensor:
    # The kernels for one channel take several times as long as those for two.
    return F.pad(x, [0, 0] * (x.ndim - 2) + [0, 1])
