"""The segmentation network of SGSeg: from an image and features of superpixels to classes."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from napari_selfseg.nets.fts import Block
from napari_selfseg.nets.layers.autoregressive import Residual
from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.pooling import pooled, pooled_mask

# Of the channels of the first layer: those of the four residual blocks, as in table 10.
GROWTH = (2, 2, 4, 8)
# A response is interpolated from the four nearest of a half as many pixels along each axis, each
# of which sees four others away and pools two that see one away.
REACH = 11


class Segmentation(NamedTuple):
    """What the segmentation network finds in images.

    Attributes
    ----------
    logits : Tensor, shape (B, k, H, W)
        Their softmax is the probability of each class.
    I_cnn : Tensor, shape (B, C, H, W)
        Reconstruction of the images.
    """

    logits: Tensor
    I_cnn: Tensor


class Segmenter(nn.Module):
    """Segmentation network (table 10).

    3 x 3 convolution to w channels (64 in the paper) with normalisation and ReLU; max-pooling; four
    residual blocks to 2w, 2w, 4w and 8w; two 1 x 1 convolutions to k + C channels; bilinear
    interpolation. The first k of them are the classes, and a 3 x 3 convolution of all of them
    reconstructs the image.

    Table 10 prints w channels for the input of the first three blocks; each is given what the one
    before it returns.

    Parameters
    ----------
    in_channels : int
        Channels that are seen.
    out_channels : int
        Channels C that are reconstructed.
    classes : int
        Classes k.
    width : int
        Channels w of the first layer.

    References
    ----------
    Eliasof, Ben Zikri and Treister, 2022, doi:10.48550/arXiv.2210.11810, section 3.5 and table 10.
    """

    def __init__(self, in_channels: int, out_channels: int, classes: int, width: int) -> None:
        super().__init__()
        self.classes = classes
        self.begin = Block(in_channels, width, 2)
        widths = [width, *(width * each for each in GROWTH)]
        self.blocks = nn.ModuleList(Residual(p, q) for p, q in pairwise(widths))
        both = classes + out_channels
        self.responses = nn.ModuleList(
            [Convolution(widths[-1], both, 1, 2), Convolution(both, both, 1, 2)]
        )
        self.reconstruct = Convolution(both, out_channels, 3, 2)

    def forward(
        self, x: Tensor, valid: Tensor | None = None, order: int | None = None
    ) -> Segmentation:
        """Segment images.

        Parameters
        ----------
        x : Tensor, shape (B, in_channels, H, W)
            Images with features, and 0 where not `valid`; float32 or bfloat16.
        valid : Tensor of bool, shape (B, 1, H, W), optional
            The pixels with data; None means all.
        order : int, optional
            Raster order of the autoregressive convolutions; None, as in inference, for no mask.

        Returns
        -------
        Segmentation
            In float32 or wider.
        """
        # Features are 0 or more, and 0 where there are no data: these never win.
        y, coarse = pooled(self.begin(x, valid)), pooled_mask(valid)
        for block in self.blocks:
            y = block(y, coarse, order)
        for convolution in self.responses:
            y = convolution(y)
        fine = doubled(y, coarse, x.shape[2:])
        I_cnn = self.reconstruct(fine if valid is None else fine * valid)
        wide = torch.promote_types(fine.dtype, torch.float32)
        return Segmentation(fine[:, : self.classes].to(wide), I_cnn.to(wide))


def doubled(y: Tensor, coarse: Tensor | None, size: torch.Size) -> Tensor:
    """Interpolate bilinearly to twice the pixels along each axis.

    Parameters
    ----------
    y : Tensor, shape (B, C, h, w)
        Responses.
    coarse : Tensor of bool, shape (B, 1, h, w), or None
        Those that count: others have no weight, as if the image ended there. None means all.
    size : torch.Size
        2h or 2h - 1, and 2w or 2w - 1.

    Returns
    -------
    Tensor, shape (B, C, *size)
    """
    if coarse is not None:
        seen = coarse.to(y.dtype)
        y = _enlarged(y * seen) / _enlarged(seen).clamp(min=1e-3)
    else:
        y = _enlarged(y)
    return y[:, :, : size[0], : size[1]]


def _enlarged(y: Tensor) -> Tensor:
    return F.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False)
