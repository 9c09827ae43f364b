"""Images at a part of their size, and labels of these at full size again."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["restored_size", "shrunk", "shrunk_strokes", "steps_of"]

# Pixels that are left at least along an axis that is shrunk.
LEFT = 32


def steps_of(shape: Sequence[int], most: int) -> tuple[int, ...]:
    """Say how many pixels along each axis become one: so many that at least 32 are left, or one.

    At most `most`, a power of two.
    """
    return tuple(_step(n, most) for n in shape)


def shrunk(x: Tensor, valid: Tensor | None, steps: Sequence[int]) -> tuple[Tensor, Tensor | None]:
    """Average pixels with data.

    Parameters
    ----------
    x : Tensor
        ``(N, C, *spatial)``.
    valid : Tensor or None
        ``(N, 1, *spatial)`` bool; None when there are data everywhere.
    steps : sequence of int
        As from `steps_of`.

    Returns
    -------
    x : Tensor
        Smaller; 0 where there are no data.
    valid : Tensor or None
        True where some pixel had data.
    """
    if max(steps) == 1:
        return x, valid
    if valid is None:
        return _pooled(x, steps), None
    share = _pooled(valid.to(x.dtype), steps)
    seen = share > 0
    # The mean over pixels with data alone; 0 where there are none.
    return _pooled(x * valid, steps) / torch.where(seen, share, 1), seen


def shrunk_strokes(scribbles: Tensor, steps: Sequence[int]) -> Tensor:
    """Shrink strokes, thin ones too; of several classes in one pixel the largest stays.

    Classes count from 0, -1 where nothing was drawn; `steps` is from `steps_of`.
    """
    pool = F.max_pool2d if scribbles.ndim == 3 else F.max_pool3d
    found: Tensor = pool(scribbles[:, None].float(), tuple(steps), ceil_mode=True)
    return found[:, 0].long()


def restored_size(labels: Tensor, shape: Sequence[int], steps: Sequence[int]) -> Tensor:
    """Repeat labels of a small image on a large one of this shape; `steps` is from `steps_of`."""
    before = labels.ndim - len(steps)
    for axis, (size, step) in enumerate(zip(shape, steps, strict=True), start=before):
        if step > 1:
            labels = labels.repeat_interleave(step, dim=axis).narrow(axis, 0, size)
    return labels


def _pooled(x: Tensor, steps: Sequence[int]) -> Tensor:
    pool = F.avg_pool2d if x.ndim == 4 else F.avg_pool3d
    size = tuple(steps)
    found: Tensor = pool(x, size, ceil_mode=True, count_include_pad=False)
    return found


def _step(n: int, most: int) -> int:
    while most > 1 and n < LEFT * most:
        most //= 2
    return most
