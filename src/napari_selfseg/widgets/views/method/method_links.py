"""Links to what a method is: its page inside the dock, and its paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QLabel

from napari_selfseg.widgets.parts.style import links
from napari_selfseg.widgets.views.method.method_page import show_page

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method

__all__ = ["About"]

PAGE: Final = "page"


class About(QLabel):
    """The links of the chosen method."""

    def __init__(self) -> None:
        super().__init__()
        self._kind: type[Method] | None = None
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.linkActivated.connect(self._open)

    def turn_to(self, kind: type[Method]) -> None:
        """Show the links of a method."""
        self._kind = kind
        self.setToolTip(kind.citation)
        self._write()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Write the links in a colour that can be read, when the theme is another one."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._write()

    def _write(self) -> None:
        if self._kind is not None:
            named = {"How it works": PAGE, "Paper": f"https://doi.org/{self._kind.doi}"}
            self.setText(links(named, self.palette()))

    def _open(self, link: str) -> None:
        if link == PAGE and self._kind is not None:
            show_page(self, self._kind)
        else:
            QDesktopServices.openUrl(QUrl(link))
