"""Means over soft superpixels, and their way back to the pixels."""

from __future__ import annotations

import torch
from torch import Tensor

# Added to the weight of a superpixel, so that one without pixels has features 0.
SMALLEST = 1e-8


def soft_means(P: Tensor, F: Tensor) -> Tensor:
    r"""Average features over soft superpixels.

    .. math:: F^{SP}_s = \frac{\sum_{h,w} P_{h,w,s} F_{h,w}}{\sum_{h,w} P_{h,w,s}}

    Parameters
    ----------
    P : Tensor, shape (B, N, H, W)
        Probability of each pixel to be in each superpixel, 0 where it does not count.
    F : Tensor, shape (B, c, H, W)
        Features.

    Returns
    -------
    Tensor, shape (B, N, c)

    References
    ----------
    Eliasof, Ben Zikri and Treister, 2022, doi:10.48550/arXiv.2210.11810, equation 3.
    """
    weights = P.flatten(2)
    total = weights.sum(2, keepdim=True) + SMALLEST
    means: Tensor = weights @ F.flatten(2).transpose(1, 2) / total
    return means


def soft_project(P: Tensor, F_SP: Tensor) -> Tensor:
    r"""Write features of soft superpixels onto the pixels.

    .. math:: \tilde M_{i,j} = \sum_s P_{i,j,s} F^{SP}_s

    Of the mean colours that is the soft-superpixelated image (equation 2).

    Parameters
    ----------
    P : Tensor, shape (B, N, H, W)
        Probability of each pixel to be in each superpixel, 0 where it does not count.
    F_SP : Tensor, shape (B, N, c)
        Features of the superpixels.

    Returns
    -------
    Tensor, shape (B, c, H, W)

    References
    ----------
    doi:10.48550/arXiv.2210.11810, equations 2 and 6.
    """
    pixels = F_SP.transpose(1, 2) @ P.flatten(2)
    image: Tensor = pixels.unflatten(2, P.shape[2:])
    return image


def coordinates(x: Tensor, valid: Tensor | None = None) -> Tensor:
    """Return where each pixel lies, x and y, in lengths of the longer side of its image.

    Parameters
    ----------
    x : Tensor, shape (B, C, H, W)
        Images.
    valid : Tensor of bool, shape (B, 1, H, W), optional
        The pixels with data, whose box is the image; None means all.

    Returns
    -------
    Tensor, shape (B, 2, H, W)
        In the type of `x`; in the middle of an image 0, and nowhere beyond 0.5 to each side.
    """
    spans = [_span(x, axis, valid) for axis in (3, 2)]
    side = torch.maximum(*(last - first + 1 for first, last in spans))
    places = []
    for axis, (first, last) in zip((3, 2), spans, strict=True):
        along = torch.arange(x.shape[axis], dtype=x.dtype, device=x.device)
        along = along.view(-1, *[1] * (3 - axis)).expand(1, 1, *x.shape[2:])
        places.append((along - (first + last) / 2) / side)
    return torch.cat(places, dim=1)


def _span(x: Tensor, axis: int, valid: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the first and the last place with data along an axis, each (B, 1, 1, 1)."""
    n = x.shape[axis]
    place = torch.arange(n, dtype=x.dtype, device=x.device)
    if valid is None:
        first, last = (each.expand(len(x)) for each in (place[0], place[-1]))
    else:
        there = valid.any(dim=5 - axis)[:, 0]
        first = torch.where(there, place, n).amin(1)
        last = torch.where(there, place, -1).amax(1)
    return first.view(-1, 1, 1, 1), last.view(-1, 1, 1, 1)
