"""Following the layers of a viewer while a dock is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.layers import Image, Labels

from napari_selfseg.widgets.canvas.layers import camera_of, is_mark
from napari_selfseg.widgets.model.own import is_overlay
from napari_selfseg.widgets.parts.following import Scene

__all__ = ["LayerWatcher"]


class LayerWatcher:
    """Tells when there are other layers to choose from, and when one was removed.

    Parameters
    ----------
    changed : callable
        Called when layers were added, removed, moved or renamed; and at the begin.
    removed : callable
        Called with a layer that was removed.
    moved : callable, optional
        Called when something else is in view.
    selected : callable, optional
        Called when another layer is the active one.
    """

    def __init__(
        self,
        viewer: Any,
        changed: Callable[[], None],
        removed: Callable[[Any], None],
        moved: Callable[[], None] | None = None,
        selected: Callable[[], None] | None = None,
    ) -> None:
        self._viewer = viewer
        self._changed = changed
        self._removed, self._moved, self._selected = removed, moved, selected
        self._on = False

    def begin(self) -> None:
        """Follow the layers from now on."""
        events = self._viewer.layers.events
        for each in (events.inserted, events.removed, events.reordered):
            each.connect(self._on_change)
        events.removed.connect(self._on_removed)
        for turned in self._turns():
            turned.connect(self._on_moved)
        self._viewer.layers.selection.events.active.connect(self._on_active)
        self._on = True
        self._on_change()

    def end(self) -> None:
        """Follow them no longer."""
        self._on = False
        events = self._viewer.layers.events
        for each in (events.inserted, events.removed, events.reordered):
            each.disconnect(self._on_change)
        events.removed.disconnect(self._on_removed)
        for turned in self._turns():
            turned.disconnect(self._on_moved)
        self._viewer.layers.selection.events.active.disconnect(self._on_active)
        for each in self._viewer.layers:
            each.events.name.disconnect(self._on_change)

    def images(self) -> list[tuple[str, Any]]:
        """Return the image layers by name, the topmost first."""
        return self._named(Image)

    def labels(self) -> list[tuple[str, Any]]:
        """Return the labels layers by name, the topmost first."""
        return self._named(Labels)

    def image_scene(self) -> Scene:
        """Return the image layers, those that only lie over others, and the active layer."""
        named = self.images()
        overlays = [layer for _, layer in named if is_overlay(layer)]
        return Scene(named, self._viewer.layers.selection.active, overlays)

    def labels_scene(self) -> Scene:
        """Return the labels layers, and the active layer."""
        return Scene(self.labels(), self._viewer.layers.selection.active)

    def _named(self, kind: Any) -> list[tuple[str, Any]]:
        layers: list[Any] = [each for each in reversed(self._viewer.layers) if not is_mark(each)]
        return [(each.name, each) for each in layers if isinstance(each, kind)]

    def _turns(self) -> list[Any]:
        """Return the events of the camera and the sliders, where anybody asks."""
        if self._moved is None:
            return []
        return [camera_of(self._viewer).events, self._viewer.dims.events.point]

    def _on_moved(self, event: object = None) -> None:
        if self._moved is not None:
            self._moved()

    def _on_active(self, event: object = None) -> None:
        if self._on and self._selected is not None:
            self._selected()

    def _on_change(self, event: object = None) -> None:
        # A layer may be renamed after its dock was closed.
        if self._on:
            for each in self._viewer.layers:
                each.events.name.connect(self._on_change)
            self._changed()

    def _on_removed(self, event: Any) -> None:
        event.value.events.name.disconnect(self._on_change)
        self._removed(event.value)
