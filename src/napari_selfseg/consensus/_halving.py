"""Members see the image at half its resolution, where that still shows something."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from napari_selfseg.protocol import Inputs
from napari_selfseg.superpixels import Slic

__all__ = ["halved", "restored_size", "shrunk", "steps_of"]

# Pixels along an axis from which on it is halved.
LONG = 64
# Pixels of a superpixel that members learn with.
PIXELS = 16


def steps_of(shape: Sequence[int], *, wanted: bool) -> tuple[int, ...]:
    """Say how many pixels along each axis become one.

    Parameters
    ----------
    shape : sequence of int
        ``(*spatial)``.
    wanted : bool
        Whether to halve at all.

    Returns
    -------
    tuple of int
    """
    return tuple(2 if wanted and size >= LONG else 1 for size in shape)


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
    return _pooled(x * valid, steps) / torch.where(seen, share, 1), seen


def halved(inputs: Inputs, steps: Sequence[int]) -> Inputs:
    """Return what members iterate on: a smaller image, and fine superpixels of its own.

    On the superpixels of the consensus the networks learn less: few large ones take the details
    away from what is to be learned (measured, docs/benchmarks.md).

    Parameters
    ----------
    inputs : Inputs
        Of the run.
    steps : sequence of int
        As from `steps_of`.

    Returns
    -------
    Inputs
    """
    x, valid = shrunk(inputs.x, inputs.valid, steps)
    index = _fine(x, valid)
    drawn = None if inputs.scribbles is None else _drawn(inputs.scribbles, steps)
    return dataclasses.replace(
        inputs, x=x, valid=valid, index=index, n_regions=int(index.max()), scribbles=drawn
    )


def _drawn(scribbles: Tensor, steps: Sequence[int]) -> Tensor:
    """Shrink strokes, thin ones too, and number their classes through, as networks have few."""
    classes = torch.unique(scribbles[scribbles >= 0])
    numbers = torch.searchsorted(classes, scribbles).masked_fill(scribbles < 0, -1)
    pool = F.max_pool2d if scribbles.ndim == 3 else F.max_pool3d
    found: Tensor = pool(numbers[:, None].float(), tuple(steps), ceil_mode=True)
    return found[:, 0].long()


def _fine(x: Tensor, valid: Tensor | None) -> Tensor:
    """Cut images into superpixels of about sixteen pixels, numbered through."""
    index = torch.zeros(x.shape[:1] + x.shape[2:], dtype=torch.int64)
    n = 0
    for number, image in enumerate(x.movedim(1, -1).cpu().numpy()):
        mask = None if valid is None else valid[number, 0].cpu().numpy()
        pixels = image[..., 0].size if mask is None else int(mask.sum())
        slic = Slic(n_segments=max(pixels // PIXELS, 1), compactness=10)
        found = torch.from_numpy(slic(image, mask=mask).astype(np.int64))
        index[number] = torch.where(found > 0, found + n, 0)
        n = int(index.max())
    return index.to(x.device)


def restored_size(labels: Tensor, shape: Sequence[int], steps: Sequence[int]) -> Tensor:
    """Repeat labels of a small image on a large one.

    Parameters
    ----------
    labels : Tensor
        ``(N, *small)``.
    shape : sequence of int
        ``(*spatial)`` of the large image.
    steps : sequence of int
        As from `steps_of`.

    Returns
    -------
    Tensor
        ``(N, *spatial)``.
    """
    for axis, (size, step) in enumerate(zip(shape, steps, strict=True), start=1):
        if step > 1:
            labels = labels.repeat_interleave(step, dim=axis).narrow(axis, 0, size)
    return labels


def _pooled(x: Tensor, steps: Sequence[int]) -> Tensor:
    pool = F.avg_pool2d if x.ndim == 4 else F.avg_pool3d
    size = tuple(steps)
    found: Tensor = pool(x, size, ceil_mode=True, count_include_pad=False)
    return found
