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
        """Project votes onto an image.

        Parameters
        ----------
        votes : Tensor
            As in `Step`.
        image : int
            Which image.

        Returns
        -------
        ndarray of uint8 or uint16
            ``(*spatial)``, a new array.

        Raises
        ------
        ValueError
            When there is no such image.
        """
        if not 0 <= image < len(self.shapes):
            raise ValueError(f"There is no image {image}: the run has {len(self.shapes)}.")
        values = votes.cpu().numpy().astype(label_dtype(self.n_classes))
        if self.superpixels is None:
            return np.ascontiguousarray(values[image][tuple(map(slice, self.shapes[image]))])
        own = self._own(values, self.superpixels, image)
        return np.take(own, self.superpixels[image])

    def _own(
        self, values: NDArray[Any], superpixels: Sequence[NDArray[np.int32]], image: int
    ) -> NDArray[Any]:
        # Superpixels are numbered through all images of a fit; each image has its own stretch.
        counts = [int(each.max()) for each in superpixels]
        start = sum(counts[:image])
        return np.concatenate((values[:1], values[start + 1 : start + counts[image] + 1]))
