"""The networks of DSC: an autoencoder of three levels, and the embedding its encoder gives."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .normalisation import Normalisation
from .responses import LAST, Convolution, _always_onednn

LEVELS = 3
# Convolutions see 1, 1 and 2 pixels far; four pixels share a coarse one, the last is 3 from its
# centre.
REACH = 1 + 1 + 2 + 3


class Downsampling(nn.Module):
    """A 3x3 (3x3x3) convolution that takes every second pixel along each axis; no bias.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.
    ndim : int
        2 for planes, 3 for volumes.
    """

    def __init__(self, in_channels: int, out_channels: int, ndim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *(3,) * ndim))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x`, (N, C, *spatial); of n pixels along an axis ``ceil(n / 2)`` are left."""
        return _convolved(x, self.weight.to(x.dtype), None, 2)


class Upsampling(nn.Module):
    """A 3x3 (3x3x3) transposed convolution to twice the pixels along each axis; no bias.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.
    ndim : int
        2 for planes, 3 for volumes.
    """

    def __init__(self, in_channels: int, out_channels: int, ndim: int) -> None:
        super().__init__()
        self.ndim = ndim
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels, *(3,) * ndim))

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        """Convolve `x`, (N, C, *spatial), to a `size` of 2n or 2n - 1 along each axis."""
        more = [to - (2 * n - 1) for to, n in zip(size, x.shape[2:], strict=True)]
        x = x.contiguous(memory_format=LAST[self.ndim])
        transposed = F.conv_transpose2d if self.ndim == 2 else F.conv_transpose3d
        return transposed(x, self.weight.to(x.dtype), stride=2, padding=1, output_padding=more)


class SuperAE(nn.Module):
    """Autoencoder: [convolution, norm, ReLU] x 5, convolution, sigmoid.

    64, 128 and 256 channels in the paper, the second and third convolution with stride 2; then
    transposed convolutions to 128 and 64, and a convolution to the channels of the image. A
    convolution before a normalisation has no bias, as any constant would be taken away.

    Parameters
    ----------
    in_channels : int
        Channels C of the image.
    ndim : int
        2 for planes, 3 for volumes.
    width : int
        Channels of the first level; the second has twice, the third four times as many.

    References
    ----------
    Lin, Zhong and Lu, Deep superpixel cut for unsupervised image segmentation, 2021,
    doi:10.48550/arXiv.2103.06031, section III-A.
    """

    def __init__(self, in_channels: int, ndim: int = 2, *, width: int = 64) -> None:
        super().__init__()
        one, two, three = widths(width)
        self.encoder = nn.ModuleList(
            [
                Convolution(in_channels, one, 3, ndim, bias=False),
                Downsampling(one, two, ndim),
                Downsampling(two, three, ndim),
            ]
        )
        self.decoder = nn.ModuleList([Upsampling(three, two, ndim), Upsampling(two, one, ndim)])
        self.encoder_norms = nn.ModuleList(Normalisation(n, relu=False) for n in (one, two, three))
        self.decoder_norms = nn.ModuleList(Normalisation(n, relu=False) for n in (two, one))
        self.last = Convolution(one, in_channels, 3, ndim)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Reconstruct images.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Images between 0 and 1, and 0 where not `valid`; float32 or bfloat16.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels with data; None means all.

        Returns
        -------
        Tensor, shape (N, C, *spatial)
            The reconstruction, between 0 and 1, in float32 or wider.
        """
        masks = halved(valid, LEVELS)
        levels = self.levels(x, masks)
        y = levels[-1]
        for k, (convolution, norm) in enumerate(zip(self.decoder, self.decoder_norms, strict=True)):
            finer = len(levels) - 2 - k
            y = norm(convolution(y, levels[finer].shape[2:]), masks[finer]).relu()
        y = self.last(y)
        return torch.sigmoid(y.to(torch.promote_types(y.dtype, torch.float32)))

    def levels(self, x: Tensor, masks: Sequence[Tensor | None]) -> list[Tensor]:
        """Encode images.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Images.
        masks : sequence of Tensor or None
            From `halved`.

        Returns
        -------
        list of Tensor
            Features of the three levels, each half as large as the one before.
        """
        found = []
        for convolution, norm, mask in zip(self.encoder, self.encoder_norms, masks, strict=True):
            x = norm(convolution(x), mask).relu()
            found.append(x)
        return found


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
            here = _convolved(x, weight, bias if y is None else None, 1)
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
        self.whitening = Normalisation(classes, relu=False) if normalised else None
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

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


def widths(width: int) -> tuple[int, int, int]:
    """Return the channels of each level: 64, 128 and 256 in the paper."""
    return width, 2 * width, 4 * width


def halved(valid: Tensor | None, n: int) -> list[Tensor | None]:
    """Return a mask and coarser ones: a pixel counts where one of those it stands for does.

    Parameters
    ----------
    valid : Tensor of bool, shape (N, 1, *spatial), or None
        The pixels that count; None means all.
    n : int
        How many masks.

    Returns
    -------
    list of Tensor or None
        Each half as large as the one before, rounded up.
    """
    masks = [valid]
    for _ in range(n - 1):
        masks.append(None if valid is None else _pooled(masks[-1]))
    return masks


def _pooled(mask: Tensor | None) -> Tensor:
    assert mask is not None
    pool = F.max_pool2d if mask.ndim == 4 else F.max_pool3d
    return pool(mask.float(), 2, ceil_mode=True) > 0


def _enlarged(y: Tensor, size: Sequence[int]) -> Tensor:
    if y.shape[2:] == torch.Size(size):
        return y
    y = F.interpolate(y, scale_factor=2.0, mode="nearest")
    inside = [slice(None)] * 2 + [slice(n) for n in size]
    return y[tuple(inside)]


def _convolved(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Tensor:
    ndim = x.ndim - 2
    x = x.contiguous(memory_format=LAST[ndim])
    pad = weight.shape[-1] // 2
    if _always_onednn(x):
        ones = [1] * ndim
        return torch.mkldnn_convolution(x, weight, bias, [pad] * ndim, [stride] * ndim, ones, 1)
    return (F.conv2d if ndim == 2 else F.conv3d)(x, weight, bias, padding=pad, stride=stride)
