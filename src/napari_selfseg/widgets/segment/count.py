"""The Segment dock, opened to count: objects of the image that is there, at once; a stack waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_selfseg.widgets.segment.dock import SegmentDock

if TYPE_CHECKING:
    from napari import Viewer

__all__ = ["CountDock"]


class CountDock(SegmentDock):
    """Find and count objects as soon as the methods are loaded.

    Of a stack a person says first what is counted: the plane in view, or all.
    """

    # Whatever was done last, this counts.
    remembered_as = ""

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer)
        self.view.setup.goal.for_objects.setChecked(True)
        self.start_on_plane()
