"""Losses of SPNN, the network that assigns each pixel to a superpixel."""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor
from torch.nn import functional as F

from .superae import reconstruction

# Below it a probability counts as this one, so that no logarithm is infinite.
SMALLEST = 1e-20


def clustering(P: Tensor, weight: float, valid: Tensor | None = None) -> Tensor:
    r"""Certain pixels and superpixels of equal weight: the negative mutual information.

    .. math:: L = \frac{1}{HW} \sum_{i,j} \sum_s -P_{i,j,s} \log P_{i,j,s}
                  + \lambda \sum_s \hat P_s \log \hat P_s, \qquad
              \hat P_s = \frac{1}{HW} \sum_{i,j} P_{i,j,s}

    The mean over the images is taken, as each has superpixels of its own.

    Parameters
    ----------
    P : Tensor, shape (B, N, H, W)
        Probability of each pixel to be in each superpixel.
    weight : float
        Weight lambda of the second term.
    valid : Tensor of bool, shape (B, 1, H, W), optional
        The pixels that count, some in every image; None means all.

    References
    ----------
    Eliasof, Ben Zikri and Treister, Unsupervised image semantic segmentation through superpixels
    and graph neural networks, 2022, doi:10.48550/arXiv.2210.11810, equation 9.
    """
    entropy = _mean(-_p_log_p(P).sum(1, keepdim=True), valid)
    P_s = _image_mean(P, valid)
    return entropy + weight * _p_log_p(P_s).sum(1).mean()


def smoothness(P: Tensor, image: Tensor, sigma: float, valid: Tensor | None = None) -> Tensor:
    r"""Difference of assignment between neighbours, where the image does not differ.

    .. math:: L = \frac{1}{HW} \sum_{i,j} \left(
                  \| \partial_x P_{i,j} \|_1 e^{-\| \partial_x I_{i,j} \|_2^2 / \sigma}
                  + \| \partial_y P_{i,j} \|_1 e^{-\| \partial_y I_{i,j} \|_2^2 / \sigma} \right)

    Forward differences; a pair counts where both of its pixels do.

    Parameters
    ----------
    P : Tensor, shape (B, N, H, W)
        Probability of each pixel to be in each superpixel.
    image : Tensor, shape (B, C, H, W)
        Image I. With sigma = 10 and values between 0 and 1 no weight is below 0.74.
    sigma : float
        Squared difference of colours that counts as an edge.
    valid : Tensor of bool, shape (B, 1, H, W), optional
        The pixels that count; None means all.

    References
    ----------
    doi:10.48550/arXiv.2210.11810, equation 10.
    """
    total = P.new_zeros(())
    for axis in (2, 3):
        weight = torch.exp(-image.diff(dim=axis).square().sum(1, keepdim=True) / sigma)
        total = total + (P.diff(dim=axis).abs() * weight * _pairs(valid, axis)).sum()
    return total / _count(P, valid)


def reconstructions(
    image: Tensor, I_tilde: Tensor, I_P: Tensor, valid: Tensor | None = None
) -> Tensor:
    r"""Mean squared errors of the image reconstructed and of the soft-superpixelated image.

    .. math:: L = \frac{1}{3HW} \left( \sum_{i,j} \| I_{i,j} - \tilde I_{i,j} \|_2^2
                  + \sum_{i,j} \| I_{i,j} - \hat I^P_{i,j} \|_2^2 \right)

    with C in place of 3; the first sum alone is equation 11.

    Parameters
    ----------
    image, I_tilde, I_P : Tensor, shape (B, C, H, W)
        Image, reconstruction, and soft-superpixelated image (equation 2).
    valid : Tensor of bool, shape (B, 1, H, W), optional
        The pixels that count; None means all.

    References
    ----------
    doi:10.48550/arXiv.2210.11810, equations 11 and 12.
    """
    return reconstruction(image, I_tilde, valid) + reconstruction(image, I_P, valid)


def edges(
    image: Tensor,
    I_tilde: Tensor,
    I_P: Tensor,
    temperature: float = 1.0,
    valid: Tensor | None = None,
) -> Tensor:
    r"""Divergence of the edges of both reconstructions from those of the image.

    .. math:: L = \mathrm{KL}(E_I, E_{\tilde I}) + \mathrm{KL}(E_I, E_{\hat I^P}), \qquad
              E_I = \mathrm{SoftMax}(\Delta I / \tau)

    with the 3 x 3 Laplacian :math:`\Delta`; E is a distribution over the pixels of a channel, and
    the mean over channels and images is taken. The paper has no temperature :math:`\tau`: with
    :math:`\tau = 1` and values between 0 and 1, E is nearly uniform.

    Parameters
    ----------
    image, I_tilde, I_P : Tensor, shape (B, C, H, W)
        Image, reconstruction, and soft-superpixelated image (equation 2).
    temperature : float
        Laplacian that makes a pixel e times as likely.
    valid : Tensor of bool, shape (B, 1, H, W), optional
        The pixels that count, some in every image; None means all.

    References
    ----------
    doi:10.48550/arXiv.2210.11810, equation 13.
    """
    E, E_tilde, E_P = (_log_edges(each, temperature, valid) for each in (image, I_tilde, I_P))
    divergences = E.exp() * (2 * E - E_tilde - E_P)
    return divergences.sum(-1).mean()


def total_variation(M: Tensor, valid: Tensor | None = None) -> Tensor:
    r"""Anisotropic total variation of a feature map.

    .. math:: L = \frac{1}{HW} \sum_{i,j} \left(
                  \| \partial_x M_{i,j} \|_1 + \| \partial_y M_{i,j} \|_1 \right)

    Forward differences; a pair counts where both of its pixels do.

    Parameters
    ----------
    M : Tensor, shape (B, c, H, W)
        Superpixel features projected onto the image (equation 6).
    valid : Tensor of bool, shape (B, 1, H, W), optional
        The pixels that count; None means all.

    References
    ----------
    doi:10.48550/arXiv.2210.11810, equation 17.
    """
    differences = ((M.diff(dim=axis).abs() * _pairs(valid, axis)).sum() for axis in (2, 3))
    return torch.stack(list(differences)).sum() / _count(M, valid)


def _p_log_p(P: Tensor) -> Tensor:
    return P * P.clamp(min=SMALLEST).log()


def _mean(values: Tensor, valid: Tensor | None) -> Tensor:
    if valid is None:
        return values.mean()
    return (values * valid).sum() / (valid.sum() * values.shape[1]).clamp(min=1)


def _image_mean(values: Tensor, valid: Tensor | None) -> Tensor:
    """Return (B, N), the mean over the pixels of each image."""
    if valid is None:
        return values.mean((2, 3))
    return (values * valid).sum((2, 3)) / valid.sum((2, 3)).clamp(min=1)


def _pairs(valid: Tensor | None, axis: int) -> Tensor | float:
    if valid is None:
        return 1.0
    n = valid.shape[axis] - 1
    return valid.narrow(axis, 0, n) & valid.narrow(axis, 1, n)


def _count(values: Tensor, valid: Tensor | None) -> Tensor | int:
    if valid is None:
        return prod((values.shape[0], *values.shape[2:]))
    return valid.sum().clamp(min=1)


def _log_edges(image: Tensor, temperature: float, valid: Tensor | None) -> Tensor:
    """Return log E, (B, C, pixels), and 0 for pixels that do not count."""
    seen = torch.ones_like(image[:, :1]) if valid is None else valid.to(image.dtype)
    # Neighbours beyond the border, or without data, are as the pixel itself.
    laplacian = image * _around(seen) - _around(image * seen)
    response = laplacian / temperature
    if valid is None:
        return response.flatten(2).log_softmax(-1)
    E = response.masked_fill(~valid, -torch.inf).flatten(2).log_softmax(-1)
    return E.masked_fill(~valid.flatten(2), 0)


def _around(planes: Tensor) -> Tensor:
    """Sum over 3 x 3 pixels."""
    kernel = planes.new_ones(planes.shape[1], 1, 3, 3)
    return F.conv2d(planes, kernel, padding=1, groups=planes.shape[1])
