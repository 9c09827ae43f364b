"""What is wanted: segments that fill the image, or objects on a background."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from napari_selfseg.widgets.parts.panels import stacked
from napari_selfseg.widgets.parts.style import allow, button, sentence

__all__ = ["GoalView"]

SEGMENTS_HELP: Final = (
    "Every pixel belongs to a segment: regions, tissues, land cover, cells that fill the image."
)
OBJECTS_HELP: Final = (
    "Separate things on one background, to be counted and measured: nuclei, cells, grains. With "
    "the default method, Objects finds them; segments of any other method are finished as objects."
)
SEGMENTS: Final = "Every pixel belongs to a segment; nothing is background."
FOUND: Final = "Separate things on one background, found and counted."
FINISHED: Final = "The segments of this method become separate things on one background."


class GoalView(QWidget):
    """A switch, and what it means in a line.

    Attributes
    ----------
    chosen : Signal
        When somebody switched.
    """

    chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.for_segments = _half("Segments", SEGMENTS_HELP)
        self.for_objects = _half("Objects", OBJECTS_HELP)
        self.note = sentence(SEGMENTS)
        self._finds_objects = True  # as the method does that comes with objects
        self._group = QButtonGroup(self)
        line = QHBoxLayout()
        line.setSpacing(0)
        for each in (self.for_segments, self.for_objects):
            self._group.addButton(each)
            line.addWidget(each)
        layout = stacked(self)
        layout.addLayout(line)
        layout.addWidget(self.note)
        self.for_segments.setChecked(True)
        self.for_objects.toggled.connect(lambda _: self._on_switch())

    @property
    def objects(self) -> bool:
        """Whether objects are wanted."""
        return self.for_objects.isChecked()

    def show_method(self, *, finds_objects: bool) -> None:
        """Show what the chosen method does for it.

        A method that finds objects itself leaves no choice: objects are what is wanted.
        """
        self._finds_objects = finds_objects
        if finds_objects and not self.objects:
            self.for_objects.setChecked(True)
        self._say()

    def allow(self, reason: str) -> None:
        """Let it be switched, or say why not."""
        for each in (self.for_segments, self.for_objects):
            allow(each, reason)

    def _on_switch(self) -> None:
        self._say()
        self.chosen.emit()

    def _say(self) -> None:
        found = FOUND if self._finds_objects else FINISHED
        self.note.setText(found if self.objects else SEGMENTS)


def _half(text: str, help: str) -> QPushButton:
    made = button(text, help)
    made.setCheckable(True)
    return made
