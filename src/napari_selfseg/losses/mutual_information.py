"""Mutual information of two soft label maps over displacements."""

from __future__ import annotations

import torch
from torch import Tensor

# Below it a joint probability counts as this one, so that no logarithm is infinite.
SMALLEST = 1e-12


def mutual_information(M1: Tensor, M2: Tensor, T: int, valid: Tensor | None = None) -> Tensor:
    r"""Mutual information of two maps of class probabilities, averaged over displacements.

    .. math:: I(M_1, M_2) = H(M_1) - H(M_1 | M_2)
              = \frac{1}{|U|} \sum_{u \in U} \sum_{a,b} P_u(a, b)
                \log \frac{P_u(a, b)}{P_u(a) P_u(b)}

    where :math:`P_u(a, b)` is the mean of :math:`M_1(p)_a M_2(p + u)_b` over the pixels p of all
    images for which p + u is a pixel, and U holds the displacements of at most T pixels along each
    axis. It is to be maximised: equation 19 prints it as a loss, without the minus.

    Parameters
    ----------
    M1, M2 : Tensor, shape (B, k, H, W)
        Class probabilities of each pixel, which sum to 1.
    T : int
        Largest displacement in pixels; no larger than the image allows.
    valid : Tensor of bool, shape (B, 1, H, W), optional
        The pixels that count; None means all.

    Returns
    -------
    Tensor, shape ()
        In nats, from 0 to log k.

    References
    ----------
    Ouali, Hudelot and Tami, Autoregressive unsupervised image segmentation, ECCV 2020,
    doi:10.1007/978-3-030-58571-6_9.
    Eliasof, Ben Zikri and Treister, 2022, doi:10.48550/arXiv.2210.11810, equations 18 and 19.
    """
    if valid is not None:
        M1, M2 = M1 * valid, M2 * valid
    P = joint(M1, M2, T)
    P = P / P.sum((0, 1), keepdim=True).clamp(min=SMALLEST)
    log_a, log_b, log_ab = (
        each.clamp(min=SMALLEST).log() for each in (P.sum(1, keepdim=True), P.sum(0)[None], P)
    )
    return (P * (log_ab - log_a - log_b)).sum((0, 1)).mean()


def joint(M1: Tensor, M2: Tensor, T: int) -> Tensor:
    r"""Correlation of two maps for every pair of classes and every displacement.

    .. math:: J_u(a, b) = \sum_p M_1(p)_a M_2(p + u)_b

    By Fourier transforms, padded so that no displacement reaches round the border: of two maps of
    15 classes on 64 x 64 pixels for T = 10 in a thousandth of the multiplications.

    Parameters
    ----------
    M1, M2 : Tensor, shape (B, k, H, W)
        Not negative.
    T : int
        Largest displacement in pixels.

    Returns
    -------
    Tensor, shape (k, k, U)
        U displacements, row by row; clipped at 0, below which rounding may lead.
    """
    size, T = M1.shape[2:], min(T, *(n - 1 for n in M1.shape[2:]))
    padded = [n + T for n in size]
    F1, F2 = (torch.fft.rfft2(each, s=padded).permute(2, 3, 1, 0) for each in (M1, M2))
    # One product of matrices a frequency, over the images.
    spectrum = (F1.conj() @ F2.transpose(-1, -2)).permute(2, 3, 0, 1)
    J = torch.fft.irfft2(spectrum, s=padded).roll((T, T), (2, 3))
    clipped: Tensor = J[..., : 2 * T + 1, : 2 * T + 1].flatten(2).clamp(min=0)
    return clipped
