"""Links to what a method is: its page inside the dock, and its paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QLabel

from napari_selfseg.widgets.parts.style import links
from napari_selfseg.widgets.views.method_page import show_page

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method

__all__ = ["About"]

PAGE: Final = "page"


class About(QLabel):
    """The links of the chosen method."""

    def __init__(self) -> None:
        super().__init__()
        self._kind: type[Method] | None = None
        self.linkActivated.connect(self._open)

    def turn_to(self, kind: type[Method]) -> None:
        """Show the links of a method.

        Parameters
        ----------
        kind : type
            The method.
        """
        self._kind = kind
        self.setText(links({"How it works": PAGE, "Paper": f"https://doi.org/{kind.doi}"}))
        self.setToolTip(kind.citation)

    def _open(self, link: str) -> None:
        if link == PAGE and self._kind is not None:
            show_page(self, self._kind)
        else:
            QDesktopServices.openUrl(QUrl(link))
