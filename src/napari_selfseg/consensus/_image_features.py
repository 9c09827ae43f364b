"""What is read off an image itself, beside its label maps: lines, and what superpixels are like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._line_borders import line_heights
from napari_selfseg.consensus._objects._pieces import Pieces, pieces
from napari_selfseg.consensus._sources import Borders, Parts
from napari_selfseg.grid import Grid
from napari_selfseg.superpixels._watersheds._lines import Lines

__all__ = ["Look", "Pixels"]


class Look(Protocol):
    """An image, as far as trees of segments ask for it."""

    @property
    def grid(self) -> Grid:
        """Its blocks."""

    @property
    def lines(self) -> Lines:
        """What lines there are."""

    def line_heights(self, borders: Borders) -> NDArray[np.float64]:
        """Rank borders by the lines along them, ``(E,)``; see `line_heights` of `_line_borders`."""

    def pieces(self, borders: Borders, histograms: NDArray[np.float32]) -> Pieces:
        """Measure superpixels, whose histograms are ``(n, D)``."""


@dataclass(frozen=True)
class Pixels:
    """An image whose pixels are at hand.

    Attributes
    ----------
    parts : Parts
        The image.
    """

    parts: Parts

    @property
    def grid(self) -> Grid:
        """See `Look.grid`."""
        return self.parts.grid

    @property
    def lines(self) -> Lines:
        """See `Look.lines`."""
        return self.parts.lines

    def line_heights(self, borders: Borders) -> NDArray[np.float64]:
        """See `Look.line_heights`."""
        return line_heights(borders, self.parts, self.lines)

    def pieces(self, borders: Borders, histograms: NDArray[np.float32]) -> Pieces:
        """See `Look.pieces`."""
        edges, lengths = borders.edges - 1, borders.lengths
        return pieces(borders.superpixels, edges, lengths, self.parts, histograms)
