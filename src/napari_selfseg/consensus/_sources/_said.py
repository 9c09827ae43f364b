"""What a source says about the superpixels of an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg.consensus._sources._seen import Parts
from napari_selfseg.regions import adjacency

__all__ = ["Borders", "LabelMap", "Said", "Source"]


class LabelMap(NamedTuple):
    """A label map of a whole image.

    Attributes
    ----------
    family : str
        Maps of one name count as one.
    labels : ndarray of int
        ``(*spatial)`` from 0; anything where there are no data.
    n : int
        Number of labels.
    """

    family: str
    labels: NDArray[Any]
    n: int


class Borders(NamedTuple):
    """Superpixels, and where they touch.

    Attributes
    ----------
    superpixels : ndarray of int32
        ``(*spatial)`` from 1, 0 where there are no data; empty where they are not at hand.
    sizes : ndarray of int64
        ``(n,)`` pixels of each.
    edges : ndarray of int64
        ``(E, 2)`` the smaller number first, sorted.
    lengths : ndarray of float64
        ``(E,)`` faces of pixels.
    """

    superpixels: NDArray[np.int32]
    sizes: NDArray[np.int64]
    edges: NDArray[np.int64]
    lengths: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of superpixels."""
        return len(self.sizes)

    @classmethod
    def of(cls, superpixels: NDArray[np.int32]) -> Borders:
        """Find where superpixels touch.

        Parameters
        ----------
        superpixels : ndarray of int32
            ``(*spatial)`` contiguous from 1, 0 where there are no data.

        Returns
        -------
        Borders
        """
        n = int(superpixels.max(initial=0))
        sizes: NDArray[np.int64] = np.bincount(superpixels.ravel(), minlength=n + 1)[1:]
        index = torch.from_numpy(superpixels.astype(np.int64))
        # Lengths count pixels: a fit is applied where no pixel size is known.
        found = adjacency(index, n, (1.0,) * superpixels.ndim)
        return cls(superpixels, sizes, found.edges.numpy(), found.border.numpy())


class Said(NamedTuple):
    """What one label map says.

    Attributes
    ----------
    family : str
        Maps of one name count as one.
    apart : ndarray of float64
        ``(E,)`` between 0 and 1: how different the two sides of each border are.
    votes : ndarray of int64
        ``(n + 1,)`` one label a superpixel, from 1; 0 where there are no data.
    shares : ndarray of float32, optional
        ``(n + 1, k)`` share of each label among the pixels of a superpixel, where labels mean the
        same everywhere.
    """

    family: str
    apart: NDArray[np.float64]
    votes: NDArray[np.int64]
    shares: NDArray[np.float32] | None = None


class Source(Protocol):
    """Where label maps come from that need no network."""

    @property
    def family(self) -> str:
        """Maps of one name count as one."""

    def said(self, parts: Parts, of: Borders) -> Iterator[Said]:
        """Make label maps of an image.

        Parameters
        ----------
        parts : Parts
            The image.
        of : Borders
            Its superpixels.

        Yields
        ------
        Said
            What each says.
        """
