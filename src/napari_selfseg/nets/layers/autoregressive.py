"""Convolutions that see only the pixels before their own, in one of eight raster orders."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.convolving import convolve
from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import Normalisation

# Taps of a 3 x 3 kernel on the pixels before the current one in a raster scan, and on that one.
RASTER: Final = ((1.0, 1.0, 1.0), (1.0, 1.0, 0.0), (0.0, 0.0, 0.0))
N_ORDERS: Final = 8


def order_mask(order: int) -> Tensor:
    """Return the taps of a 3 x 3 kernel that an order leaves.

    Parameters
    ----------
    order : int
        Quarter turns of the raster scan, 0 to 3; from 4 on, of the scan flipped along x.

    Returns
    -------
    Tensor, shape (3, 3)
        Five ones, four zeros.

    References
    ----------
    Ouali, Hudelot and Tami, Autoregressive unsupervised image segmentation, ECCV 2020,
    doi:10.1007/978-3-030-58571-6_9, section 3.1.
    """
    mask = torch.tensor(RASTER)
    return (mask if order < 4 else mask.flip(1)).rot90(order % 4)


class Autoregressive(nn.Module):
    """A 3 x 3 convolution, masked in an order or, in inference, not at all; no bias.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.

    References
    ----------
    doi:10.1007/978-3-030-58571-6_9
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 3, 3))

    def forward(self, x: Tensor, order: int | None = None) -> Tensor:
        """Convolve `x`, (B, C, H, W), which stays in place: the border is padded with zeros."""
        weight: Tensor = self.weight
        if order is not None:
            weight = weight * order_mask(order).to(weight)
        return convolve(x, weight.to(x.dtype))


class Pointwise(nn.Module):
    """A residual connection around two 1 x 1 convolutions, the first with norm and ReLU.

    Parameters
    ----------
    channels : int
        Of input and result.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, 1, 2, bias=False)
        self.norm = Normalisation(channels, rectified=True)
        self.second = Convolution(channels, channels, 1, 2)

    def forward(self, x: Tensor, valid: Tensor | None) -> Tensor:
        """Return `x` and what the convolutions add to it."""
        y: Tensor = self.second(self.norm(self.first(x), valid))
        return x + y


class Residual(nn.Module):
    """Residual block of the segmentation network (table 9).

    Autoregressive convolution and 1 x 1 convolution, each with normalisation and ReLU, added to the
    input, which is padded with channels of zeros; then two pointwise residual connections.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels; not fewer in the result.

    References
    ----------
    Eliasof, Ben Zikri and Treister, 2022, doi:10.48550/arXiv.2210.11810, table 9.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.more = out_channels - in_channels
        self.autoregressive = Autoregressive(in_channels, out_channels)
        self.norms = nn.ModuleList(Normalisation(out_channels, rectified=True) for _ in range(2))
        self.mixing = Convolution(out_channels, out_channels, 1, 2, bias=False)
        self.pointwise = nn.ModuleList(Pointwise(out_channels) for _ in range(2))

    def forward(self, x: Tensor, valid: Tensor | None, order: int | None) -> Tensor:
        """Compute features of `x`, (B, in_channels, H, W), in its type.

        Parameters
        ----------
        x : Tensor, shape (B, in_channels, H, W)
            Features, 0 where not valid.
        valid : Tensor of bool, shape (B, 1, H, W), or None
            The pixels with data; None means all.
        order : int or None
            As for `order_mask`; None means no mask.

        Returns
        -------
        Tensor, shape (B, out_channels, H, W)
            0 where not valid.
        """
        y: Tensor = self.norms[0](self.autoregressive(x, order), valid)
        y = self.norms[1](self.mixing(y), valid)
        y = y + F.pad(x, (0, 0, 0, 0, 0, self.more))
        for each in self.pointwise:
            y = each(y, valid)
        return y if valid is None else y * valid
