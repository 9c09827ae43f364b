"""Layers are removed while OpenGL draws to the canvas they are on, and to nothing else."""

from __future__ import annotations

import contextlib
import weakref
from typing import Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.work.dock_lifecycle import main_window

__all__ = ["SafeRemoval"]


class SafeRemoval(QObject):
    """Makes the canvas of a viewer current before a layer is removed from it.

    Once the dock is shown, this holds for the canvas in its window as long as the viewer lives.

    napari frees what the removed layer had on the graphics card at once (0.9.2, and no longer when
    it draws next). Outside of a drawing Qt's own context is current, which shares these objects;
    freed there, they are gone while the canvas still has them bound, and its second drawing after
    that reads freed memory: a segmentation fault in `glDrawArrays`.
    """

    def __init__(self, dock: QWidget, viewer: Any) -> None:
        super().__init__(dock)
        self._viewer = viewer
        dock.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """See `QObject.eventFilter`."""
        if event is not None and event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            window = main_window(watched)
            if window is not None:
                watched.removeEventFilter(self)
                self._viewer.layers.events.removing.connect(_making_current(window))
        return False


def _making_current(window: QWidget) -> Any:
    known = weakref.ref(window)

    def make_current(event: object = None) -> None:
        there = known()
        # Qt may have deleted a window whose Python object is still there.
        with contextlib.suppress(RuntimeError):
            found = [] if there is None else there.findChildren(QOpenGLWidget)
            # Canvases of plugins come after the viewer's own, which so is made current last.
            for canvas in reversed(found):
                if canvas.isValid():
                    canvas.makeCurrent()

    return make_current
