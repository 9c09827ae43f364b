"""The loss by iteration as a small plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_selfseg.widgets.curve import Curve, curve

__all__ = ["LossPlot"]

HEIGHT: Final = 64
WIDTH: Final = 160
MARGIN: Final = 5  # pixels between texts and curve, and for the pen at the edge
FAINT: Final = 0.6
LINE: Final = 1.4
POINT: Final = 2.5
ACCENT: Final = "#2e96d6"  # readable on napari's dark and on its light background
USUAL_TEXT: Final = "0.00"  # room at least, so that the curve does not jump with the texts
EMPTY: Final = "The loss by iteration appears here during a run."


class LossPlot(QWidget):
    """A curve of the sum of the loss terms; a click picks an iteration.

    Attributes
    ----------
    picked : Signal
        With the iteration nearest to a click.
    """

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._curve: Curve = curve({})
        self._marked: int | None = None
        self.clear()

    def show_losses(self, losses: Mapping[str, Mapping[int, float]]) -> None:
        """Show other losses.

        Parameters
        ----------
        losses : mapping
            Value by iteration, by term, as in `Run.losses`.
        """
        self._curve = curve(losses)
        self.setToolTip(EMPTY if self._curve.empty else _tooltip(self._curve, losses))
        if self._curve.empty:
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._marked = None
        self.show_losses({})

    def mark(self, iteration: int | None) -> None:
        """Mark an iteration.

        Parameters
        ----------
        iteration : int or None
            One outside the curve is not drawn; None marks nothing.
        """
        self._marked = iteration
        self.update()

    # Qt's own names

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size it likes to have."""
        return QSize(WIDTH, HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the size below which nothing can be read."""
        return QSize(WIDTH // 2, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Tell which iteration lies below the mouse."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._curve.empty:
            super().mousePressEvent(event)
            return
        area = self._area()
        x = (event.position().x() - area.left()) / area.width()
        self.picked.emit(self._curve.nearest(x))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint texts, curve and mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        if not self._curve.empty:
            self._paint_texts(painter)
            self._paint_mark(painter)
            self._paint_curve(painter)
        painter.end()

    # Painting

    def _texts(self) -> tuple[str, str, str]:
        if self._curve.empty:
            return "", "", ""
        return f"{self._curve.high:.3g}", f"{self._curve.low:.3g}", str(self._curve.last)

    def _area(self) -> QRectF:
        """Return where the curve lies: between the texts."""
        high, low, last, usual = map(
            self.fontMetrics().horizontalAdvance, (*self._texts(), USUAL_TEXT)
        )
        left, right = max(high, low, usual) + MARGIN, last + MARGIN
        whole = QRectF(self.rect())
        width = max(1.0, whole.width() - left - right)
        return QRectF(left, MARGIN, width, whole.height() - 2 * MARGIN)

    def _faint(self) -> QColor:
        colour = self.palette().windowText().color()
        colour.setAlphaF(FAINT)
        return colour

    def _paint_frame(self, painter: QPainter) -> None:
        area, colour = self._area(), self._faint()
        colour.setAlphaF(FAINT / 2)
        painter.setPen(QPen(colour, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if self._curve.empty:
            painter.setPen(self._faint())
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "Loss")

    def _paint_texts(self, painter: QPainter) -> None:
        high, low, last = self._texts()
        whole = QRectF(self.rect())
        side, bottom = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignBottom
        painter.setPen(self._faint())
        if self._curve.low == self._curve.high:
            painter.drawText(whole, side | Qt.AlignmentFlag.AlignVCenter, high)
        else:
            painter.drawText(whole, side | Qt.AlignmentFlag.AlignTop, high)
            painter.drawText(whole, side | bottom, low)
        painter.drawText(whole, Qt.AlignmentFlag.AlignRight | bottom, last)

    def _paint_mark(self, painter: QPainter) -> None:
        place = None if self._marked is None else self._curve.place(self._marked)
        if place is not None:
            area = self._area()
            x = area.left() + place * area.width()
            painter.setPen(QPen(QColor(ACCENT), LINE))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_curve(self, painter: QPainter) -> None:
        area = self._area()
        columns = round(area.width() * self.devicePixelRatioF())
        points = [
            QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())
            for x, y in self._curve.points(columns).tolist()
        ]
        colour = self.palette().windowText().color()
        painter.setPen(QPen(colour, LINE))
        painter.drawPolyline(QPolygonF(points))
        # Where the run is; and a single point is no line.
        painter.setBrush(colour)
        painter.drawEllipse(points[-1], POINT, POINT)


def _tooltip(shown: Curve, losses: Mapping[str, Mapping[int, float]]) -> str:
    last = {name: term[max(term)] for name, term in losses.items() if term}
    terms = "".join(f"<br>{name}: {value:.3g}" for name, value in last.items())
    scale = ", on a logarithmic scale" if shown.logarithmic else ""
    return (
        f"<p>Loss by iteration: the sum of its terms{scale}. Click to choose an iteration.</p>"
        f"<p>At iteration {shown.last}:{terms}</p>"
    )
