"""An image that objects are looked for in, or a part of one; and what is asked for."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.instances._grey import Levels, Look, oriented
from napari_selfseg.instances._plausible import Limits, stretched
from napari_selfseg.instances._resolution import Steps, relative
from napari_selfseg.protocol import shrunk

__all__ = ["Ends", "Seen", "Sizes", "Wanted", "Whole", "each_image"]

# Of each axis, whether an image ends before its first pixel and after its last one.
Ends = tuple[tuple[bool, bool], ...]


class Sizes(NamedTuple):
    """Typical sizes of the objects of an image, on the way to the final ones.

    Attributes
    ----------
    first : float
        Of those that were plausible, in coarse pixels; 0 where there are none.
    likely : float
        Of those that a network sees, in coarse pixels.
    sound : float
        Without small and large ones, in pixels.
    outlined : float
        With borders at edges, in pixels.
    excess : float
        How many times as many pixels a network sees as were plausible.
    """

    first: float = 0.0
    likely: float = 0.0
    sound: float = 0.0
    outlined: float = 0.0
    excess: float = 0.0


class Whole(NamedTuple):
    """What holds for the whole of an image that is looked at in parts.

    Attributes
    ----------
    shape : tuple of int
        ``(*spatial)``.
    levels, coarse : Levels
        Of the channel that tells objects, in pixels of the image and in coarse ones.
    sizes : Sizes or None
        None where they are still to be measured.
    """

    shape: tuple[int, ...]
    levels: Levels
    coarse: Levels
    sizes: Sizes | None = None


class Seen(NamedTuple):
    """An image to look at, or a part of one.

    Attributes
    ----------
    image : ndarray of float32
        ``(C, *spatial)`` from 0 to 1.
    valid : ndarray of bool or None
        ``(*spatial)`` True where there are data.
    spacing : ndarray of float64
        Size of a pixel along each axis, with a product of 1.
    whole : Whole or None
        Where it is a part of an image.
    ends : tuple of tuple of bool
        Where that ends; empty where it does on all sides.
    """

    image: NDArray[np.float32]
    valid: NDArray[np.bool_] | None
    spacing: NDArray[np.float64]
    whole: Whole | None = None
    ends: Ends = ()

    @property
    def pixels(self) -> int:
        """How many the whole image has."""
        return math.prod(self.image.shape[1:] if self.whole is None else self.whole.shape)

    @property
    def levels(self) -> Levels | None:
        """Of the whole image, where this is a part of it."""
        return None if self.whole is None else self.whole.levels

    @property
    def sizes(self) -> Sizes | None:
        """Of the whole image, where this is a part of it and they are known."""
        return None if self.whole is None else self.whole.sizes

    def grey(self, look: Look) -> NDArray[np.float32]:
        """Return the channel that tells objects, larger in them."""
        top = None if self.levels is None else self.levels.top
        return oriented(self.image[look.channel], dark=look.dark, top=top)

    def stretched(self, look: Look) -> NDArray[np.float32]:
        """Return that channel smoothed, from 0 to 1."""
        return stretched(self.grey(look), self.valid, self.spacing, self.levels)

    def coarse(self, steps: Steps) -> Seen:
        """Return the image in coarse pixels, each `steps` pixels along the axes."""
        if max(steps) == 1:
            return self
        valid = None if self.valid is None else torch.from_numpy(self.valid)[None, None]
        x, seen = shrunk(torch.from_numpy(self.image)[None], valid, steps)
        whole = self.whole
        if whole is not None:
            shape = tuple(-(-n // step) for n, step in zip(whole.shape, steps, strict=True))
            whole = whole._replace(shape=shape, levels=whole.coarse)
        spacing = relative(self.spacing * steps)
        mask = None if seen is None else seen[0, 0].numpy()
        return Seen(x[0].numpy(), mask, spacing, whole, self.ends)


class Wanted(NamedTuple):
    """What a person asks for.

    Attributes
    ----------
    channel : int
        From 1; 0 where nobody says.
    dark : bool or None
        None where nobody says.
    divide : bool
        Whether touching objects are told apart.
    at_border : bool
        Whether objects that the border of the image cuts are kept.
    """

    channel: int
    dark: bool | None
    limits: Limits
    divide: bool
    at_border: bool

    def coarse(self, steps: Steps) -> Wanted:
        """Return the same in coarse pixels, each `steps` pixels along the axes."""
        pixels = math.prod(steps)
        smallest, largest = self.limits
        return self._replace(limits=Limits(smallest / pixels, largest / pixels))


def each_image(x: Tensor, valid: Tensor | None, spacing: NDArray[np.float64]) -> list[Seen]:
    """Return the images of a run, from what `napari_selfseg.protocol.Inputs` holds."""
    images = x.detach().float().cpu().numpy()
    masks = [None] * len(images) if valid is None else list(valid[:, 0].cpu().numpy())
    return [Seen(image, mask, spacing) for image, mask in zip(images, masks, strict=True)]
