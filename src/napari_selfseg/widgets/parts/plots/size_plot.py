"""A histogram with two limits that can be dragged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

__all__ = ["SizePlot"]

HEIGHT: Final = 76
WIDTH: Final = 160
MARGIN: Final = 6  # pixels at either end, for the handles
HANDLE: Final = 5
PAD: Final = 3  # around a text over the bars
STEP: Final = 0.02
ACCENT: Final = "#2e96d6"  # as in the plot of the loss
OUTSIDE: Final = 0.3
EMPTY: Final = "Sizes of objects appear here."


class SizePlot(QWidget):
    """Bars, and a line at each of two limits; what lies outside of them is faint.

    Attributes
    ----------
    dragged : Signal
        With the number of the limit, 0 or 1, and where it is now, from 0 to 1.
    """

    dragged = Signal(int, float)

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Histogram of sizes")
        self._bars: Sequence[int] = ()
        self._limits = [0.0, 1.0]
        self._ends = self._words = ("", "")
        self._held: int | None = None
        self._last = 0

    def show_bars(self, bars: Sequence[int], ends: tuple[str, str]) -> None:
        """Show counts by size, none of them for nothing.

        `ends` are the smallest and the largest size in words.
        """
        self._bars, self._ends = bars, ends
        self.update()

    def show_limits(self, low: float, high: float, words: tuple[str, str] = ("", "")) -> None:
        """Show where the limits are, from 0 to 1, without a signal.

        `words` are what they are, shown beside the one that is moved.
        """
        self._limits, self._words = [low, high], words
        self.update()

    @property
    def told(self) -> str:
        """What stands beside a limit: that of the one that is held, or moved by keys."""
        held = self._last if self._held is None and self.hasFocus() else self._held
        return "" if held is None or not len(self._bars) else self._words[held]

    # Qt's own names

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size it likes to have."""
        return QSize(WIDTH, HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the size below which nothing can be read."""
        return QSize(WIDTH // 2, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Take the nearer limit."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or not len(self._bars):
            super().mousePressEvent(event)
            return
        place = self._place(event)
        low, high = (abs(place - each) for each in self._limits)
        # Where both are at one place, the one that can go there.
        nearer = low < high or (low == high and place < self._limits[0])
        self._held = self._last = 0 if nearer else 1
        self._drag(self._held, place)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Drag the limit that was taken."""
        if event is not None and self._held is not None:
            self._drag(self._held, self._place(event))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Let go of it."""
        self._held = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Move the limit that was moved last by the arrows; Space takes the other one."""
        keys = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP}
        if event is None or not len(self._bars):
            super().keyPressEvent(event)
        elif event.key() in keys:
            self._drag(self._last, self._limits[self._last] + keys[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Space:
            self._last = 1 - self._last
            self.update()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint bars, limits and the ends of the scale."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(self._bars):
            self._paint_bars(painter)
            self._paint_limits(painter)
            self._paint_told(painter)
        self._paint_texts(painter)
        painter.end()

    # Painting

    def _area(self) -> QRectF:
        below = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -below)

    def _place(self, event: QMouseEvent) -> float:
        area = self._area()
        return (event.position().x() - area.left()) / max(area.width(), 1)

    def _drag(self, which: int, place: float) -> None:
        low, high = (0.0, self._limits[1]) if which == 0 else (self._limits[0], 1.0)
        self._limits[which] = min(max(place, low), high)
        self.update()
        self.dragged.emit(which, self._limits[which])

    def _colour(self, alpha: float) -> QColor:
        colour = self.palette().windowText().color()
        colour.setAlphaF(alpha)
        return colour

    def _paint_bars(self, painter: QPainter) -> None:
        area, most = self._area(), max(max(self._bars), 1)
        width = area.width() / len(self._bars)
        painter.setPen(Qt.PenStyle.NoPen)
        for k, count in enumerate(self._bars):
            middle = (k + 0.5) / len(self._bars)
            inside = self._limits[0] <= middle <= self._limits[1]
            painter.setBrush(self._colour(0.85 if inside else OUTSIDE))
            height = area.height() * count / most
            left = area.left() + k * width
            painter.drawRect(QRectF(left, area.bottom() - height, max(width - 1, 1), height))

    def _paint_limits(self, painter: QPainter) -> None:
        area = self._area()
        for number, place in enumerate(self._limits):
            x = area.left() + place * area.width()
            chosen = self.hasFocus() and number == self._last
            painter.setPen(QPen(QColor(ACCENT), 3 if chosen else 2))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setBrush(QColor(ACCENT))
            painter.drawEllipse(QPointF(x, area.center().y()), HANDLE, HANDLE)

    def _paint_told(self, painter: QPainter) -> None:
        """Write a limit beside its line, over the bars, on the side that has room."""
        if not self.told:
            return
        area, text = self._area(), self.told
        x = area.left() + self._limits[self._last] * area.width()
        width = self.fontMetrics().horizontalAdvance(text) + 2 * PAD
        left = x + HANDLE if x + HANDLE + width <= area.right() else x - HANDLE - width
        place = QRectF(left, area.top(), width, self.fontMetrics().height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().window())
        painter.drawRect(place)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_texts(self, painter: QPainter) -> None:
        area = self._area()
        painter.setPen(QPen(self._colour(0.4), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(self._colour(0.75))
        whole, bottom = QRectF(self.rect()), Qt.AlignmentFlag.AlignBottom
        if not len(self._bars):
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, EMPTY)
        painter.drawText(whole, bottom | Qt.AlignmentFlag.AlignLeft, self._ends[0])
        painter.drawText(whole, bottom | Qt.AlignmentFlag.AlignRight, self._ends[1])
