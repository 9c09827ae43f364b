"""Layers that mark, for a while, what is picked of a labels layer."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from napari.layers import Labels, Points
from napari.utils.colormaps import DirectLabelColormap

from napari_selfseg.widgets.canvas.layers import MARK, placed
from napari_selfseg.widgets.model.image_source import ALL

__all__ = ["Marks"]

PICKED: Final = (0.1, 0.9, 1.0, 1.0)
OUTLINE: Final = (1.0, 1.0, 1.0, 1.0)
PICKED_OPACITY: Final = 0.5
POINT: Final = "#ff3ea5"
POINT_PIXELS: Final = 12
SUPERPIXELS: Final = ("Picked superpixels", "Split here")


class Marks:
    """Layers that show what is picked, without a change of the labels; for a while only.

    Parameters
    ----------
    layer : napari.layers.Labels
        With the labels. Its array is shared, so picking costs no memory.
    names : tuple of str
        Of the layers with what is picked, and with points.
    point : int
        Size of a point on the screen.
    outline : int
        Width, in pixels, of the line around what is picked; 0 fills it.
    """

    def __init__(
        self,
        viewer: Any,
        layer: Any,
        names: tuple[str, str] = SUPERPIXELS,
        point: int = POINT_PIXELS,
        outline: int = 0,
    ) -> None:
        self._viewer = viewer
        self._layer = layer
        common = {**placed(layer, (ALL,) * layer.ndim), "metadata": {MARK: True}}
        self._picked = Labels(
            layer.data,
            name=names[0],
            opacity=1.0 if outline else PICKED_OPACITY,
            colormap=_only((), PICKED),
            **common,
        )
        self._picked.contour = outline
        self._colour = OUTLINE if outline else PICKED
        self._points = Points(
            ndim=layer.ndim,
            name=names[1],
            face_color=POINT,
            border_color="white",
            border_width=0.1,
            # Of one size on the screen, however close one looks.
            canvas_size_limits=(point, point),
            **common,
        )
        for each in (self._picked, self._points):
            each.editable = False
        self.put_back()

    def suit(self, layer: Any) -> bool:
        """Say whether they are those of a layer, with the array that it has now."""
        return bool(self._layer == layer and self._picked.data is layer.data)

    def show(self, picked: Sequence[int], points: Sequence[Sequence[float]]) -> None:
        """Mark other labels, and points in pixels."""
        self._picked.colormap = _only(picked, self._colour)
        self._points.data = np.reshape(points, (-1, self._layer.ndim))

    def refresh(self) -> None:
        """Draw again what shares the array of the labels."""
        self._layer.refresh()
        self._picked.refresh()

    def put_back(self) -> None:
        """Add the marks to the viewer, where they are not there; what is selected stays so."""
        layers, selection = self._viewer.layers, self._viewer.layers.selection
        active, selected = selection.active, list(selection)
        for each in (self._picked, self._points):
            if each not in layers:
                self._viewer.add_layer(each)
        selection.active = active
        for each in selected:
            selection.add(each)

    def remove(self) -> None:
        """Take the marks out of the viewer."""
        for each in (self._picked, self._points):
            # Somebody may have removed it by hand.
            with contextlib.suppress(ValueError):
                self._viewer.layers.remove(each)


def _only(numbers: Sequence[int], colour: Sequence[float]) -> DirectLabelColormap:
    colours: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4)}
    return DirectLabelColormap(color_dict=colours | dict.fromkeys(numbers, np.array(colour)))
