"""Layers to draw on: scribbles, and the rectangle of a trial."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from napari.layers import Labels, Shapes

from napari_selfseg.widgets.canvas.colours.standing_off import free_hues
from napari_selfseg.widgets.canvas.label_layer import palette
from napari_selfseg.widgets.canvas.layers import NAMES, placed
from napari_selfseg.widgets.model.image_source import ALL, Picture

__all__ = ["NAMES", "RECTANGLE", "REFUSED", "add_scribbles", "draw_rectangle", "rectangle_layer"]

RECTANGLE: Final = "napari-selfseg rectangle"
# In the metadata of scribbles: of classes a person decided on, whether they are no objects.
REFUSED: Final = "napari-selfseg no objects"
BRUSH: Final = 5
EDGE: Final = "#ffd21f"


def add_scribbles(viewer: Any, source: Any, picture: Picture, n_classes: int) -> Any:
    """Add a labels layer over an image, ready to paint the first class.

    The `n_classes` that a run can name get the colours of its labels.
    """
    layer = Labels(
        np.zeros(picture.shape, np.uint8 if n_classes < 256 else np.uint16),
        name=f"{source.name} scribbles",
        colormap=palette(n_classes, free_hues(source)),
        metadata={NAMES: {}},
        **placed(source, (ALL,) * len(picture.shape)),
    )
    viewer.add_layer(layer)
    viewer.layers.selection.active = layer
    layer.brush_size = BRUSH
    layer.selected_label = 1
    layer.mode = "paint"
    return layer


def rectangle_layer(viewer: Any) -> Any:
    """Return the layer with the rectangle, if there is one."""
    found = [each for each in viewer.layers if RECTANGLE in each.metadata]
    return found[-1] if found else None


def draw_rectangle(viewer: Any, source: Any) -> Any:
    """Return the layer of rectangles, new or not, ready to draw in."""
    layer = rectangle_layer(viewer)
    if layer is None:
        layer = Shapes(
            ndim=source.ndim,
            name="Trial rectangle",
            edge_color=EDGE,
            face_color="transparent",
            edge_width=2,
            metadata={RECTANGLE: True},
            **placed(source, (ALL,) * source.ndim),
        )
        viewer.add_layer(layer)
    layer.visible = True
    viewer.layers.selection.active = layer
    layer.mode = "add_rectangle"
    return layer
