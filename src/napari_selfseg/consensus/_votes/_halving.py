"""Members see the image at half its resolution, where that still shows something."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from napari_selfseg.protocol import Inputs, shrunk, shrunk_strokes
from napari_selfseg.superpixels import Slic

__all__ = ["halved"]

# Pixels of a superpixel that members learn with.
PIXELS = 16


def halved(inputs: Inputs, steps: Sequence[int]) -> Inputs:
    """Return what members iterate on: a smaller image, and fine superpixels of its own.

    On the superpixels of the consensus the networks learn less: few large ones take the details
    away from what is to be learned (measured, docs/benchmarks.md). `steps` is from `steps_of`.
    """
    x, valid = shrunk(inputs.x, inputs.valid, steps)
    index = _fine(x, valid)
    drawn = None if inputs.scribbles is None else shrunk_strokes(_few(inputs.scribbles), steps)
    return dataclasses.replace(
        inputs, x=x, valid=valid, index=index, n_regions=int(index.max()), scribbles=drawn
    )


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


def _few(scribbles: Tensor) -> Tensor:
    """Number the classes of strokes through, as networks have few."""
    classes = torch.unique(scribbles[scribbles >= 0])
    return torch.searchsorted(classes, scribbles).masked_fill(scribbles < 0, -1)
