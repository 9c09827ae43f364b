"""Outlines or areas, for live and finished labels alike."""

from __future__ import annotations

from typing import Any, Final

from qtpy.QtCore import QObject, QTimer
from qtpy.QtGui import QGuiApplication

from napari_selfseg.widgets.canvas.layers import camera_of
from napari_selfseg.widgets.canvas.looks.outlined import fit_lines, is_result, outline
from napari_selfseg.widgets.views.controls import Controls

__all__ = ["LookActions", "screen_height"]

# A zoom has come to rest when nothing moved for so many milliseconds.
REST_MS: Final = 200
USUAL: Final = 1080  # pixels, where there is no screen to ask


class LookActions(QObject):
    """Shows the labels of runs as lines or as areas, as one switch says."""

    def __init__(self, viewer: Any, controls: Controls) -> None:
        super().__init__(controls)
        self._viewer, self._switch = viewer, controls.outlined
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._fit)
        self._switch.toggled.connect(lambda _: self._show())

    def begin(self) -> None:
        """Follow layers and view: the dock is open."""
        self._viewer.layers.events.inserted.connect(self._on_inserted)
        camera_of(self._viewer).events.zoom.connect(self._on_zoom)
        self._show()

    def end(self) -> None:
        """Follow them no longer; layers stay as they look."""
        self._rest.stop()
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        camera_of(self._viewer).events.zoom.disconnect(self._on_zoom)

    def toggle(self) -> None:
        """Show lines in place of areas, or areas in place of lines."""
        self._switch.toggle()

    def _show(self) -> None:
        for layer in self._viewer.layers:
            if is_result(layer):
                outline(layer, self._viewer, screen_height(), wanted=self._switch.isChecked())

    def _on_inserted(self, event: Any) -> None:
        if self._switch.isChecked() and is_result(event.value):
            outline(event.value, self._viewer, screen_height(), wanted=True)

    def _on_zoom(self, event: object = None) -> None:
        if self._switch.isChecked():
            self._rest.start()

    def _fit(self) -> None:
        for layer in self._viewer.layers:
            if is_result(layer):
                fit_lines(layer, self._viewer, screen_height())


def screen_height() -> int:
    """Return the height of the screen in pixels."""
    screen = QGuiApplication.primaryScreen()
    return USUAL if screen is None else screen.size().height()
