"""The feature transformation subnetwork of DIC: one level down, one level up."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import Normalisation
from napari_selfseg.nets.layers.pooling import pooled, pooled_mask


class Block(nn.Module):
    """A convolution block: 3x3 convolution, normalisation, ReLU.

    The convolution has no bias: the normalisation takes any constant away.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.
    ndim : int
        2 for planes, 3 for volumes.
    """

    def __init__(self, in_channels: int, out_channels: int, ndim: int) -> None:
        super().__init__()
        self.convolution = Convolution(in_channels, out_channels, 3, ndim, bias=False)
        self.normalisation = Normalisation(out_channels, rectified=True)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return features that are 0 or more, and 0 where not `valid`."""
        y: Tensor = self.normalisation(self.convolution(x), valid)
        return y


class Deconvolution(nn.Module):
    """A deconvolution with factor 2: every pixel becomes a block of 2 x 2 (x 2).

    Kernel and stride are 2, so that the blocks do not overlap: a 1x1 convolution computes all
    pixels of a block as channels, which are then put in their places. No bias, as a normalisation
    follows.

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
        self.convolution = Convolution(in_channels, out_channels * 2**ndim, 1, ndim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, shape (N, C, *spatial), at twice its size, stored channels last."""
        y: Tensor = self.convolution(x).movedim(1, -1)
        batch, *shape = y.shape[:-1]
        y = y.reshape(batch, *shape, *(2,) * self.ndim, -1)
        # (batch, h, w, 2, 2, C) becomes (batch, h, 2, w, 2, C).
        pairs = [axis for d in range(1, self.ndim + 1) for axis in (d, d + self.ndim)]
        y = y.permute(0, *pairs, -1)
        return y.reshape(batch, *(2 * n for n in shape), y.shape[-1]).movedim(-1, 1)


class FTS(nn.Module):
    """Feature transformation subnetwork of DIC (figure 2).

    With w features (64 in the paper): blocks w, w; max-pooling; blocks 2w, 2w; deconvolution;
    concatenation with the second block (3w); blocks 2w, 2w; 1x1 convolution to C, normalisation.
    The paper does not mention the last normalisation; its public code has it, and without it the
    features of all pixels point the same way and end up with one label (measured).

    Sizes need not be even: the last pixel of an odd axis is pooled alone, and the deconvolution
    cropped.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    width : int
        Features w of the first two blocks.
    classes : int
        Dimension C of the features Y.
    ndim : int
        2 for planes, 3 for volumes.

    References
    ----------
    Zhou and Wei, DIC: Deep Image Clustering for Unsupervised Image Segmentation, IEEE Access 2020,
    doi:10.1109/ACCESS.2020.2974496, section III-A.1.
    """

    # Two blocks at each end; between them pooling, two blocks on the pooled grid, deconvolution.
    reach = 2 + 5 + 2

    def __init__(self, in_channels: int, width: int, classes: int, ndim: int = 2) -> None:
        super().__init__()
        w = width
        self.begin = nn.ModuleList([Block(in_channels, w, ndim), Block(w, w, ndim)])
        self.pooled = nn.ModuleList([Block(w, 2 * w, ndim), Block(2 * w, 2 * w, ndim)])
        self.deconvolution = Deconvolution(2 * w, 2 * w, ndim)
        self.end = nn.ModuleList([Block(3 * w, 2 * w, ndim), Block(2 * w, 2 * w, ndim)])
        self.last = Convolution(2 * w, classes, 1, ndim, bias=False)
        self.whitening = Normalisation(classes)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Compute the features Y in the type of `x` (float32 or bfloat16).

        Parameters
        ----------
        x : Tensor, shape (N, in_channels, *spatial)
            Images, values about 0 to 1, and 0 where not `valid`.
        valid : Tensor of bool, shape (N, 1, *spatial), optional
            The pixels with data; the others are treated as lying beyond the image's border. A
            pooled pixel is valid where one of its pixels is. None means all.

        Returns
        -------
        Tensor, shape (N, classes, *spatial)
            0 where not `valid`.
        """
        for block in self.begin:
            x = block(x, valid)
        # Features are 0 or more, and 0 where there are no data: these never win.
        below, some = pooled(x), pooled_mask(valid)
        for block in self.pooled:
            below = block(below, some)
        x = self._concatenated(x, self.deconvolution(below), valid)
        for block in self.end:
            x = block(x, valid)
        y: Tensor = self.whitening(self.last(x), valid)
        return y

    def _concatenated(self, x: Tensor, above: Tensor, valid: Tensor | None) -> Tensor:
        for axis in range(2, x.ndim):
            above = above.narrow(axis, 0, x.shape[axis])
        if valid is not None:
            above = above.masked_fill(~valid, 0)
        # Along the last axis, so that the result is stored channels last whatever was cropped.
        return torch.cat([x.movedim(1, -1), above.movedim(1, -1)], dim=-1).movedim(-1, 1)
