"""The page of a method, in a window of its own: it is part of the package, and needs no network."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QTextBrowser, QWidget

from napari_selfseg.widgets.parts.panels import stacked

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method

__all__ = ["show_page"]

SIZE: Final = (720, 640)


def show_page(parent: QWidget, kind: type[Method]) -> QDialog:
    """Open the page of a method.

    Parameters
    ----------
    parent : QWidget
        It is closed with this one.
    kind : type
        The method.

    Returns
    -------
    QDialog
        Not modal, so that one can read and try.
    """
    text = (files("napari_selfseg") / "pages" / f"{kind.name}.md").read_text(encoding="utf-8")
    dialog = QDialog(parent)
    dialog.setWindowTitle(kind.title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    browser = QTextBrowser()
    browser.setOpenExternalLinks(True)
    browser.setMarkdown(text)
    stacked(dialog).addWidget(browser)
    dialog.resize(*SIZE)
    dialog.show()
    return dialog
