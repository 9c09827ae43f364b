"""Choosers of named things, such as layers; they keep the choice when the things change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QSizePolicy

__all__ = ["Checklist", "Chooser"]

LINES: Final = 5


class Chooser(QComboBox):
    """A combo box of named things, which keeps its choice when the things change.

    Parameters
    ----------
    tooltip : str
        What is chosen here.
    nothing : str
        What it shows when there is nothing to choose.
    """

    chosen = Signal()

    def __init__(self, tooltip: str, nothing: str = "") -> None:
        super().__init__()
        self.setPlaceholderText(nothing)
        self._things: list[Any] = []
        self.setToolTip(tooltip)
        # A long layer name must not widen the dock.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentIndexChanged.connect(lambda _: self.chosen.emit())

    @property
    def thing(self) -> Any:
        """What is chosen; None when there is nothing."""
        index = self.currentIndex()
        return self._things[index] if 0 <= index < len(self._things) else None

    def choose(self, thing: Any) -> None:
        """Choose something, if it is there.

        Parameters
        ----------
        thing : object
            One of the things.
        """
        # Layers come as proxies: equal, never identical.
        index = next((i for i, each in enumerate(self._things) if each == thing), None)
        if index is not None:
            self.setCurrentIndex(index)

    def offer(self, named: Sequence[tuple[str, Any]]) -> None:
        """Offer other things.

        Parameters
        ----------
        named : sequence of (str, object)
            In the order of the menu.
        """
        before = self.thing
        blocked = self.blockSignals(True)
        self.clear()
        self._things = [thing for _, thing in named]
        self.addItems([name for name, _ in named])
        # With a placeholder Qt chooses nothing by itself.
        self.setCurrentIndex(0 if named else -1)
        self.choose(before)
        self.blockSignals(blocked)
        self.chosen.emit()


class Checklist(QListWidget):
    """Named things with a check mark each, which stay checked when the things change.

    Parameters
    ----------
    tooltip : str
        What is chosen here.
    """

    chosen = Signal()

    def __init__(self, tooltip: str) -> None:
        super().__init__()
        self._things: list[Any] = []
        self.setToolTip(tooltip)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.itemChanged.connect(lambda _: self.chosen.emit())

    @property
    def things(self) -> list[Any]:
        """What is checked, in order."""
        return [thing for thing, item in self._pairs() if _checked(item)]

    def check(self, things: Sequence[Any]) -> None:
        """Check some things, and no others.

        Parameters
        ----------
        things : sequence of object
            Those of them that are there.
        """
        for thing, item in self._pairs():
            state = Qt.CheckState.Checked if thing in things else Qt.CheckState.Unchecked
            item.setCheckState(state)

    def offer(self, named: Sequence[tuple[str, Any]]) -> None:
        """Offer other things.

        Parameters
        ----------
        named : sequence of (str, object)
            In order.
        """
        before = self.things
        blocked = self.blockSignals(True)
        self.clear()
        self._things = [thing for _, thing in named]
        for name, _ in named:
            self.addItem(QListWidgetItem(name))
        self.check(before)
        self.blockSignals(blocked)
        lines = min(max(len(named), 1), LINES)
        self.setFixedHeight(lines * (self.fontMetrics().height() + 6) + 6)
        self.chosen.emit()

    def _pairs(self) -> list[tuple[Any, QListWidgetItem]]:
        items = [self.item(row) for row in range(self.count())]
        return [(t, i) for t, i in zip(self._things, items, strict=False) if i is not None]


def _checked(item: QListWidgetItem) -> bool:
    return item.checkState() == Qt.CheckState.Checked
