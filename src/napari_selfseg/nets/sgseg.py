"""The network of SGSeg: superpixels, a graph network on them, and a segmentation network."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from napari_selfseg.nets.gnn import GNN
from napari_selfseg.nets.layers.soft import coordinates, soft_means, soft_project
from napari_selfseg.nets.segmenter import Segmentation, Segmenter
from napari_selfseg.nets.spnn import SPNN, Assignment

Before = Literal["none", "superpixels", "pointnet", "dgcnn", "diffgcn"]


class SGSegNetwork(nn.Module):
    """SPNN, GNN and CNN one after the other (figure 2).

    Parameters
    ----------
    in_channels : int
        Channels C of the image.
    classes : int
        Classes k.
    before : {"none", "superpixels", "pointnet", "dgcnn", "diffgcn"}
        What comes before the CNN: nothing, SPNN alone (table 3), or SPNN and a graph network.
    superpixels : int
        Superpixels N of an image at most.
    neighbours : int
        Neighbours of a superpixel in the graph.
    width : int
        Channels of the first layer of each network, 64 in the paper.

    Attributes
    ----------
    updates : Tensor of int64, shape ()
        Updates SPNN had on its own; part of the weights, so that a warm start knows.

    References
    ----------
    Eliasof, Ben Zikri and Treister, Unsupervised image semantic segmentation through superpixels
    and graph neural networks, 2022, doi:10.48550/arXiv.2210.11810.
    """

    updates: Tensor

    def __init__(
        self,
        in_channels: int,
        classes: int,
        *,
        before: Before,
        superpixels: int,
        neighbours: int,
        width: int,
    ) -> None:
        super().__init__()
        self.spnn: SPNN | None = None
        self.gnn: GNN | None = None
        projected = 0
        if before != "none":
            self.spnn = SPNN(in_channels, in_channels, superpixels, width)
            projected = n_features(in_channels, width)
        if before != "none" and before != "superpixels":
            self.gnn = GNN(projected, before, width, neighbours)
            projected = width
        self.cnn = Segmenter(in_channels + projected, in_channels, classes, width)
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Compute the logits of the classes, with no masked convolution.

        Parameters
        ----------
        x : Tensor, shape (B, C, H, W)
            Images between 0 and 1, and 0 where not `valid`; float32 or bfloat16.
        valid : Tensor of bool, shape (B, 1, H, W), optional
            The pixels with data; None means all.

        Returns
        -------
        Tensor, shape (B, k, H, W)
        """
        M = None if self.spnn is None else self.projected(x, self.spnn(x, valid), valid)
        return self.segmented(x, M, valid).logits

    def projected(self, x: Tensor, assignment: Assignment, valid: Tensor | None = None) -> Tensor:
        r"""Return the features of superpixels, refined and written onto the pixels.

        .. math::

            F^{SP}_s &= \frac{\sum_{h,w} P_{h,w,s} F_{h,w}}{\sum_{h,w} P_{h,w,s}},
            \quad F = x \oplus y \oplus I \oplus \text{features of SPNN} \qquad (3) \\
            \tilde F^{SP} &= \mathrm{GNN}(F^{SP}) \qquad (5) \\
            \tilde M_{i,j} &= \sum_s P_{i,j,s} \tilde F^{SP}_s \qquad (6)

        Parameters
        ----------
        x : Tensor, shape (B, C, H, W)
            Images I.
        assignment : Assignment
            Of SPNN to them.
        valid : Tensor of bool, shape (B, 1, H, W), optional
            The pixels with data; None means all.

        Returns
        -------
        Tensor, shape (B, c, H, W)
            In the type of P, 0 where not `valid`.
        """
        P = assignment.P
        image = x.to(P.dtype)
        F = torch.cat([coordinates(image, valid), image, assignment.features.to(P.dtype)], dim=1)
        F_SP = soft_means(P, F)
        return soft_project(P, F_SP if self.gnn is None else self.gnn(F_SP))

    def segmented(
        self, x: Tensor, M: Tensor | None, valid: Tensor | None = None, order: int | None = None
    ) -> Segmentation:
        r"""Segment image and projected features, CNN(I ⊕ M̃) of equation 7.

        Parameters
        ----------
        x : Tensor, shape (B, C, H, W)
            Images I.
        M : Tensor, shape (B, c, H, W), or None
            From `projected`; None where the CNN sees the image alone.
        valid : Tensor of bool, shape (B, 1, H, W), optional
            The pixels with data; None means all.
        order : int, optional
            Raster order of the masked convolutions; None for no mask.
        """
        seen = x if M is None else torch.cat([x, M.to(x.dtype)], dim=1)
        found: Segmentation = self.cnn(seen, valid, order)
        return found


def n_features(in_channels: int, width: int) -> int:
    """Return how many features a superpixel has: place, colour, and those of SPNN."""
    return 2 + in_channels + 8 * width
