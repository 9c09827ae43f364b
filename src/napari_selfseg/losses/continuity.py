"""Spatial continuity of responses."""

from __future__ import annotations

import torch
from torch import Tensor


def continuity(responses: Tensor, valid: Tensor | None = None) -> Tensor:
    r"""Mean absolute forward difference of the responses, summed over the spatial axes.

    .. math:: L = \sum_{d} \frac{1}{|P_d| q} \sum_{n \in P_d} \| y_{n + e_d} - y_n \|_1

    where P_d are the pixels whose neighbour along axis d exists and, if `valid` is given, which
    are valid as well as that neighbour. An axis without such a pair adds nothing.

    Parameters
    ----------
    responses : Tensor, shape (N, q, *spatial)
        Normalised responses y.
    valid : Tensor of bool, shape (N, 1, *spatial), optional
        The pixels that count; None means all.

    References
    ----------
    Kim, Kanezaki and Tanaka, Unsupervised learning of image segmentation based on differentiable
    feature clustering, IEEE TIP 2020, doi:10.1109/TIP.2020.3011269, section III-C.
    """
    axes = range(2, responses.ndim)
    return torch.stack([_along(axis, responses, valid) for axis in axes]).sum()


def _along(axis: int, y: Tensor, valid: Tensor | None) -> Tensor:
    if y.shape[axis] < 2:
        return y.new_zeros(())
    difference = y.diff(dim=axis).abs()
    if valid is None:
        return difference.mean()
    n = valid.shape[axis] - 1
    both = valid.narrow(axis, 0, n) & valid.narrow(axis, 1, n)
    return (difference * both).sum() / (both.sum() * y.shape[1]).clamp(min=1)
