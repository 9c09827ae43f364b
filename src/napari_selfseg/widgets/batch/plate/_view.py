"""A plate as a picture: its wells as a grid, with a sign for each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_selfseg.widgets.batch.plate._map import HEAD, Box, PlateMap
from napari_selfseg.widgets.batch.plate._signs import SIGNS, draw_sign, sign_colours
from napari_selfseg.widgets.parts.access.accessible import called
from napari_selfseg.widgets.parts.contrast import faint

if TYPE_CHECKING:
    from napari_selfseg.io import Plate

__all__ = ["PlateView"]

WIDTH: Final = 300
FRAME: Final = 0.4  # of the lines around wells
ARROWS: Final = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class PlateView(QWidget):
    """Fields by what became of them, to be pointed at by mouse and by keys.

    `told` says all that is known of a field, by its number among those of the plate.

    Attributes
    ----------
    pointed : Signal
        With the place of a field that was clicked, or that the arrows have reached.
    picked : Signal
        With the places of fields: a click, Space on a field, Shift for its well; a click on the
        name of a row or column, or on the corner, for all.
    entered : Signal
        With the place of a field: Return, or a double click.
    """

    pointed = Signal(int)
    picked = Signal(object)
    entered = Signal(int)

    def __init__(self, plate: Plate, told: Callable[[int], str]) -> None:
        super().__init__()
        self._plate, self._told = plate, told
        self._signs: dict[int, str] = {}
        self.current = 0
        called(self, f"Plate {plate.path.name}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_signs(self, signs: Mapping[int, str]) -> None:
        """Show what became of the fields, by number; fields without a sign are not drawn."""
        if dict(signs) != self._signs:
            self._signs = dict(signs)
            self._describe()
            self.update()

    def point_at(self, number: int) -> None:
        """Move the mark to a field."""
        if number != self.current:
            self.current = number
            self._describe()
            self.update()

    # Qt's own names

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size it likes to have."""
        return QSize(WIDTH, self.heightForWidth(WIDTH))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the size below which fields cannot be told apart."""
        return QSize(min(WIDTH, round(self._map(1).size[0])), self.heightForWidth(self.width()))

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """See `QWidget.hasHeightForWidth`."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Return the height that a width asks for."""
        return round(self._map(width).size[1]) + 2

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint the names, the fields and the mark."""
        painter, at = QPainter(self), self._map()
        self._paint_wells(painter, at)
        colours, ground = sign_colours(self.palette()), self.palette().window().color()
        for number in range(len(self._plate.fields)):
            sign = self._signs.get(number, "out")
            draw_sign(painter, _rect(at.field(number)), sign, colours[sign], ground)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().windowText().color(), 1, Qt.PenStyle.DotLine))
            painter.drawRect(_rect(at.field(self.current)).adjusted(-1, -1, 1, 1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Point at a field, and pick what lies below the mouse."""
        if event is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
        elif found := self._below(event.position()):
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._point(found[0])
            self.picked.emit(self._well() if shift and len(found) == 1 else found)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Enter a field."""
        if event is not None and len(found := self._below(event.position())) == 1:
            self.entered.emit(found[0])

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Move the mark, pick and enter."""
        if event is None:
            return
        key, held = event.key(), event.modifiers()
        arrows = {each: way for each, way in ARROWS.items() if each == key}
        if arrows and not held & Qt.KeyboardModifier.ControlModifier:
            self._point(self._map().beside(self.current, *next(iter(arrows.values()))))
        elif key == Qt.Key.Key_Space:
            shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
            self.picked.emit(self._well() if shift else [self.current])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not held:
            self.entered.emit(self.current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:  # noqa: N802
        """Show the mark."""
        super().focusInEvent(event)
        self.update()

    def event(self, event: QEvent | None) -> bool:
        """Tell what is known of the field below the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self._below(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._tip(found), self)
            return True
        return super().event(event)

    # Inside

    def _map(self, width: float | None = None) -> PlateMap:
        return PlateMap(self._plate, self.width() if width is None else width)

    def _below(self, position: QPointF) -> list[int]:
        return self._map().within(position.x(), position.y())

    def _well(self) -> list[int]:
        field = self._plate.fields[self.current]
        return self._map().in_well(field.row, field.column)

    def _point(self, number: int) -> None:
        self.point_at(number)
        self.pointed.emit(number)

    def _tip(self, found: Sequence[int]) -> str:
        if len(found) == 1:
            return self._told(found[0])
        return f"{len(found)} fields" if found else self.toolTip()

    def _describe(self) -> None:
        words = SIGNS[self._signs.get(self.current, "out")][0]
        self.setAccessibleDescription(f"{self._told(self.current)} ({words})")

    def _paint_wells(self, painter: QPainter, at: PlateMap) -> None:
        """Frame the wells that have fields, and name their rows and columns."""
        colour = faint(self.palette())
        painter.setPen(colour)
        metrics, centre = self.fontMetrics(), Qt.AlignmentFlag.AlignCenter
        every = -(-metrics.horizontalAdvance("00 ") // max(1, int(at.width)))
        for k, name in list(enumerate(self._plate.columns))[::every]:
            well = at.well(0, k)
            painter.drawText(QRectF(well.x - HEAD, 0, well.width + 2 * HEAD, HEAD), centre, name)
        every = -(-metrics.height() // max(1, int(at.height)))
        for k, name in list(enumerate(self._plate.rows))[::every]:
            well = at.well(k, 0)
            painter.drawText(QRectF(0, well.y - HEAD, HEAD, well.height + 2 * HEAD), centre, name)
        colour.setAlphaF(FRAME)
        painter.setPen(colour)
        for row, column in {(each.row, each.column) for each in self._plate.fields}:
            painter.drawRect(_rect(at.well(row, column)))


def _rect(box: Box) -> QRectF:
    return QRectF(box.x, box.y, box.width, box.height)
