"""What a source says about the superpixels of an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg.consensus._sources._image_blocks import Parts
from napari_selfseg.grid import Grid
from napari_selfseg.machine.threads import side_by_side
from napari_selfseg.protocol import Found
from napari_selfseg.regions import adjacency

__all__ = ["Borders", "LabelMap", "Said", "Source", "heard"]


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
    blocks : ndarray of int64, optional
        ``(n,)`` block that each lies in, where that is known.
    """

    superpixels: NDArray[np.int32]
    sizes: NDArray[np.int64]
    edges: NDArray[np.int64]
    lengths: NDArray[np.float64]
    blocks: NDArray[np.int64] | None = None

    @property
    def n(self) -> int:
        """Number of superpixels."""
        return len(self.sizes)

    def homes(self, grid: Grid) -> NDArray[np.int64]:
        """Return the block of each superpixel, ``(n,)``: that of its first pixel."""
        if self.blocks is not None:
            return self.blocks
        ids, first = np.unique(self.superpixels.ravel(), return_index=True)
        places = np.unravel_index(first[ids > 0], self.superpixels.shape)
        at = tuple(place // side for place, side in zip(places, grid.tile, strict=True))
        return np.ravel_multi_index(at, grid.counts)

    @classmethod
    def of(cls, superpixels: NDArray[np.int32]) -> Borders:
        """Find where superpixels touch that are numbered from 1; 0 where there are no data."""
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
    """Where label maps come from that need no network, in passes over the blocks of an image."""

    @property
    def name(self) -> str:
        """Its own, in lower case."""

    @property
    def family(self) -> str:
        """Maps of one name count as one."""

    def learnt(self, parts: Parts) -> Found:
        """Find out what holds for the whole image.

        Parameters
        ----------
        parts : Parts
            The image.

        Returns
        -------
        mapping of str to ndarray
        """

    def of_block(self, learnt: Found, parts: Parts, number: int, superpixels: Any) -> Found:
        """Make label maps of a block, and say what they mean for superpixels.

        Parameters
        ----------
        learnt : mapping of str to ndarray
            As from `learnt`.
        parts : Parts
            The image.
        number : int
            Of the block.
        superpixels : array_like of int
            As of `Borders`, sliced as arrays are.

        Returns
        -------
        mapping of str to ndarray
        """

    def said(self, learnt: Found, blocks: Iterator[Found], of: Borders) -> Iterator[Said]:
        """Bring together what is known of blocks.

        Parameters
        ----------
        learnt : mapping of str to ndarray
            As from `learnt`.
        blocks : iterator of mapping
            As from `of_block`, one a block.
        of : Borders
            Of the superpixels.

        Yields
        ------
        Said
            What each map says.
        """


def heard(source: Source, parts: Parts, of: Borders) -> Iterator[Said]:
    """Make label maps of an image in memory, several blocks at a time; yield what each map says."""
    learnt = source.learnt(parts)

    def blocks() -> Iterator[Found]:
        def block(number: int) -> Found:
            return source.of_block(learnt, parts, number, of.superpixels)

        for found in side_by_side(block, len(parts.grid)):
            parts.check()
            yield found

    yield from source.said(learnt, blocks(), of)
