"""The Segment dock: choose, run, watch, stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from napari.layers import Image, Labels
from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.choices import Choices, load
from napari_selfseg.widgets.layers import (
    add_labels,
    describe_image,
    describe_labels,
    settle,
    show,
)
from napari_selfseg.widgets.mailbox import Mailbox
from napari_selfseg.widgets.panels import stacked
from napari_selfseg.widgets.runner import Ended, Job, Update, in_thread
from napari_selfseg.widgets.state import NO_IMAGE, Missing, Request, resolve
from napari_selfseg.widgets.view import SegmentView

if TYPE_CHECKING:
    import napari

__all__ = ["SegmentDock"]

POLL_MS: Final = 100
# Showing a step may take this share of the main thread's time.
SHARE: Final = 0.2
READY: Final = "Ready."


class SegmentDock(QWidget):
    """Segment an image of the viewer, live.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Where the images are.
    """

    ended = Signal()

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer: Any = napari_viewer
        self.view = SegmentView()
        stacked(self).addWidget(self.view)
        self._loading: Mailbox[Choices | Exception] = Mailbox()
        self._wanted: dict[str, Any] | None = None
        self._live: _Live | None = None
        self._polling = False
        self._closed = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._poll)
        self._connect()
        self._offer_layers()
        in_thread(lambda: _load_into(self._loading))
        self._timer.start(POLL_MS)
'''
'''
