"""Graph networks on superpixels: PointNet, DGCNN and DiffGCN."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from napari_selfseg.nets.layers.convolution import Convolution
from napari_selfseg.nets.layers.normalisation import Normalisation

Backbone = Literal["pointnet", "dgcnn", "diffgcn"]
N_BLOCKS = 4
# Nearer superpixels, in lengths of an image, lie in no direction from each other.
NEAREST = 1e-6


def nearest(F_SP: Tensor, k: int) -> Tensor:
    """Find the k nearest superpixels of each, by the distance of their features.

    Parameters
    ----------
    F_SP : Tensor, shape (B, N, c)
        Features.
    k : int
        How many; N - 1 at most, as none is its own neighbour.

    Returns
    -------
    Tensor of int64, shape (B, N, min(k, N - 1))
    """
    wide = F_SP.detach().to(torch.promote_types(F_SP.dtype, torch.float32))
    apart = torch.cdist(wide, wide, compute_mode="donot_use_mm_for_euclid_dist")
    itself = torch.eye(apart.shape[1], dtype=torch.bool, device=apart.device)
    apart = apart.masked_fill(itself, torch.inf)
    found: Tensor = apart.topk(min(k, apart.shape[1] - 1), largest=False).indices
    return found


def gathered(values: Tensor, neighbours: Tensor) -> Tensor:
    """Look values of neighbours up.

    Parameters
    ----------
    values : Tensor, shape (B, c, N)
        Of each superpixel.
    neighbours : Tensor of int64, shape (B, N, k)
        As from `nearest`.

    Returns
    -------
    Tensor, shape (B, c, N, k)
    """
    flat = neighbours.flatten(1).unsqueeze(1).expand(-1, values.shape[1], -1)
    found: Tensor = values.gather(2, flat).unflatten(2, neighbours.shape[1:])
    return found


def directional(F_SP: Tensor, xy: Tensor, neighbours: Tensor) -> Tensor:
    r"""Derivatives of features along x and y on the graph.

    .. math:: (\partial_x^G F)_{ij} = \frac{F_i - F_j}{\Delta(i, j)} (x_i - x_j), \qquad
              \Delta(i, j) = \sqrt{(x_i - x_j)^2 + (y_i - y_j)^2}

    and likewise for y; 0 where both superpixels lie at the same place.

    Parameters
    ----------
    F_SP : Tensor, shape (B, c, N)
        Features.
    xy : Tensor, shape (B, 2, N)
        Centres.
    neighbours : Tensor of int64, shape (B, N, k)
        As from `nearest`.

    Returns
    -------
    Tensor, shape (B, 2 c, N, k)
        Along x, then along y.

    References
    ----------
    Eliasof, Ben Zikri and Treister, 2022, doi:10.48550/arXiv.2210.11810, equation 16.
    """
    difference = F_SP.unsqueeze(3) - gathered(F_SP, neighbours)
    away = xy.unsqueeze(3) - gathered(xy, neighbours)
    # The root of a clamped square, as the slope of a root at 0 is infinite.
    delta = away.square().sum(1, keepdim=True).clamp(min=NEAREST**2).sqrt()
    x, y = (away / delta).unbind(1)
    return torch.cat([difference * x.unsqueeze(1), difference * y.unsqueeze(1)], dim=1)


class Layer(nn.Module):
    """A 1 x 1 convolution with normalisation and ReLU, for features of nodes or of edges.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.convolution = Convolution(in_channels, out_channels, 1, 2, bias=False)
        self.norm = Normalisation(out_channels, rectified=True)

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x`, (B, in_channels, N, k)."""
        y: Tensor = self.norm(self.convolution(x))
        return y


class GraphBlock(nn.Module):
    r"""One update of the features of superpixels.

    .. math::

        \tilde F_i &= h_\Theta(F_i) && \text{PointNet} \qquad (14) \\
        \tilde F_i &= \max_{(i, j) \in E} h_\Theta(g(F_i, F_j)) && \qquad (15) \\
        g(F_i, F_j) &= F_i \oplus (F_i - F_j) && \text{DGCNN} \\
        g(F_i, F_j) &= F_i \oplus (\partial_x^G F)_{ij} \oplus (\partial_y^G F)_{ij}
            && \text{DiffGCN} \qquad (16)

    Parameters
    ----------
    backbone : {"pointnet", "dgcnn", "diffgcn"}
        Which one.
    channels : int
        Of input and result.

    References
    ----------
    doi:10.48550/arXiv.2210.11810, section 3.4.
    """

    def __init__(self, backbone: Backbone, channels: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.h = Layer({"pointnet": 1, "dgcnn": 2, "diffgcn": 3}[backbone] * channels, channels)

    def forward(self, x: Tensor, xy: Tensor, neighbours: Tensor) -> Tensor:
        """Update `x`, (B, c, N), with centres (B, 2, N) and neighbours (B, N, k)."""
        own = x.unsqueeze(3)
        if self.backbone == "pointnet":
            y: Tensor = self.h(own)
            return y[..., 0]
        if self.backbone == "dgcnn":
            edge = own - gathered(x, neighbours)
        else:
            edge = directional(x, xy, neighbours)
        own = own.expand(*x.shape, neighbours.shape[2])
        y = self.h(torch.cat([own, edge], dim=1))
        return y.amax(3)


class GNN(nn.Module):
    """Graph network (table 8): 1 x 1 to w, four blocks, concatenated, 1 x 1 to 4w, 2w and w.

    w is 64 in the paper. All but the last convolution have a normalisation and ReLU.

    Parameters
    ----------
    in_channels : int
        Features of a superpixel, the first two of which are x and y of its centre.
    backbone : {"pointnet", "dgcnn", "diffgcn"}
        What the blocks are.
    width : int
        Channels w of the blocks and of the result.
    k : int
        Neighbours of each superpixel.

    References
    ----------
    doi:10.48550/arXiv.2210.11810, section 3.4 and table 8.
    """

    def __init__(self, in_channels: int, backbone: Backbone, width: int, k: int) -> None:
        super().__init__()
        self.k = k
        self.lift = Layer(in_channels, width)
        self.blocks = nn.ModuleList(GraphBlock(backbone, width) for _ in range(N_BLOCKS))
        widths = (N_BLOCKS * width, 4 * width, 2 * width)
        self.mix = nn.ModuleList(Layer(p, q) for p, q in pairwise(widths))
        self.last = Convolution(widths[-1], width, 1, 2)

    def forward(self, F_SP: Tensor) -> Tensor:
        """Refine features of superpixels.

        Parameters
        ----------
        F_SP : Tensor, shape (B, N, in_channels)
            Features of the superpixels of each image, at least two.

        Returns
        -------
        Tensor, shape (B, N, w)
        """
        neighbours, x = nearest(F_SP, self.k), F_SP.transpose(1, 2)
        xy = x[:, :2]
        x = self.lift(x.unsqueeze(3))[..., 0]
        found = []
        for block in self.blocks:
            x = block(x, xy, neighbours)
            found.append(x)
        x = torch.cat(found, dim=1).unsqueeze(3)
        for layer in self.mix:
            x = layer(x)
        y: Tensor = self.last(x)
        return y[..., 0].transpose(1, 2)
