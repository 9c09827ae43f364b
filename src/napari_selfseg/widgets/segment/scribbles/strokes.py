"""Strokes in the chosen scribbles layer: told of as they are drawn, and read over a run's image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.layers import describe_labels
from napari_selfseg.widgets.model.overlay import Covered
from napari_selfseg.widgets.model.request import Request
from napari_selfseg.widgets.parts.choosers import Chooser

__all__ = ["Strokes"]

# Along a stroke, at its end, after undo, and for another array.
EVENTS: Final = ("labels_update", "paint", "set_data", "data")


class Strokes:
    """The strokes of the layer that is chosen.

    `changed` is called often while somebody draws, and when another layer is chosen.
    """

    def __init__(self, chooser: Chooser, changed: Callable[[], None]) -> None:
        self._chooser, self._changed = chooser, changed
        self._layer: Any = None
        chooser.chosen.connect(self._on_layer)

    def close(self) -> None:
        """Let go of the layer."""
        if self._layer is not None:
            for name in EVENTS:
                getattr(self._layer.events, name).disconnect(self._on_event)
        self._layer = None

    def over(self, source: Any, request: Request, shown: Any) -> NDArray[Any] | None:
        """Return a copy of what is drawn on the image of a run: classes from 1.

        `shown` has the labels of the run, which are no strokes. None where no layer is chosen that
        lies over the image, or it is not in memory.
        """
        layer = self._layer
        if layer is None or layer == shown or not isinstance(layer.data, np.ndarray):
            return None
        overlay = describe_labels(layer, source)
        index = overlay.over(request.picture, request.index)
        return None if index is None else np.maximum(Covered(overlay.data, index).read(), 0)

    def _on_layer(self) -> None:
        layer = self._chooser.thing
        layer = layer if isinstance(layer, Labels) else None
        if layer == self._layer:
            return
        self.close()
        self._layer = layer
        if layer is not None:
            for name in EVENTS:
                getattr(layer.events, name).connect(self._on_event)
        self._changed()

    def _on_event(self, event: object = None) -> None:
        self._changed()
