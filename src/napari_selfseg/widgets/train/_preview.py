"""The labels of one plane while a model is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Labels

from napari_selfseg.widgets.canvas.colours.standing_off import free_hues
from napari_selfseg.widgets.canvas.label_layer import palette
from napari_selfseg.widgets.canvas.layers import placed
from napari_selfseg.widgets.canvas.sheet import Sheet
from napari_selfseg.widgets.model.image_source import ALL, shape_of
from napari_selfseg.widgets.model.own import made
from napari_selfseg.widgets.train._job import Look
from napari_selfseg.widgets.train._wanted import Wanted

__all__ = ["Preview"]


class Preview:
    """A labels layer over the plane in view, or over the first image of a folder.

    `source` is the layer whose planes are trained on; None for a folder, whose first image is
    added.
    """

    def __init__(self, viewer: Any, source: Any, wanted: Wanted) -> None:
        self._viewer, self._source, self._wanted = viewer, source, wanted
        self._sheet: Sheet | None = None
        self._closed = False

    def show(self, look: Look) -> None:
        """Show the labels of a plane."""
        if self._closed:
            return
        if self._sheet is None:
            self._sheet = Sheet(self._added(look))
        self._sheet.write(look.labels)

    def forget(self, layer: Any) -> None:
        """Show nothing more when the image or the labels were removed."""
        if layer in (self._source, self._sheet and self._sheet.layer):
            self._closed = True

    def settle(self) -> None:
        """Hand the labels over to the user."""
        if self._sheet is not None:
            self._sheet.layer.editable = True

    def _added(self, look: Look) -> Any:
        if self._source is None:
            self._source = self._viewer.add_layer(_image(look))
        method, picture = self._wanted.method, self._wanted.picture
        index = self._wanted.index or (ALL, ALL)
        shape = look.labels.shape if picture is None else shape_of(picture.shape, index, thin=True)
        layer = Labels(
            np.zeros(shape, look.labels.dtype),
            name=f"{self._source.name} [{method.title}, training]",
            colormap=palette(method.n_classes, free_hues(self._source)),
            **placed(self._source, index),
        )
        layer.editable = False
        return self._viewer.add_layer(layer)


def _image(look: Look) -> Image:
    first = look.first
    if first is None:
        raise RuntimeError("A folder shows its first image.")
    colours = first.ndim == 3 and first.shape[-1] == 3
    plane = first if colours or first.ndim == 2 else first[..., 0]
    return Image(plane, name="first image", rgb=colours, metadata=made("overlay"))
