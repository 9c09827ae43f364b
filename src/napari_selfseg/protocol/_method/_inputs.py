"""Checked arrays turned into what a method iterates on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.protocol._method._blockwise import Found
from napari_selfseg.protocol._method._control import Control
from napari_selfseg.protocol._method._training_state import TrainingState

__all__ = ["Inputs", "gather"]


@dataclass(frozen=True)
class Inputs:
    """What a method iterates on: one image, or several of a common fit padded to one shape.

    Attributes
    ----------
    x : Tensor
        ``(N, C, *spatial)`` float32 between 0 and 1.
    valid : Tensor or None
        ``(N, 1, *spatial)`` bool, True where there are data; None when that is everywhere.
    index : Tensor or None
        ``(N, *spatial)`` int64, superpixel of each pixel, 1 to `n_regions` over all images, 0
        where there are no data; None when the method uses no superpixels.
    n_regions : int
        Number of superpixels; 0 without.
    scribbles : Tensor or None
        ``(N, *spatial)`` int64, class from 0 where the user drew, -1 elsewhere.
    precision : torch.dtype
        Type of the training forward and backward.
    control : Control
        Counts the updates and tells when to stop.
    state : TrainingState
        Watches the optimiser and what is drawn at random, and gives both what they begin with.
    findings : sequence of mapping of str to ndarray
        What the superpixel algorithm has found out about each image; empty where nobody knows.
    spacing : tuple of float
        Physical size of a pixel along each axis; empty where all are alike.
    """

    x: Tensor
    valid: Tensor | None
    index: Tensor | None
    n_regions: int
    scribbles: Tensor | None
    precision: torch.dtype
    control: Control
    state: TrainingState = field(default_factory=TrainingState)
    findings: Sequence[Found] = ()
    spacing: tuple[float, ...] = ()

    @cached_property
    def drawn(self) -> Tensor | None:
        """``(n_regions + 1,)`` int64 class from 1 that the user drew on each superpixel, else 0.

        None without scribbles or superpixels. Of several classes in one superpixel the largest.
        """
        if self.scribbles is None or self.index is None:
            return None
        found = self.index.new_zeros(self.n_regions + 1)
        drawn = (self.scribbles + 1).flatten()
        found.scatter_reduce_(0, self.index.flatten(), drawn, "amax")
        found[0] = 0
        return found

    def as_drawn(self, votes: Tensor) -> Tensor:
        """Give what the user drew on the class that was drawn.

        Parameters
        ----------
        votes : Tensor
            As in `Step`: one a superpixel, or one a pixel.

        Returns
        -------
        Tensor
            Of the same type; the votes themselves without scribbles.
        """
        if self.scribbles is None:
            return votes
        drawn = self.drawn if votes.ndim == 1 else self.scribbles + 1
        if drawn is None:
            return votes
        return torch.where(drawn > 0, drawn.to(votes.device, votes.dtype), votes)


def gather(
    images: Sequence[NDArray[np.float32]],
    masks: Sequence[NDArray[np.bool_] | None],
    superpixels: Sequence[NDArray[np.int32]] | None,
    scribbles: Sequence[NDArray[Any] | None],
    device: torch.device,
    precision: torch.dtype,
    control: Control,
    state: TrainingState | None = None,
    findings: Sequence[Found] = (),
    spacing: tuple[float, ...] = (),
) -> Inputs:
    """Pad to one shape, number superpixels through, and move to the device.

    Parameters
    ----------
    images : sequence of ndarray
        Scaled, each ``(C, *spatial)``.
    masks, superpixels, scribbles : sequences
        One an image, each ``(*spatial)``; see `Inputs`. `superpixels` may be None.
    state : TrainingState, optional
        What it begins with.
    findings : sequence of mapping of str to ndarray
        See `Inputs`.
    spacing : tuple of float
        See `Inputs`.
    """
    shape = tuple(int(n) for n in np.max([image.shape[1:] for image in images], axis=0))
    full = all(mask is None for mask in masks) and all(i.shape[1:] == shape for i in images)
    covers = [
        np.ones(i.shape[1:], bool) if mask is None else mask
        for i, mask in zip(images, masks, strict=True)
    ]
    index, n_regions = _numbered_through(superpixels)
    # No data and what pads to one shape are the same to a network: 0, and not in the mask.
    seen = [image * cover for image, cover in zip(images, covers, strict=True)]
    drawn = None
    if any(each is not None for each in scribbles):
        blank = [np.zeros(i.shape[1:], np.int64) for i in images]
        drawn = [
            (b if s is None else s) * c for b, s, c in zip(blank, scribbles, covers, strict=True)
        ]
    return Inputs(
        x=_stack(seen, shape, device),
        valid=None if full else _stack([cover[np.newaxis] for cover in covers], shape, device),
        index=None if index is None else _stack(index, shape, device),
        n_regions=n_regions,
        scribbles=None if drawn is None else _stack(drawn, shape, device) - 1,
        precision=precision,
        control=control,
        state=state or TrainingState(),
        findings=findings,
        spacing=spacing,
    )


def _numbered_through(
    superpixels: Sequence[NDArray[np.int32]] | None,
) -> tuple[list[NDArray[np.int64]] | None, int]:
    if superpixels is None:
        return None, 0
    offset, numbered = 0, []
    for labels in superpixels:
        numbered.append(np.where(labels > 0, labels.astype(np.int64) + offset, 0))
        offset += int(labels.max())
    return numbered, offset


def _stack(arrays: Sequence[NDArray[Any]], shape: tuple[int, ...], device: torch.device) -> Tensor:
    padded = [_padded(array, shape) for array in arrays]
    return torch.from_numpy(np.stack(padded)).to(device)


def _padded(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    here = array.shape[array.ndim - len(shape) :]
    if here == shape:
        return array
    grow = [(0, to - have) for to, have in zip(shape, here, strict=True)]
    return np.pad(array, [(0, 0)] * (array.ndim - len(shape)) + grow)
