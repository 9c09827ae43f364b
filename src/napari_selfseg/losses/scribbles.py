"""Scribbled pixels learn what was drawn, the others what the method says."""

from __future__ import annotations

from torch import Tensor

from .cross_entropy import cross_entropy


def scribbled(
    y: Tensor, target: Tensor, scribbles: Tensor | None, weight: float
) -> tuple[dict[str, Tensor], Tensor]:
    r"""Return the term of the scribbles, and the targets that are left for the others.

    .. math:: L = \nu \, \mathrm{SoftmaxLoss}(y_n, s_n), \quad n \text{ scribbled}

    Parameters
    ----------
    y : Tensor, shape (N, classes, *spatial)
        Responses.
    target : Tensor of int64, shape (N, *spatial)
        Class each pixel is to learn, -1 for none.
    scribbles : Tensor of int64, shape (N, *spatial), or None
        Class s that somebody drew, -1 elsewhere.
    weight : float
        Weight of the term, nu.

    Returns
    -------
    losses : dict of str to Tensor
        ``"scribbles"``; empty without scribbles.
    target : Tensor of int64, shape (N, *spatial)
        -1 also where somebody drew.

    References
    ----------
    Kim, Kanezaki and Tanaka, IEEE Transactions on Image Processing 2020,
    doi:10.1109/TIP.2020.3011269.
    """
    if scribbles is None:
        return {}, target
    losses = {"scribbles": weight * cross_entropy(y, scribbles)}
    return losses, target.masked_fill(scribbles >= 0, -1)
