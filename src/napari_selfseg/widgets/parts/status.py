"""Lines of a dock: what is being done, and which image is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_selfseg.widgets.parts.in_front import ELSEWHERE, in_dock
from napari_selfseg.widgets.parts.style import ERROR, sentence

__all__ = ["AT_WORK", "NEXT", "NONE", "StatusWidget"]


class StatusWidget(QWidget):
    """A place for a sentence in either colour; at most one of them is shown.

    `words` are how the dock says what to do about a refusal.
    """

    words: ClassVar[Mapping[str, str]] = ELSEWHERE

    def __init__(self) -> None:
        super().__init__()
        self.status = sentence()
        self.error = sentence()
        self.error.setStyleSheet(ERROR)
        self.error.hide()

    def lay_out_status(self, layout: QVBoxLayout) -> None:
        """Add the place for the sentence at the end of a layout."""
        layout.addWidget(self.status)
        layout.addWidget(self.error)

    def show_error(self, sentence: str) -> None:
        """Show what went wrong, and what to do, in place of the status."""
        self.say("")
        self.error.setText(in_dock(sentence, self.words))
        self.error.show()

    def say(self, sentence: str) -> None:
        """Show a sentence, or none, in place of the status and of an error."""
        self.error.hide()
        self.status.setText(in_dock(sentence, self.words))
        self.status.setVisible(bool(sentence))


NEXT: Final = "Image: {name}"
AT_WORK: Final = "Running on: {name}"
NONE: Final = "Image: none is open"
