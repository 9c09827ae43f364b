"""``napari-selfseg demo``: a window with a run that is already live."""

from __future__ import annotations

from typing import Any, Final

import napari
from qtpy.QtGui import QGuiApplication

from napari_selfseg.samples import histology
from napari_selfseg.widgets.segment.dock import SegmentDock

__all__ = ["run_demo", "show_demo"]

WINDOW: Final = (1400, 900)
TITLE: Final = 30  # pixels that the bar above a window takes, about


class _DemoDock(SegmentDock):
    """Shows the same to everybody."""

    remembered_as = ""


def show_demo(viewer: Any = None) -> tuple[Any, SegmentDock]:
    """Open the histology sample with the Segment dock and start a run.

    Parameters
    ----------
    viewer : napari.Viewer, optional
        A new one otherwise.

    Returns
    -------
    viewer : napari.Viewer
    dock : SegmentDock
        Its run starts as soon as the methods are loaded.
    """
    if viewer is None:
        viewer = napari.Viewer(title="Self-Segmentation")
        viewer.window.resize(*_on_screen(WINDOW))
    for data, settings, _ in histology():
        viewer.add_image(data, **settings)
    dock = _DemoDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    dock.start()
    return viewer, dock


def _on_screen(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a window, or less, so that all of it is on the screen."""
    if (screen := QGuiApplication.primaryScreen()) is None:
        return size
    room = screen.availableGeometry()
    return min(size[0], room.width()), min(size[1], room.height() - TITLE)


def run_demo() -> None:
    """Show the demo until its window is closed."""
    show_demo()
    napari.run()
