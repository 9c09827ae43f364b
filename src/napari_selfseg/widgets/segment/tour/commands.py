"""Commands that napari's palette finds by what somebody wants to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.viewer import Viewer

__all__ = ["count_nuclei", "make_labels", "take_tour"]

PLUGIN = "napari-selfseg"


def take_tour(viewer: Viewer) -> None:
    """Open the Segment dock and begin its tour."""
    _opened(viewer, "Segment").take_tour()


def make_labels(viewer: Viewer) -> None:
    """Open the Segment dock."""
    _opened(viewer, "Segment")


def count_nuclei(viewer: Viewer) -> None:
    """Open the Segment dock and count the objects of the image."""
    _opened(viewer, "Count objects")


def _opened(viewer: Viewer, name: str) -> Any:
    frame, dock = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    frame.show()
    frame.raise_()
    return dock
