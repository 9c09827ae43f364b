"""SuperAE, the autoencoder of DSC: three levels down, two up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from napari_selfseg.convolving import convolve_transposed
from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import Normalisation
from napari_selfseg.nets.layers.pooling import halved

LEVELS = 3


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
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels, *(3,) * ndim))

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        """Convolve `x`, (N, C, *spatial), to a `size` of 2n or 2n - 1 along each axis."""
        more = [to - (2 * n - 1) for to, n in zip(size, x.shape[2:], strict=True)]
        return convolve_transposed(x, self.weight.to(x.dtype), more)


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
                Convolution(one, two, 3, ndim, bias=False, stride=2),
                Convolution(two, three, 3, ndim, bias=False, stride=2),
            ]
        )
        self.decoder = nn.ModuleList([Upsampling(three, two, ndim), Upsampling(two, one, ndim)])
        self.encoder_norms = nn.ModuleList(
            Normalisation(n, rectified=True) for n in (one, two, three)
        )
        self.decoder_norms = nn.ModuleList(Normalisation(n, rectified=True) for n in (two, one))
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
            y = norm(convolution(y, levels[finer].shape[2:]), masks[finer])
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
            x = norm(convolution(x), mask)
            found.append(x)
        return found


def widths(width: int) -> tuple[int, int, int]:
    """Return the channels of each level: 64, 128 and 256 in the paper."""
    return width, 2 * width, 4 * width
