"""Methods that label an image larger than memory as one, in passes over its blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.grid import Box, Grid
from napari_selfseg.hierarchy import Tree

__all__ = ["Blockwise", "Found", "Joined", "Picture"]

# Arrays by name, as they are kept in a file.
Found = Mapping[str, NDArray[Any]]


class Joined(NamedTuple):
    """What the blocks of an image have become.

    Attributes
    ----------
    tree : Tree
        Of all superpixels, in their order.
    wanted : int
        How many segments it is cut into where nobody says another number.
    words : str
        Which kind of tree it is, in a sentence.
    maps : int
        How many label maps were compared.
    automatic : int
        How many segments there are by themselves, where `wanted` is a number that somebody gave.
    """

    tree: Tree
    wanted: int
    words: str = ""
    maps: int = 0
    automatic: int = 0


class Picture(Protocol):
    """An image that is read in windows."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Along its spatial axes."""

    def window(self, box: Box) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Read a part of it.

        Returns
        -------
        image : ndarray of float32
            ``(*spatial, C)`` between 0 and 1.
        mask : ndarray of bool
            ``(*spatial)``, True where there are data.
        """


class Blockwise(Protocol):
    """Passes over the blocks of an image, and what is done between them.

    A block is worked on alone, by any process: it is given what holds for the whole image, and
    gives arrays. Superpixels end where a block does.
    """

    def grid(self, shape: tuple[int, ...]) -> Grid:
        """Divide an image into blocks.

        Parameters
        ----------
        shape : tuple of int
            Along its spatial axes.
        """

    def learn(self, picture: Picture) -> Found:
        """Find out what holds for the whole image, from parts of it.

        Parameters
        ----------
        picture : Picture
            The image.

        Returns
        -------
        mapping of str to ndarray
            Names have no dots: the network of the method keeps each as ``blocks.NAME``.
        """

    def cut(self, known: Found, picture: Picture, number: int) -> NDArray[np.int32]:
        """Cut a block into superpixels.

        Parameters
        ----------
        known : mapping of str to ndarray
            As from `learn`.
        picture : Picture
            The image.
        number : int
            Of the block.

        Returns
        -------
        ndarray of int32
            ``(*spatial)`` contiguous from 1 in the order in which they are first met; 0 for no
            data.
        """

    def compare(self, known: Found, picture: Picture, superpixels: Any, number: int) -> Found:
        """Find out what a block says of superpixels.

        Parameters
        ----------
        known, picture, number
            As for `cut`.
        superpixels : array_like of int
            ``(*spatial)`` of the whole image, from 1; sliced as arrays are.

        Returns
        -------
        mapping of str to ndarray
        """

    def join(
        self,
        known: Found,
        grid: Grid,
        homes: NDArray[np.int64],
        compared: Callable[[str], Iterator[Found]],
    ) -> Joined:
        """Make a tree of the superpixels of all blocks.

        Parameters
        ----------
        known : mapping of str to ndarray
            As from `learn`.
        grid : Grid
            The blocks.
        homes : ndarray of int64
            ``(n,)`` block of each superpixel.
        compared : callable
            Given the beginning of names, returns what `compare` found under these, block by block.
        """
