"""The soft cut of a graph of superpixels."""

from __future__ import annotations

import torch
from torch import Tensor


def similarity(g: Tensor, edges: Tensor, sigma: float) -> Tensor:
    r"""Similarity of neighbouring superpixels.

    .. math:: w_{ab} = \exp\left(-\| g_a - g_b \|_2^2 / \sigma^2\right)

    Parameters
    ----------
    g : Tensor, shape (M + 1, K)
        Mean response of each superpixel (equation 5); row 0 is of no superpixel.
    edges : Tensor of int64, shape (E, 2)
        Superpixels nearer to each other than d; every other pair has similarity 0.
    sigma : float
        Scale.

    Returns
    -------
    Tensor, shape (E,)
        In [0, 1].

    References
    ----------
    Lin, Zhong and Lu, Deep superpixel cut for unsupervised image segmentation, 2021,
    doi:10.48550/arXiv.2103.06031, equation 7.
    """
    a, b = edges.unbind(1)
    return torch.exp(-(g[a] - g[b]).square().sum(1) / sigma**2)


def soft_cut(q: Tensor, edges: Tensor, w: Tensor) -> Tensor:
    r"""Expected similarity between superpixels of different partitions.

    .. math:: L_2 = \sum_{k=1}^K \sum_{a,b \in V} q_k^a w_{ab} (1 - q_k^b)
                  = \sum_{k=1}^K Q_k^T \mathbf{W} (\mathbf{1} - Q_k)

    W is symmetric, with 1 on its diagonal, as equation 7 says of a superpixel and itself.

    Parameters
    ----------
    q : Tensor, shape (M + 1, K)
        Probability of each superpixel to be in each partition (equation 6); row 0 does not count.
    edges : Tensor of int64, shape (E, 2)
        Pairs with a similarity, each once and none with itself.
    w : Tensor, shape (E,)
        Their similarity.

    References
    ----------
    doi:10.48550/arXiv.2103.06031, equation 8.
    """
    # Not q[a]: see `napari_selfseg.regions.project`.
    q_a, q_b = (q.index_select(0, nodes) for nodes in edges.unbind(1))
    between = (q_a * (1 - q_b) + q_b * (1 - q_a)).sum(1)
    within = q[1:] * (1 - q[1:])
    return (w * between).sum() + within.sum()
