"""The deep embedding of DSC: what the encoder of SuperAE gives, as K responses of each pixel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.convolving import convolve
from napari_selfseg.nets.layers.normalisation import Normalisation
from napari_selfseg.nets.layers.pooling import halved
from napari_selfseg.nets.superae import LEVELS, SuperAE, widths

# Convolutions see 1, 1 and 2 pixels far; four pixels share a coarse one, the last is 3 from its
# centre.
REACH = 1 + 1 + 2 + 3


class Classifier(nn.Module):
    """A 1x1 convolution of maps of different size, as if all were enlarged and concatenated.

    Enlarging by repeating pixels and a 1x1 convolution may be exchanged. So each map is convolved
    at its own size, and only the result is enlarged: a quarter of the work, and the concatenated
    map never exists.

    Parameters
    ----------
    widths : sequence of int
        Channels of each map.
    classes : int
        Channels K of the result.
    ndim : int
        2 for planes, 3 for volumes.
    bias : bool
        Whether a bias is added.
    """

    def __init__(self, widths: Sequence[int], classes: int, ndim: int, *, bias: bool) -> None:
        super().__init__()
        self.widths = list(widths)
        self.weight = nn.Parameter(torch.empty(classes, sum(widths), *(1,) * ndim))
        self.bias = nn.Parameter(torch.empty(classes)) if bias else None

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Convolve `maps`, from fine to coarse: each of the size before it, or half of that."""
        weights = self.weight.to(maps[0].dtype).split(self.widths, dim=1)
        bias = None if self.bias is None else self.bias.to(maps[0].dtype)
        y: Tensor | None = None
        for x, weight in zip(reversed(maps), reversed(weights), strict=True):
            here = convolve(x, weight, bias if y is None else None)
            y = here if y is None else here.add_(_enlarged(y, here.shape[2:]))
        assert y is not None
        return y


class Embedding(nn.Module):
    """Deep embedding E of DSC: image and encoder levels, enlarged, concatenated, 1x1 convolution.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    classes : int
        Number of partitions K.
    ndim : int
        2 for planes, 3 for volumes.
    width : int
        Channels of the first level.
    normalised : bool
        Whether each channel of the result is brought to zero mean and unit variance.

    Attributes
    ----------
    autoencoder : SuperAE
        Its encoder is the embedding's.
    smoother : SuperAE
        The autoencoder as `remember` found it: cutting changes the encoder, and the decoder does
        not follow. It has no gradients.
    updates : Tensor of int64, shape ()
        Updates the autoencoder had; part of the weights, so that a warm start knows.

    References
    ----------
    doi:10.48550/arXiv.2103.06031, section III-A.
    """

    updates: Tensor

    def __init__(
        self,
        in_channels: int,
        classes: int,
        ndim: int = 2,
        *,
        width: int = 64,
        normalised: bool = False,
    ) -> None:
        super().__init__()
        self.autoencoder = SuperAE(in_channels, ndim, width=width)
        maps = (in_channels, *widths(width))
        self.classifier = Classifier(maps, classes, ndim, bias=not normalised)
        self.whitening = Normalisation(classes) if normalised else None
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))
        self.smoother = SuperAE(in_channels, ndim, width=width).requires_grad_(False)

    def remember(self) -> None:
        """Keep the autoencoder as it is, to smooth images with."""
        self.smoother.load_state_dict(self.autoencoder.state_dict())

    @property
    def reach(self) -> int:
        """How many pixels away an input can change the result, statistics being frozen."""
        return REACH

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Compute F in the type of `x`.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Images between 0 and 1, and 0 where not `valid`; float32 or bfloat16.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels with data; None means all.

        Returns
        -------
        Tensor, shape (N, K, *spatial)
        """
        masks = halved(valid, LEVELS)
        y: Tensor = self.classifier([x, *self.autoencoder.levels(x, masks)])
        return y if self.whitening is None else self.whitening(y, valid)


def _enlarged(y: Tensor, size: Sequence[int]) -> Tensor:
    if y.shape[2:] == torch.Size(size):
        return y
    y = F.interpolate(y, scale_factor=2.0, mode="nearest")
    inside = [slice(None)] * 2 + [slice(n) for n in size]
    return y[tuple(inside)]
