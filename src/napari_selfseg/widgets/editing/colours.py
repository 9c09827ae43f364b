"""Objects in the colours of their classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from napari.utils.colormaps import DirectLabelColormap

from napari_selfseg.widgets.canvas.colours.standing_off import Hues
from napari_selfseg.widgets.canvas.label_layer import palette

__all__ = ["ClassColours"]

NONE: Final = (0.62, 0.62, 0.62, 0.7)
MOST: Final = 50


class ClassColours:
    """Colours of a layer that can be those of classes, and be restored."""

    def __init__(self, layer: Any, hues: Hues) -> None:
        self.layer = layer
        self._colours = palette(MOST, hues).colors
        self._own: Any = None

    def of(self, number: int) -> tuple[float, float, float]:
        """Return red, green and blue of a class, those it has among scribbles as well."""
        red, green, blue, _ = map(float, self._colours[1 + (number - 1) % MOST])
        return red, green, blue

    def show(self, classes: Mapping[int, int]) -> None:
        """Show each object in the colour of its class."""
        if self._own is None:
            self._own = self.layer.colormap
        colours: dict[int | None, Any] = {None: np.array(NONE), 0: np.zeros(4)}
        for number, one in classes.items():
            colours[number] = np.array((*self.of(one), 1.0))
        self.layer.colormap = DirectLabelColormap(color_dict=colours)

    def hide(self) -> None:
        """Give the layer its own colours back."""
        if self._own is not None:
            self.layer.colormap, self._own = self._own, None
