"""What a notebook shows of work: a picture, and what there is to say, as HTML."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.pictures.drawing import as_png

__all__ = ["Card"]

# Every colour is the notebook's own, so that light and dark ones are read alike.
LEFT: Final = "text-align:left;vertical-align:top;padding:1px 10px 1px 0"
FLOW: Final = "display:flex;flex-wrap:wrap;gap:8px 20px;align-items:flex-start;margin:4px 0"


@dataclass(frozen=True)
class Card:
    """What is shown of work in a notebook.

    Attributes
    ----------
    title : str
        What it is.
    rows : sequence of (str, str)
        What is said of it, a name and a value a row.
    picture : ndarray of uint8 or None
        ``(y, x, 3)``.
    note : str
        A sentence below: how far it is, or why it ended.
    bar : tuple of int or None
        How many are done and of how many, where it goes on.
    table : sequence of sequence of str
        What became of each part; the first row is the heads of the columns.
    """

    title: str
    rows: Sequence[tuple[str, str]] = ()
    picture: NDArray[np.uint8] | None = None
    note: str = ""
    bar: tuple[int, int] | None = None
    table: Sequence[Sequence[str]] = ()

    @property
    def text(self) -> str:
        """What it says, in a line."""
        said = [f"{name}: {value}" for name, value in self.rows]
        return ". ".join(part.rstrip(".") for part in (self.title, *said, self.note) if part) + "."

    @property
    def html(self) -> str:
        """The same as a piece of a page, with the picture inside."""
        box = ElementTree.Element("div", {"class": "napari-selfseg", "style": FLOW})
        if self.picture is not None:
            _add_picture(box, self.picture)
        words = ElementTree.SubElement(box, "div", style="max-width:36em")
        ElementTree.SubElement(words, "b").text = self.title
        if self.rows:
            _add_table(words, self.rows)
        if self.table:
            _add_table(words, self.table[1:], heads=self.table[0])
        if self.bar is not None:
            done, total = self.bar
            look = {"value": str(done), "max": str(max(total, 1)), "style": "width:100%"}
            ElementTree.SubElement(words, "progress", look)
        if self.note:
            ElementTree.SubElement(words, "div", style="margin-top:4px").text = self.note
        # ElementTree escapes what it is given, and closes what it opens.
        return ElementTree.tostring(box, encoding="unicode", method="html")


def _add_picture(box: ElementTree.Element, picture: NDArray[np.uint8]) -> None:
    data = base64.b64encode(as_png(picture)).decode("ascii")
    look = {"src": f"data:image/png;base64,{data}", "alt": "Labels over the image"}
    style = "max-width:100%;height:auto;margin:0"
    ElementTree.SubElement(box, "img", look, style=style)


def _add_table(
    words: ElementTree.Element, rows: Sequence[Sequence[str]], heads: Sequence[str] = ()
) -> None:
    """Add rows of cells; without heads the first cell of a row is its name."""
    table = ElementTree.SubElement(words, "table", style="margin:4px 0;border-collapse:collapse")
    body = ElementTree.SubElement(table, "tbody")
    for row in (heads, *rows) if heads else rows:
        line = ElementTree.SubElement(body, "tr", style="background:none")
        for k, value in enumerate(row):
            kind = "th" if row is heads or (not heads and k == 0) else "td"
            ElementTree.SubElement(line, kind, style=LEFT).text = value
