"""Methods that find the objects of an image larger than memory, tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import nn

from napari_selfseg.protocol._method._blockwise import Found

__all__ = ["ImagePart", "Tilewise"]


class ImagePart(NamedTuple):
    """A part of an image as a network sees it.

    Attributes
    ----------
    image : ndarray of float32
        ``(C, *spatial)`` between 0 and 1.
    valid : ndarray of bool or None
        ``(*spatial)`` True where there are data; None when that is everywhere.
    ends : tuple of tuple of bool
        Of each spatial axis, whether the image ends before the first pixel of the part and after
        its last one.
    """

    image: NDArray[np.float32]
    valid: NDArray[np.bool_] | None
    ends: tuple[tuple[bool, bool], ...] = ()


class Tilewise(Protocol):
    """Each tile finds its objects with what is around it, and knows what holds for the whole."""

    def farthest(self, ndim: int) -> int:
        """Return how far beyond itself a tile reads at most, in pixels.

        Parameters
        ----------
        ndim : int
            Axes of a tile.
        """

    def learn(
        self,
        network: nn.Module,
        parts: Sequence[ImagePart],
        windows: Sequence[ImagePart],
        shape: tuple[int, ...],
    ) -> Found:
        """Find out what holds for the whole image, from parts of it.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen.
        parts : sequence of ImagePart
            In which objects are found.
        windows : sequence of ImagePart
            That tell the grey values: smaller, and more of them.
        shape : tuple of int
            Of the image, along its spatial axes.

        Returns
        -------
        mapping of str to ndarray
        """

    def halo(self, network: nn.Module, known: Found) -> tuple[int, ...]:
        """Return how far beyond itself a tile reads, in pixels along each axis.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen.
        known : mapping of str to ndarray
            From `learn`.
        """

    def find(self, network: nn.Module, known: Found, part: ImagePart) -> NDArray[Any]:
        """Find the objects of a tile.

        Parameters
        ----------
        network : torch.nn.Module
            As frozen.
        known : mapping of str to ndarray
            From `learn`.
        part : ImagePart
            The tile with its halo.

        Returns
        -------
        ndarray of int32
            ``(*spatial)`` from 1 without gaps; 0 of the background and where there are no data.
        """
