"""SPNN, which assigns every pixel to a superpixel, softly."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.convolving import LAST
from napari_selfseg.nets.fts import Block
from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import Normalisation

DILATIONS = (1, 2, 4)
# See `part`.
CONTRAST = 5.0


class Assignment(NamedTuple):
    """What SPNN finds in images.

    Attributes
    ----------
    P : Tensor, shape (B, N, H, W)
        Probability of each pixel to be in each superpixel; 0 where not valid.
    I_tilde : Tensor, shape (B, C, H, W)
        Reconstruction of the images.
    features : Tensor, shape (B, 8 width, H, W)
        Of the penultimate layer.
    """

    P: Tensor
    I_tilde: Tensor
    features: Tensor


class Atrous(nn.Module):
    """Depth-wise 3 x 3 convolutions with several dilations, concatenated; no bias.

    Parameters
    ----------
    channels : int
        Of the input; the result has as many for each dilation.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(len(DILATIONS), channels, 1, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x`, (B, C, H, W), to (B, 3 C, H, W)."""
        # In bfloat16 the gradient of these weights holds whatever was in memory before (torch 2.13
        # on the CPU): other numbers in each run, and NaN.
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        wide = wide.contiguous(memory_format=LAST[2])
        convolved = [
            F.conv2d(wide, kernel, padding=d, dilation=d, groups=x.shape[1])
            for kernel, d in zip(self.weight.to(wide.dtype), DILATIONS, strict=True)
        ]
        joined = torch.cat([each.movedim(1, -1) for each in convolved], dim=-1).movedim(-1, 1)
        return joined.to(x.dtype)


class SPNN(nn.Module):
    """Superpixel extraction network (table 7).

    5 x 5 convolution to w channels (64 in the paper), 3 x 3 ones to 2w, 4w and 8w, depth-wise
    atrous convolutions, a 3 x 3 one to 8w, each with normalisation and ReLU but the atrous ones;
    a 1 x 1 convolution to N superpixels and the channels of the image. A convolution before a
    normalisation has no bias, as any constant would be taken away.

    Parameters
    ----------
    in_channels : int
        Channels that are seen.
    out_channels : int
        Channels C that are reconstructed.
    superpixels : int
        Superpixels N at most.
    width : int
        Channels w of the first layer.

    References
    ----------
    Eliasof, Ben Zikri and Treister, Unsupervised image semantic segmentation through superpixels
    and graph neural networks, 2022, doi:10.48550/arXiv.2210.11810, section 3.3 and table 7.
    """

    def __init__(self, in_channels: int, out_channels: int, superpixels: int, width: int) -> None:
        super().__init__()
        w, self.superpixels = width, superpixels
        self.first = Convolution(in_channels, w, 5, 2, bias=False)
        self.norm = Normalisation(w, rectified=True)
        self.blocks = nn.ModuleList(Block(n * w, 2 * n * w, 2) for n in (1, 2, 4))
        self.atrous = Atrous(8 * w)
        self.penultimate = Block(len(DILATIONS) * 8 * w, 8 * w, 2)
        self.last = Convolution(8 * w, superpixels + out_channels, 1, 2)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Assignment:
        """Assign the pixels of images.

        Parameters
        ----------
        x : Tensor, shape (B, in_channels, H, W)
            Images, and 0 where not `valid`; float32 or bfloat16.
        valid : Tensor of bool, shape (B, 1, H, W), optional
            The pixels with data; None means all.

        Returns
        -------
        Assignment
            In float32 or wider, but the features.
        """
        features = self.features(x, valid)
        y = self.last(features)
        y = y.to(torch.promote_types(y.dtype, torch.float32))
        logits, I_tilde = y.split([self.superpixels, y.shape[1] - self.superpixels], dim=1)
        P = logits.softmax(1)
        return Assignment(P if valid is None else P * valid, I_tilde, features)

    def features(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return those of the penultimate layer, in the type of `x`."""
        y = self.norm(self.first(x), valid)
        for block in self.blocks:
            y = block(y, valid)
        y = self.atrous(y)
        found: Tensor = self.penultimate(y if valid is None else y * valid, valid)
        return found


def part(network: SPNN) -> None:
    """Enlarge the first responses of a network, so that superpixels differ from the start.

    With all of them about equally likely everywhere they take hundreds of updates to part.

    Parameters
    ----------
    network : SPNN
        As initialised; changed in place.
    """
    with torch.no_grad():
        network.last.weight[: network.superpixels] *= CONTRAST
