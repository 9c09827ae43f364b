"""Square patches: the pixels of a coarser image."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.parameters import parameter
from napari_selfseg.superpixels._base import Superpixels

__all__ = ["Patches"]


class Patches(Superpixels):
    """Square patches, or cubes, whatever the image shows."""

    name: ClassVar[str] = "patches"
    title: ClassVar[str] = "Patches"
    ndims: ClassVar[tuple[int, ...]] = (2, 3)
    connectivity: ClassVar[int] = 1

    size: int = parameter(
        8,
        "Side of a patch, along axes of longer pixels fewer of them; 1 makes every pixel a patch.",
        minimum=1,
        maximum=1000,
        unit="pixels",
        source="8, of the transformers of DeepCut",
    )

    @property
    def bytes_a_pixel(self) -> int:
        """See `Superpixels.bytes_a_pixel`."""
        return 50

    def over_segment(
        self, image: NDArray[np.float32], spacing: NDArray[np.float64], mask: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """See `Superpixels.over_segment`."""
        sides = [max(1, round(self.size / step)) for step in spacing]
        number = np.zeros(mask.shape, dtype=np.int64)
        for axis, side in enumerate(sides):
            along = np.arange(mask.shape[axis]) // side
            shape = [-1 if each == axis else 1 for each in range(mask.ndim)]
            number = number * (along[-1] + 1) + along.reshape(shape)
        return number + 1
