"""A line around one label, there for a while only."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_selfseg.widgets.canvas.layers import MARK, camera_of, placed
from napari_selfseg.widgets.canvas.looks.outlined import drawn_fast
from napari_selfseg.widgets.model.image_source import ALL
from napari_selfseg.widgets.model.looks.lines import width_of

__all__ = ["ChosenLabel"]

NAME: Final = "Chosen label"
LINE: Final = (1.0, 1.0, 1.0, 1.0)


class ChosenLabel:
    """A layer that shows where a label is, and shares the array of the labels.

    The labels are in memory. The layer that is selected stays selected; `screen` is the height of
    the screen in pixels.
    """

    def __init__(self, viewer: Any, layer: Any, number: int, screen: int) -> None:
        self.number = number
        self._viewer, self._layer = viewer, layer
        colours: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4), number: np.array(LINE)}
        self._mark: Any = Labels(
            layer.data,
            name=NAME,
            opacity=1.0,
            colormap=DirectLabelColormap(color_dict=colours),
            metadata={MARK: True},
            **placed(layer, (ALL,) * layer.ndim),
        )
        drawn_fast(self._mark)
        pixel = abs(float(layer.scale[-1])) * float(camera_of(viewer).zoom)
        # Wider than the lines of labels, which may be of any colour.
        self._mark.contour = 2 * width_of(pixel, screen)
        self._mark.editable = False
        selected = viewer.layers.selection.active
        viewer.add_layer(self._mark)
        viewer.layers.selection.active = selected

    @property
    def true(self) -> bool:
        """Whether the layer still has the array that is shown."""
        return self._mark.data is self._layer.data

    def refresh(self) -> None:
        """Draw again what has changed in the array."""
        self._mark.refresh()

    def remove(self) -> None:
        """Take the layer out of the viewer."""
        # Somebody may have removed it by hand.
        with contextlib.suppress(ValueError):
            self._viewer.layers.remove(self._mark)
