"""What the signs of a plate mean, in a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QPointF, QRectF, QSize
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_selfseg.widgets.batch.plate._signs import SIGNS, draw_sign, sign_colours

__all__ = ["PlateLegend"]

SIDE: Final = 12
GAP: Final = 10  # pixels


class PlateLegend(QWidget):
    """Signs beside their words; each sign says its word to a screen reader in the picture."""

    def __init__(self, signs: Sequence[str]) -> None:
        super().__init__()
        self._signs = tuple(signs)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size it likes to have."""
        return QSize(sum(self._widths()), max(SIDE, self.fontMetrics().height()) + 4)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint the signs and the words."""
        painter, x = QPainter(self), 0.0
        colours, ground = sign_colours(self.palette()), self.palette().window().color()
        metrics = self.fontMetrics()
        base = (self.height() + metrics.ascent() - metrics.descent()) / 2
        for sign, width in zip(self._signs, self._widths(), strict=True):
            box = QRectF(x, (self.height() - SIDE) / 2, SIDE, SIDE)
            draw_sign(painter, box, sign, colours[sign], ground)
            painter.setPen(self.palette().windowText().color())
            painter.drawText(QPointF(x + SIDE + 4, base), SIGNS[sign][0])
            x += width
        painter.end()

    def _widths(self) -> list[int]:
        advance = self.fontMetrics().horizontalAdvance
        return [SIDE + 4 + advance(SIGNS[sign][0]) + GAP for sign in self._signs]
