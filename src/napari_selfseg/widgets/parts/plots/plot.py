"""The loss and its terms by iteration as a small plot."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Final

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_selfseg.widgets.parts.contrast import faint, legible
from napari_selfseg.widgets.parts.plots.curve import Curve, Frame, curves

__all__ = ["LossPlot"]

HEIGHT: Final = 64
WIDTH: Final = 160
MARGIN: Final = 5  # pixels between texts and curve, and for the pen at the edge
FAINT: Final = 0.3  # of lines behind the curve
LINE: Final = 1.4
POINT: Final = 2.5
ACCENT: Final = "#2e96d6"
USUAL_TEXT: Final = "0.00"  # room at least, so that the curve does not jump with the texts
# Of the terms, in their order; brought nearer to the text where they could not be read.
TERMS: Final = ("#d9822b", "#2fa572", "#b565c8", "#d0554f", "#8a8f2b")
EMPTY: Final = "The loss by iteration appears here during a run."


class LossPlot(QWidget):
    """Curves of the loss and, below their names, of its terms; a click picks an iteration.

    Attributes
    ----------
    picked : Signal
        With the iteration nearest to a click.
    """

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._total, self._terms = curves({})
        self._marked: int | None = None
        self.clear()

    def show_losses(self, losses: Mapping[str, Mapping[int, float]]) -> None:
        """Show other losses: value by iteration, by term, as in `Run.losses`."""
        self._total, self._terms = curves(losses)
        self.setToolTip(_tooltip(self._frame, losses) if self._frame else EMPTY)
        if self._frame:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.unsetCursor()
        self.updateGeometry()
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._marked = None
        self.show_losses({})

    def mark(self, iteration: int | None) -> None:
        """Mark an iteration of the curve; None, or one outside of it, marks nothing."""
        self._marked = iteration
        self.update()

    # Qt's own names

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size it likes to have."""
        return QSize(WIDTH, HEIGHT + self._names_height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the size below which nothing can be read."""
        return QSize(WIDTH // 2, HEIGHT + self._names_height())

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Tell which iteration lies below the mouse."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or not self._frame:
            super().mousePressEvent(event)
            return
        area = self._area()
        x = (event.position().x() - area.left()) / area.width()
        self.picked.emit(self._total.nearest(x))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint texts, curve and mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        if self._frame:
            self._paint_texts(painter, self._frame)
            self._paint_mark(painter)
            self._paint_curves(painter)
            self._paint_names(painter)
        painter.end()

    # Painting

    @property
    def _frame(self) -> Frame | None:
        return self._total.frame

    def _texts(self) -> tuple[str, str, str]:
        frame = self._frame
        return (f"{frame.high:.3g}", f"{frame.low:.3g}", str(frame.last)) if frame else ("", "", "")

    def _names_height(self) -> int:
        return self.fontMetrics().height() if self._terms else 0

    def _area(self) -> QRectF:
        """Return where the curve lies: between the texts."""
        high, low, last, usual = map(
            self.fontMetrics().horizontalAdvance, (*self._texts(), USUAL_TEXT)
        )
        left, right = max(high, low, usual) + MARGIN, last + MARGIN
        whole = QRectF(self.rect())
        width = max(1.0, whole.width() - left - right)
        top = MARGIN + self._names_height()
        return QRectF(left, top, width, whole.height() - top - MARGIN)

    def _paint_frame(self, painter: QPainter) -> None:
        area, colour = self._area(), self.palette().windowText().color()
        colour.setAlphaF(FAINT)
        painter.setPen(QPen(colour, 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if not self._frame:
            painter.setPen(faint(self.palette()))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "Loss")

    def _paint_texts(self, painter: QPainter, frame: Frame) -> None:
        high, low, last = self._texts()
        whole = QRectF(self.rect()).adjusted(0, self._names_height(), 0, 0)
        side, bottom = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignBottom
        painter.setPen(faint(self.palette()))
        if frame.low == frame.high:
            painter.drawText(whole, side | Qt.AlignmentFlag.AlignVCenter, high)
        else:
            painter.drawText(whole, side | Qt.AlignmentFlag.AlignTop, high)
            painter.drawText(whole, side | bottom, low)
        painter.drawText(whole, Qt.AlignmentFlag.AlignRight | bottom, last)

    def _paint_mark(self, painter: QPainter) -> None:
        place = None if self._marked is None else self._total.place(self._marked)
        if place is not None:
            area = self._area()
            x = area.left() + place * area.width()
            painter.setPen(QPen(legible(ACCENT, self.palette()), LINE))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_curves(self, painter: QPainter) -> None:
        for shade, term in zip(cycle(TERMS), self._terms.values(), strict=False):
            self._paint_line(painter, term, legible(shade, self.palette()))
        colour = self.palette().windowText().color()
        end = self._paint_line(painter, self._total, colour)
        # Where the run is; and a single point is no line.
        painter.setBrush(colour)
        painter.drawEllipse(end, POINT, POINT)

    def _paint_line(self, painter: QPainter, line: Curve, colour: QColor) -> QPointF:
        area = self._area()
        columns = round(area.width() * self.devicePixelRatioF())
        points = [
            QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())
            for x, y in line.points(columns).tolist()
        ]
        painter.setPen(QPen(colour, LINE))
        painter.drawPolyline(QPolygonF(points))
        return points[-1]

    def _paint_names(self, painter: QPainter) -> None:
        """Write the names of the terms in their colours, as far as there is room."""
        x, metrics = 0, self.fontMetrics()
        for colour, name in zip(cycle(TERMS), self._terms, strict=False):
            painter.setPen(legible(colour, self.palette()))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, self.width() - x)
            painter.drawText(x, metrics.ascent(), text)
            x += metrics.horizontalAdvance(f"{name}  ")


def _tooltip(frame: Frame, losses: Mapping[str, Mapping[int, float]]) -> str:
    last = {name: term[frame.last] for name, term in losses.items() if frame.last in term}
    terms = "".join(f"<br>{name}: {value:.3g}" for name, value in last.items())
    scale = ", on a logarithmic scale" if frame.logarithmic else ""
    return (
        f"<p>Loss by iteration: the sum of its terms{scale}. Click to choose an iteration.</p>"
        f"<p>At iteration {frame.last}:{terms}</p>"
    )
