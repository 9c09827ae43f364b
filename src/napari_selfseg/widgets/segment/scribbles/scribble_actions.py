"""The chosen scribbles layer and the names of its classes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from napari_selfseg.widgets.canvas.drawing_layers import NAMES, REFUSED
from napari_selfseg.widgets.model.scribbled.kinds import in_words, refused_of
from napari_selfseg.widgets.views.setup import SetupView

__all__ = ["ScribbleActions"]

FEWEST: Final = 2
MOST: Final = 50  # labels of objects, chosen by a slip, are no classes


class ScribbleActions:
    """Shows a line a class, and paints with the class of the line that was clicked."""

    def __init__(self, viewer: Any, view: SetupView) -> None:
        self._viewer = viewer
        self._view = view
        self._layer: Any = None
        self._count = FEWEST
        view.scribbles.chosen.connect(self._on_layer)
        view.class_names.added.connect(self._add)
        view.class_names.picked.connect(self._pick)
        view.class_names.changed.connect(self._keep)
        view.class_names.refusing.connect(self._refuse)

    @property
    def kinds(self) -> str:
        """What the classes are to a method that finds objects; empty where nobody said it."""
        if self._layer is None:
            return ""
        return in_words(self._count, self._names, self._said)

    def close(self) -> None:
        """Let go of the layer."""
        if self._layer is not None:
            self._layer.events.paint.disconnect(self._on_paint)
            self._layer = None

    def _on_layer(self) -> None:
        layer = self._view.scribbles.thing
        if layer == self._layer:
            return
        self.close()
        self._layer = layer
        if layer is not None:
            layer.events.paint.connect(self._on_paint)
            self._count = min(max(FEWEST, _largest(layer), layer.selected_label), MOST)
            self._show()

    def _on_paint(self, event: object = None) -> None:
        if self._count < self._layer.selected_label <= MOST:
            self._count = self._layer.selected_label
            self._show()

    def _add(self) -> None:
        self._count += 1
        self._show()
        self._pick(self._count)

    def _pick(self, number: int) -> None:
        if self._layer is not None:
            self._viewer.layers.selection.active = self._layer
            self._layer.visible = True
            self._layer.selected_label = number
            self._layer.mode = "paint"

    def _keep(self) -> None:
        if self._layer is not None:
            self._layer.metadata[NAMES] = self._view.class_names.names()
            self._show_refused()
            self._view.changed.emit()

    def _refuse(self, number: int, refused: bool) -> None:
        if self._layer is not None:
            self._layer.metadata[REFUSED] = {**self._said, number: refused}
            self._view.changed.emit()

    @property
    def _names(self) -> dict[int, str]:
        return dict(self._layer.metadata.get(NAMES, {}))

    @property
    def _said(self) -> dict[int, bool]:
        return dict(self._layer.metadata.get(REFUSED, {}))

    def _show(self) -> None:
        numbers = range(1, self._count + 1)
        colours = [self._colour(number) for number in numbers]
        self._view.class_names.show_classes(list(numbers), colours, self._names)
        self._show_refused()

    def _show_refused(self) -> None:
        self._view.class_names.show_refused(refused_of(self._count, self._names, self._said))

    def _colour(self, number: int) -> tuple[float, float, float]:
        red, green, blue, _ = map(float, self._layer.get_color(number))
        return red, green, blue


def _largest(layer: Any) -> int:
    """Return the largest label of an array at hand; others are too slow to read here."""
    return int(layer.data.max(initial=0)) if isinstance(layer.data, np.ndarray) else 0
