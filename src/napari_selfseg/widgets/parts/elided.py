"""Texts that never widen a dock: a line that is shortened, and sentences whose long words break."""

from __future__ import annotations

import re
from typing import Any, Final

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QGuiApplication, QKeySequence
from qtpy.QtWidgets import QLabel, QMenu, QSizePolicy

__all__ = ["Line", "Sentence"]

NARROWEST: Final = 40  # pixels
# Zero width: a line may end here, and nothing is seen of it.
BREAK: Final = "\u200b"
LONG: Final = re.compile(r"[^\s<>]{16,}")
PIECES: Final = re.compile(r"&\w+;|[^/\\_.,:;=+-]{1,12}[/\\_.,:;=+-]*|[/\\_.,:;=+-]+")
TAG: Final = re.compile(r"(<[^<>]*>)")


class Line(QLabel):
    """One line, shortened in the middle where it has no room; all of it is its tooltip."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def text(self) -> str:
        """Return all of it."""
        return self._text

    def setText(self, text: str | None) -> None:  # noqa: N802
        """Show another text."""
        self._text = text or ""
        self.setToolTip(self._text)
        self._fit()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Ask for next to no width."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: N802
        """Ask for next to no width."""
        return self.minimumSizeHint()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Shorten anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = max(self.contentsRect().width(), NARROWEST)
        middle = Qt.TextElideMode.ElideMiddle
        super().setText(self.fontMetrics().elidedText(self._text, middle, width))


class Sentence(QLabel):
    """Sentences that can be selected and copied; file names in them break where they are long."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setText(text)

    def text(self) -> str:
        """Return it as it was given."""
        return super().text().replace(BREAK, "")

    def setText(self, text: str | None) -> None:  # noqa: N802
        """Show other sentences."""
        super().setText(breakable(text or ""))

    def selectedText(self) -> str:  # noqa: N802
        """Return what is selected, as it was given."""
        return super().selectedText().replace(BREAK, "")

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """Copy what was given, and not where its lines may end."""
        if event.matches(QKeySequence.StandardKey.Copy):
            _put(self.selectedText())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: Any) -> None:  # noqa: N802
        """Offer to copy what is selected, or all."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if copy := menu.addAction("Copy"):
            copy.triggered.connect(lambda _: _put(self.selectedText() or self.text()))
        menu.popup(event.globalPos())


def breakable(text: str) -> str:
    """Let the long words of a text end a line anywhere, best behind a separator.

    The text is plain or rich; tags are left alone.
    """
    parts = TAG.split(text)
    return "".join(
        part if TAG.fullmatch(part) else LONG.sub(_broken, part) for part in parts if part
    )


def _broken(word: re.Match[str]) -> str:
    return BREAK.join(PIECES.findall(word.group()))


def _put(text: str) -> None:
    if clipboard := QGuiApplication.clipboard():
        clipboard.setText(text)
