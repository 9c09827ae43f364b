"""The labels of one plane while a model is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Labels

from napari_selfseg.widgets.canvas.colours.standing_off import free_hues
from napari_selfseg.widgets.canvas.label_layer import palette
from napari_selfseg.widgets.canvas.labels_writer import LabelsWriter
from napari_selfseg.widgets.canvas.layers import placed
from napari_selfseg.widgets.model.image_source import ALL, shape_of
from napari_selfseg.widgets.model.own import made
from napari_selfseg.widgets.train._job import Snapshot
from napari_selfseg.widgets.train._request import TrainingRequest

__all__ = ["Preview"]


class Preview:
    """A labels layer over the plane in view, or over the first image of a folder.

    `source` is the layer whose planes are trained on; None for a folder, whose first image is
    added.
    """

    def __init__(self, viewer: Any, source: Any, request: TrainingRequest) -> None:
        self._viewer, self._source, self._request = viewer, source, request
        self._writer: LabelsWriter | None = None
        self._closed = False

    def show(self, snapshot: Snapshot) -> None:
        """Show the labels of a plane."""
        if self._closed:
            return
        if self._writer is None:
            self._writer = LabelsWriter(self._added(snapshot))
        self._writer.write(snapshot.labels)

    def forget(self, layer: Any) -> None:
        """Show nothing more when the image or the labels were removed."""
        if layer in (self._source, self._writer and self._writer.layer):
            self._closed = True

    def settle(self) -> None:
        """Hand the labels over to the user."""
        if self._writer is not None:
            self._writer.layer.editable = True

    def _added(self, snapshot: Snapshot) -> Any:
        if self._source is None:
            self._source = self._viewer.add_layer(_image(snapshot))
        method, picture = self._request.method, self._request.picture
        index = self._request.index or (ALL, ALL)
        shape = (
            snapshot.labels.shape if picture is None else shape_of(picture.shape, index, thin=True)
        )
        layer = Labels(
            np.zeros(shape, snapshot.labels.dtype),
            name=f"{self._source.name} [{method.title}, training]",
            colormap=palette(method.n_classes, free_hues(self._source)),
            **placed(self._source, index),
        )
        layer.editable = False
        return self._viewer.add_layer(layer)


def _image(snapshot: Snapshot) -> Image:
    first = snapshot.first
    if first is None:
        raise RuntimeError("A folder shows its first image.")
    colours = first.ndim == 3 and first.shape[-1] == 3
    plane = first if colours or first.ndim == 2 else first[..., 0]
    return Image(plane, name="first image", rgb=colours, metadata=made("overlay"))
