"""What became of a field, as a sign: told by its form, and by its colour."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import QPointF, QRectF, QSizeF
from qtpy.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF

from napari_selfseg.widgets.parts.contrast import faint, legible

__all__ = ["SIGNS", "draw_sign", "sign_colours"]

# A sign, what it means, and its colour; the text's own where there is none.
SIGNS: Final = {
    "done": ("done", "#3fa66b"),
    "running": ("at work", "#4aa3ff"),
    "failed": ("failed", "#f2777a"),
    "left": ("waiting", ""),
    "chosen": ("chosen", "#4aa3ff"),
    "out": ("left out", ""),
}
SMALL: Final = 9  # pixels, below which there is no room for a tick


def sign_colours(palette: QPalette) -> dict[str, QColor]:
    """Return the colour of each sign, as it is seen on whatever the theme puts behind it."""
    pairs = ((sign, named) for sign, (_, named) in SIGNS.items())
    return {sign: legible(named, palette) if named else faint(palette) for sign, named in pairs}


def draw_sign(painter: QPainter, box: QRectF, sign: str, colour: QColor, ground: QColor) -> None:
    """Draw the sign of a field, one of `SIGNS`; `ground` is the colour behind it."""
    inner = box.adjusted(1, 1, -1, -1)
    painter.setPen(QPen(colour, 1.5 if sign in ("running", "failed") else 1))
    if sign == "out":
        painter.fillRect(QRectF(inner.center() - QPointF(1, 1), QSizeF(2, 2)), colour)
        return
    painter.drawRect(inner)
    if sign in ("done", "chosen"):
        painter.fillRect(inner, colour)
    if sign == "done" and inner.width() >= SMALL:
        _draw_tick(painter, inner, ground)
    if sign == "running":
        painter.fillRect(inner.adjusted(0, inner.height() / 2, 0, 0), colour)
    if sign == "failed":
        painter.drawLine(inner.topLeft(), inner.bottomRight())
        painter.drawLine(inner.bottomLeft(), inner.topRight())


def _draw_tick(painter: QPainter, box: QRectF, colour: QColor) -> None:
    painter.setPen(QPen(colour, 1.6))
    corner, side = box.topLeft(), box.width()
    points = [QPointF(x, y) * side + corner for x, y in ((0.22, 0.52), (0.42, 0.72), (0.78, 0.28))]
    painter.drawPolyline(QPolygonF(points))
