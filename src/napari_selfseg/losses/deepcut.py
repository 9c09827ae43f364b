"""Losses of deep graph clustering: how well a soft assignment S cuts a graph W."""

from __future__ import annotations

import torch
from torch import Tensor

# Below any sum of similarities that means something; keeps an empty graph finite.
LEAST = 1e-12


def relaxed_cut(S: Tensor, W: Tensor) -> Tensor:
    r"""Return the relaxed normalised cut of a graph.

    .. math:: L = -\frac{\mathrm{Tr}(S^T W S)}{\mathrm{Tr}(S^T D S)},
              \qquad D_{ii} = \sum_j W_{ij}

    It is -1 where no similarity is cut, which one cluster achieves too: see `orthogonality`.

    Parameters
    ----------
    S : Tensor, shape (M, K)
        Probability of each node to be in each cluster.
    W : Tensor, shape (M, M)
        Similarities, symmetric and not negative.

    Returns
    -------
    Tensor, shape ()
        Between -1 and 0.

    References
    ----------
    Aflalo, Bagon, Kashti and Eldar, DeepCut: Unsupervised segmentation using graph neural networks
    clustering, 2022, arXiv:2212.05853, doi:10.48550/arXiv.2212.05853.
    """
    within = (S * (W @ S)).sum()
    total = (W.sum(dim=1, keepdim=True) * S * S).sum()
    return -within / total.clamp(min=LEAST)


def orthogonality(S: Tensor) -> Tensor:
    r"""Return how far clusters are from disjoint and equally large.

    .. math:: L = \left\| \frac{S^T S}{\|S^T S\|_F} - \frac{I_K}{\|I_K\|_F} \right\|_F

    Parameters
    ----------
    S : Tensor, shape (M, K)
        Probability of each node to be in each cluster.

    Returns
    -------
    Tensor, shape ()
        Between 0 and :math:`\sqrt{2}`.

    References
    ----------
    doi:10.48550/arXiv.2212.05853, the second term of its loss of normalised cuts.
    """
    K = S.shape[1]
    StS = S.T @ S
    identity = torch.eye(K, dtype=S.dtype, device=S.device)
    distance: Tensor = (StS / StS.norm() - identity / K**0.5).norm()
    return distance


def correlation(S: Tensor, W: Tensor) -> Tensor:
    r"""Return the relaxed correlation clustering of a graph with attraction and repulsion.

    .. math:: L = -\frac{\sum_{ij} W_{ij} (S S^T)_{ij}}{\sum_{ij} |W_{ij}|}

    The paper's sum grows with the square of the number of nodes; divided by that of the magnitudes
    it is -1 where all that attract are together and all that repel are apart.

    Parameters
    ----------
    S : Tensor, shape (M, K)
        Probability of each node to be in each cluster; of K clusters some may stay empty.
    W : Tensor, shape (M, M)
        Symmetric; positive attracts, negative repels.

    Returns
    -------
    Tensor, shape ()
        Between -1 and 1.

    References
    ----------
    doi:10.48550/arXiv.2212.05853, its loss of correlation clustering.
    """
    return -(S * (W @ S)).sum() / W.abs().sum().clamp(min=LEAST)
