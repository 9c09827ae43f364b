"""Random patches of the images, flipped and with other colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from napari_selfseg.methods._sgseg._settings import Settings
from napari_selfseg.nets import crops
from napari_selfseg.nets.layers.normalisation import statistics
from napari_selfseg.protocol import Inputs

__all__ = ["Patch", "patches"]

# Of the standard deviation of a channel that hardly varies.
SMALLEST = 1e-3


class Patch(NamedTuple):
    """A batch of patches.

    Attributes
    ----------
    x : Tensor, shape (B, C, H, W)
        What the networks see, in the precision of the training.
    colours : Tensor, shape (B, C, H, W)
        What the losses see: the same in float32, in standard deviations of each channel from its
        mean.
    valid : Tensor of bool, shape (B, 1, H, W), or None
        The pixels with data; None when that is everywhere.
    scribbles : Tensor of int64, shape (B, H, W), or None
        Class from 0 where the user drew, -1 elsewhere.
    """

    x: Tensor
    colours: Tensor
    valid: Tensor | None
    scribbles: Tensor | None


def patches(settings: Settings, inputs: Inputs, generator: torch.Generator) -> Iterator[Patch]:
    """Draw batches of patches, again and again.

    The generator is on the CPU, so that every device sees the same patches.
    """
    var, mean = statistics(inputs.x, inputs.valid)
    centre, spread = (each.view(1, -1, 1, 1) for each in (mean, var.sqrt().clamp(min=SMALLEST)))
    drawn = inputs.x[:, 0] if inputs.scribbles is None else inputs.scribbles
    side, count = settings.patch_size, settings.batch_size
    for (x, s), valid in crops((inputs.x, drawn), side, count, generator, inputs.valid):
        changed = jittered(x, settings.jitter, generator)
        if valid is not None:
            changed = changed * valid
        yield Patch(
            changed.to(inputs.precision),
            (changed - centre) / spread,
            valid,
            None if inputs.scribbles is None else s,
        )


def jittered(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Change brightness and contrast of every channel of every patch.

    Parameters
    ----------
    x : Tensor, shape (B, C, H, W)
        Between 0 and 1.
    share : float
        Largest change: of contrast as a factor, of brightness in grey levels.
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor, shape (B, C, H, W)
    """
    drawn = torch.rand(2, *x.shape[:2], 1, 1, generator=generator)
    contrast, brightness = (share * (2 * drawn - 1)).to(x)
    changed: Tensor = x + contrast * (x - 0.5) + brightness
    return changed
