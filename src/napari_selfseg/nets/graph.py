"""A graph network over a dense graph of a few thousand nodes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = (64, 32)


class Dense(nn.Module):
    """A linear layer of rows; initialised by `initialise`, and by nothing else.

    Parameters
    ----------
    in_features, out_features : int
        Numbers of columns.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features))

    def forward(self, x: Tensor) -> Tensor:
        """Multiply the rows of `x`, shape (M, in_features), and add the bias."""
        return F.linear(x, self.weight, self.bias)


class GraphClassifier(nn.Module):
    r"""One graph convolution and two linear layers, to the responses of each node.

    .. math::

        X_1 &= \mathrm{ELU}(P X \Theta + b) \\
        X_2 &= \mathrm{ELU}(X_1 \Theta_1 + b_1) \\
        Y &= \mathrm{dropout}(X_2) \Theta_2 + b_2

    with 64 columns in X_1, 32 in X_2 and P from `propagation`.

    Parameters
    ----------
    features : int
        Columns of X.
    classes : int
        Columns K of Y.

    References
    ----------
    Aflalo, Bagon, Kashti and Eldar, DeepCut: Unsupervised segmentation using graph neural networks
    clustering, 2022, doi:10.48550/arXiv.2212.05853.

    Kipf and Welling, Semi-supervised classification with graph convolutional networks, ICLR 2017,
    arXiv:1609.02907, equation 2.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        wide, narrow = HIDDEN
        self.convolution = Dense(features, wide)
        self.linear = Dense(wide, narrow)
        self.last = Dense(narrow, classes)

    def forward(self, x: Tensor, P: Tensor, dropped: Tensor | None = None) -> Tensor:
        """Compute the responses of each node.

        Parameters
        ----------
        x : Tensor, shape (M, features)
            One row a node.
        P : Tensor, shape (M, M)
            How features spread.
        dropped : Tensor, shape (M, 32), optional
            What X_2 is multiplied with, from `dropout_mask`; None for no dropout.

        Returns
        -------
        Tensor, shape (M, classes)
        """
        x = F.elu(self.convolution(P @ x))
        x = F.elu(self.linear(x))
        y: Tensor = self.last(x if dropped is None else x * dropped)
        return y


def propagation(W: Tensor) -> Tensor:
    r"""Return how features spread over a graph.

    .. math:: P = \tilde D^{-1/2} (W + I) \tilde D^{-1/2},
              \qquad \tilde D_{ii} = 1 + \sum_j W_{ij}

    Parameters
    ----------
    W : Tensor, shape (M, M)
        Similarities, symmetric and not negative, without those of a node with itself.

    Returns
    -------
    Tensor, shape (M, M)

    References
    ----------
    Kipf and Welling, ICLR 2017, arXiv:1609.02907, section 2.
    """
    joined = W + torch.eye(len(W), dtype=W.dtype, device=W.device)
    root = joined.sum(dim=1).rsqrt()
    return root[:, None] * joined * root


def dropout_mask(nodes: int, share: float, generator: torch.Generator) -> Tensor:
    """Draw which hidden features are left out, and how much the others grow for it.

    Parameters
    ----------
    generator : torch.Generator
        On the CPU, so that every device sees the same masks.

    Returns
    -------
    Tensor, shape (nodes, 32)
        0 or ``1 / (1 - share)``.
    """
    drawn = torch.rand(nodes, HIDDEN[1], generator=generator)
    return (drawn >= share).float() / (1 - share)
