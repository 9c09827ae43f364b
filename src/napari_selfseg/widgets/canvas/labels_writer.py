"""Labels written into a layer that somebody may have given other data meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelsWriter"]


class LabelsWriter:
    """Writes what a labels layer of ours shows; on the main thread only.

    The layer has an array of its own in memory.

    Attributes
    ----------
    shape : tuple of int
        Of the array, whatever the layer shows now.
    """

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self._own = layer.data
        self.shape: tuple[int, ...] = tuple(layer.data.shape)

    def write(self, labels: NDArray[Any]) -> None:
        """Show other labels: in our array where the layer still shows that and the type fits.

        Another array that somebody put into the layer is replaced and not written on: it is not
        ours.
        """
        shown = labels.reshape(self.shape)
        if self.layer.data is self._own and self._own.dtype == shown.dtype:
            self._own[...] = shown
            self.layer.refresh()
        else:
            same = self.layer.dtype == shown.dtype
            self._own = np.array(shown)
            self.layer.data = self._own
            if not same:
                # napari 0.9.2 draws labels of another number of bits below all layers until it puts
                # layers in order again: when one is added, or when this is said.
                self.layer.events.visible()
