"""Objects in the colours of their classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_selfseg.widgets.canvas.label_layer import palette

__all__ = ["ClassColours", "colour_of"]

NONE: Final = (0.62, 0.62, 0.62, 0.7)
MOST: Final = 50
OF_CLASSES: Final = palette(MOST).colors


def colour_of(number: int) -> tuple[float, float, float]:
    """Return red, green and blue of a class, those it has among scribbles as well."""
    red, green, blue, _ = map(float, OF_CLASSES[1 + (number - 1) % MOST])
    return red, green, blue


class ClassColours:
    """Colours of a layer that can be those of classes, and be given back.

    Parameters
    ----------
    layer : napari.layers.Labels
        With objects.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._own: Any = None

    def show(self, classes: Mapping[int, int]) -> None:
        """Show each object in the colour of its class.

        Parameters
        ----------
        classes : mapping of int to int
            Class by object.
        """
        if self._own is None:
            self._own = self._layer.colormap
        colours: dict[int | None, Any] = {None: np.array(NONE), 0: np.zeros(4)}
        for number, one in classes.items():
            colours[number] = np.array((*colour_of(one), 1.0))
        self._layer.colormap = DirectLabelColormap(color_dict=colours)

    def hide(self) -> None:
        """Give the layer its own colours back."""
        if self._own is not None:
            self._layer.colormap, self._own = self._own, None
