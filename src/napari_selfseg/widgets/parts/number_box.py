"""A spin box that keeps numbers as they are: no decimals to round to, and no largest integer."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from qtpy.QtCore import QSize, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QAbstractSpinBox, QStyle, QStyleOptionSpinBox, QWidget

__all__ = ["NumberBox", "number"]

CHARACTERS: Final = frozenset("0123456789+-.eE")
WIDTH: Final = 10  # digits that are seen without scrolling
PAGE: Final = 10
# Steps are a tenth of the number's decade, and no finer than so many decades below the default.
FINEST: Final = 3
# Smaller numbers are written as powers of ten.
SMALLEST: Final = -5


def number(value: Any) -> float:
    """Return a number as an integer where it is written as one, which floats hold up to 2**53.

    Raises
    ------
    ValueError
        When it is none.
    """
    if not isinstance(value, str):
        return float(value) if isinstance(value, float) else int(value)
    try:
        return int(value)
    except ValueError:
        return float(value)


class NumberBox(QAbstractSpinBox):
    """A spin box of Python's integers or floats.

    Qt's own holds 32-bit integers, or floats rounded to a number of decimals.

    Parameters
    ----------
    kind : callable
        ``int``, ``float`` or `number`: makes a number of a text, or of another number.
    """

    valueChanged = Signal(object)  # noqa: N815

    def __init__(self, kind: Callable[[Any], float] = float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._value: float = kind(0)
        self._low, self._high = -math.inf, math.inf
        self._usual = 1.0
        self._edit.textEdited.connect(self._on_typed)
        self.editingFinished.connect(self._show)
        self._show()

    def value(self) -> float:
        """Return the number."""
        return self._value

    def setValue(self, value: float) -> None:  # noqa: N802
        """Show another number, moved into the bounds; NaN is ignored."""
        if value == value:
            self._take(value)
        self._show()

    def setRange(self, low: float, high: float) -> None:  # noqa: N802
        """Set closed bounds; infinite ones are none."""
        self._low, self._high = low, high
        self.setValue(self._value)

    def setMinimum(self, low: float) -> None:  # noqa: N802
        """Set the lowest number."""
        self.setRange(low, self._high)

    def setMaximum(self, high: float) -> None:  # noqa: N802
        """Set the largest number."""
        self.setRange(self._low, high)

    def minimum(self) -> float:
        """Return the lowest number."""
        return self._low

    def maximum(self) -> float:
        """Return the largest number."""
        return self._high

    def setUsual(self, value: float) -> None:  # noqa: N802
        """Say how large numbers usually are, for the steps at and near 0."""
        self._usual = abs(value) or 1.0

    def textFromValue(self, value: float) -> str:  # noqa: N802
        """Write a number: exactly, and as short as can be."""
        return _written(value).replace(".", self.locale().decimalPoint())

    def interpretText(self) -> None:  # noqa: N802
        """Take what is typed, and write it as numbers are."""
        self._on_typed(self._edit.text())
        self._show()

    def stepBy(self, steps: int) -> None:  # noqa: N802
        """Go up or down by a step that suits the size of the number."""
        self.interpretText()
        if self._kind is int:
            self.setValue(self._value + steps)
        else:
            for _ in range(abs(steps)):
                self.setValue(self._next(1 if steps > 0 else -1))
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:  # noqa: N802
        """Say which of the arrows lead somewhere."""
        flag = QAbstractSpinBox.StepEnabledFlag
        up = flag.StepUpEnabled if self._value < self._high else flag.StepNone
        down = flag.StepDownEnabled if self._value > self._low else flag.StepNone
        return up | down

    def validate(self, text: str | None, place: int) -> tuple[QValidator.State, str, int]:
        """Say whether a text is a number, or may become one."""
        plain = self._plain(text or "")
        allowed = set(plain) <= (CHARACTERS - set(".eE") if self._kind is int else CHARACTERS)
        found = self._read(plain)
        state = QValidator.State
        if not allowed:
            return state.Invalid, text or "", place
        good = found is not None and self._low <= found <= self._high
        return state.Acceptable if good else state.Intermediate, text or "", place

    def fixup(self, text: str | None) -> str:
        """Give the number back that was there, in place of a text that is none."""
        return self.textFromValue(self._value)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size for numbers of some digits."""
        self.ensurePolished()
        metrics = self.fontMetrics()
        wanted = QSize(metrics.horizontalAdvance("0" * WIDTH), self._edit.sizeHint().height())
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        style, kind = self.style(), QStyle.ContentsType.CT_SpinBox
        return wanted if style is None else style.sizeFromContents(kind, option, wanted, self)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the same."""
        return self.sizeHint()

    @property
    def _edit(self) -> Any:
        return self.lineEdit()  # never None here, which the hints of PyQt leave open

    def _plain(self, text: str) -> str:
        return text.strip().replace(self.locale().decimalPoint(), ".")

    def _read(self, plain: str) -> float | None:
        try:
            found = self._kind(plain)
        except ValueError:
            return None
        return found if abs(found) < math.inf else None

    def _on_typed(self, text: str) -> None:
        found = self._read(self._plain(text))
        if found is not None and self._low <= found <= self._high:
            self._take(found)

    def _take(self, value: float) -> None:
        bounded = self._kind(min(max(value, self._low), self._high))
        if bounded != self._value:
            self._value = bounded
            self.valueChanged.emit(bounded)

    def _show(self) -> None:
        self._edit.setText(self.textFromValue(self._value))

    def _next(self, direction: int) -> float:
        """Return the number one step up or down, without the noise of binary fractions."""
        here = Decimal(repr(self._value))
        size = abs(here)
        # Below a power of ten the decade is the smaller one, so that up and down are inverse.
        towards = size.next_plus() if direction * here >= 0 else size.next_minus()
        finest = Decimal(repr(self._usual)).adjusted() - FINEST
        decade = max(towards.adjusted() - 1 if here else finest + FINEST - 1, finest)
        step = Decimal(1).scaleb(decade)
        return float(here + step * direction)


def _written(value: float) -> str:
    """Write a number without zeros at the end; very small and very large ones as powers of ten."""
    if isinstance(value, int):
        return str(value)
    exact = Decimal(repr(value))
    small = exact and SMALLEST <= exact.adjusted() < 0
    return f"{exact:f}" if small else repr(value).removesuffix(".0")
