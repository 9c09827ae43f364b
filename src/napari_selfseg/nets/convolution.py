"""Convolutions in the type of their input, with one rounding for images of any size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LAST = {2: torch.channels_last, 3: torch.channels_last_3d}


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
        return convolved(x, weight, bias, self.stride)


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1) -> Tensor:
    """Convolve, with zeros beyond the border.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
        Images.
    weight : Tensor, shape (classes, C, *sizes)
        Kernels of odd size, in the type of `x`.
    bias : Tensor, shape (classes,), optional
        In the type of `x`.
    stride : int
        Pixels from one result to the next.

    Returns
    -------
    Tensor, shape (N, classes, *spatial)
        Stored channels last.
    """
    ndim, pad = x.ndim - 2, weight.shape[-1] // 2
    x = x.contiguous(memory_format=LAST[ndim])
    if _always_onednn(x):
        ones = [1] * ndim
        return torch.mkldnn_convolution(x, weight, bias, [pad] * ndim, [stride] * ndim, ones, 1)
    return (F.conv2d if ndim == 2 else F.conv3d)(x, weight, bias, padding=pad, stride=stride)


def _widened(x: Tensor) -> Tensor:
    # The kernels for one channel take several times as long as those for two.
    return F.pad(x, [0, 0] * (x.ndim - 2) + [0, 1])


def _always_onednn(x: Tensor) -> bool:
    # F.conv2d gives small images to other kernels, which round differently: tiles of an image
    # would then differ from the whole in the last bits.
    cpu_float = x.device.type == "cpu" and x.dtype == torch.float32
    return cpu_float and torch.backends.mkldnn.is_available()
