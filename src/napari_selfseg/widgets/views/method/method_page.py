"""The page of a method, in a window of its own: it is installed with it, and needs no network."""

from __future__ import annotations

import inspect
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QTextBrowser, QWidget

from napari_selfseg.widgets.parts.contrast import legible
from napari_selfseg.widgets.parts.panels import stacked
from napari_selfseg.widgets.parts.style import BLUE

if TYPE_CHECKING:
    from napari_selfseg.protocol import Method

__all__ = ["page_of", "show_page"]

SIZE: Final = (720, 640)
QT_BLUE: Final = re.compile("color:#0000ff")


def show_page(parent: QWidget, kind: type[Method]) -> QDialog:
    """Open the page of a method; it is closed with its parent.

    It is not modal, so that one can read and try.
    """
    dialog = QDialog(parent)
    dialog.setWindowTitle(kind.title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    browser = QTextBrowser()
    browser.setOpenExternalLinks(True)
    stacked(dialog).addWidget(browser)
    dialog.resize(*SIZE)
    dialog.show()
    browser.setMarkdown(page_of(kind))
    # Qt writes links in a blue of its own, whatever lies behind.
    colour = legible(BLUE, browser.palette()).name()
    browser.setHtml(QT_BLUE.sub(f"color:{colour}", browser.toHtml()))
    return dialog


def page_of(kind: type[Method]) -> str:
    """Return the page of a method in Markdown; of a method of another package, its docstring."""
    page = files("napari_selfseg") / "pages" / f"{kind.name}.md"
    return (
        page.read_text(encoding="utf-8") if page.is_file() else inspect.cleandoc(kind.__doc__ or "")
    )
