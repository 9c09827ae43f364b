"""Coarser grids: a pixel stands for two along each axis, the last one of an odd axis for itself."""

from __future__ import annotations

from typing import overload

from torch import Tensor
from torch.nn import functional as F


def pooled(x: Tensor) -> Tensor:
    """Return the largest value of each block of 2 x 2 (x 2) pixels, sizes rounded up."""
    return (F.max_pool2d if x.ndim == 4 else F.max_pool3d)(x, 2, ceil_mode=True)


@overload
def pooled_mask(valid: Tensor) -> Tensor: ...
@overload
def pooled_mask(valid: None) -> None: ...
def pooled_mask(valid: Tensor | None) -> Tensor | None:
    """Return a coarser mask: a pixel counts where one of those it stands for does.

    Parameters
    ----------
    valid : Tensor of bool, shape (N, 1, *spatial), or None
        The pixels that count; None means all.
    """
    return None if valid is None else pooled(valid.float()) > 0


def halved(valid: Tensor | None, n: int) -> list[Tensor | None]:
    """Return a mask and coarser ones.

    Parameters
    ----------
    valid : Tensor of bool, shape (N, 1, *spatial), or None
        The pixels that count; None means all.
    n : int
        How many masks.

    Returns
    -------
    list of Tensor or None
        Each half as large as the one before, rounded up.
    """
    masks = [valid]
    for _ in range(n - 1):
        masks.append(pooled_mask(masks[-1]))
    return masks
