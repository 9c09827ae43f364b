"""From the votes of a step to a label map of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.protocol._fit import label_dtype

__all__ = ["Projection"]


@dataclass(frozen=True)
class Projection:
    """Where the votes of a run belong.

    Attributes
    ----------
    shapes : sequence of tuple of int
        Spatial shape of each image.
    superpixels : sequence of ndarray or None
        Of each image, from 1; None where there is a vote a pixel.
    n_classes : int
        Largest label.
    """

    shapes: Sequence[tuple[int, ...]]
    superpixels: Sequence[NDArray[np.int32]] | None
    n_classes: int

    def __call__(self, votes: Tensor, image: int) -> NDArray[Any]:
        """Project votes, as in `Step`, onto an image: ``(*spatial)``, a new array."""
        if self.superpixels is not None:
            return np.take(self.by_superpixel(votes, image), self.superpixels[image])
        self._check(image)
        values = self._values(votes)
        return np.ascontiguousarray(values[image][tuple(map(slice, self.shapes[image]))])

    def by_superpixel(self, votes: Tensor, image: int) -> NDArray[Any]:
        """Pick the votes of the superpixels of an image: ``(n + 1,)``; entry 0 is 0.

        ValueError when there is no such image, or there are no superpixels.
        """
        self._check(image)
        if self.superpixels is None:
            raise ValueError("This run used no superpixels: its votes are labels of pixels.")
        values = self._values(votes)
        # Superpixels are numbered through all images of a fit; each image has its own stretch.
        counts = [int(each.max()) for each in self.superpixels]
        start = sum(counts[:image])
        return np.concatenate((values[:1], values[start + 1 : start + counts[image] + 1]))

    def _check(self, image: int) -> None:
        if not 0 <= image < len(self.shapes):
            raise ValueError(f"There is no image {image}: the run has {len(self.shapes)}.")

    def _values(self, votes: Tensor) -> NDArray[Any]:
        return votes.cpu().numpy().astype(label_dtype(self.n_classes))
