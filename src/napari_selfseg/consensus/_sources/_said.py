"""What a source says about the superpixels of an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._sources._seen import Parts

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
    superpixels : array_like of int
        ``(*spatial)`` from 1, 0 where there are no data; anything that is sliced as arrays are.
    n : int
        Number of superpixels.
    edges : ndarray of int64
        ``(E, 2)`` the smaller number first, sorted.
    """

    superpixels: Any
    n: int
    edges: NDArray[np.int64]


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
