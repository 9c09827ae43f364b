"""Choosers of named things, such as layers; they keep the choice when the things change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QComboBox,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
)
from superqt.utils import signals_blocked

from napari_selfseg.parameters import Parameters
from napari_selfseg.widgets.parts.contrast import hinted
from napari_selfseg.widgets.parts.following import Scene, followed
from napari_selfseg.widgets.parts.style import button, narrowed, shortened

__all__ = ["Checklist", "Chooser", "LayerChooser", "titled"]

LINES: Final = 5
FIELD: Final = QStyle.SubControl.SC_ComboBoxEditField
EDGES: Final = 6  # pixels around the text in it
FOLLOW: Final = "Follow"
FOLLOWING: Final = (
    "The layer that is selected in the list of layers is chosen here. Choose by hand to keep one."
)
KEPT: Final = "Chosen by hand: press to follow the layer that is selected in the list of layers."


def titled(kinds: Sequence[type[Parameters]]) -> list[tuple[str, type[Parameters]]]:
    """Return methods or algorithms as a chooser offers them, by their titles."""
    return [(each.title, each) for each in kinds]


class Chooser(QComboBox):
    """A combo box of named things, which keeps its choice when the things change.

    What is too long for it is shortened in the middle: names of layers differ at their ends.

    `nothing` is shown when there is nothing to choose.
    """

    chosen = Signal()

    def __init__(self, tooltip: str, nothing: str = "") -> None:
        super().__init__()
        hinted(self, nothing)
        self._things: list[Any] = []
        self.setToolTip(tooltip)
        narrowed(self)
        self.currentIndexChanged.connect(lambda _: self.chosen.emit())

    @property
    def shown(self) -> str:
        """What is read in the closed box."""
        return self._option().currentText or ""

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """See `QComboBox.paintEvent`, which cuts a long text off at its end."""
        if self.currentIndex() < 0:  # what stands there for none has a colour of its own
            super().paintEvent(event)
            return
        painter, option = QStylePainter(self), self._option()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _option(self) -> QStyleOptionComboBox:
        option, style = QStyleOptionComboBox(), self.style()
        self.initStyleOption(option)
        if style is not None:
            parts = QStyle.ComplexControl.CC_ComboBox, option, FIELD, self
            width = style.subControlRect(*parts).width() - EDGES
            middle = Qt.TextElideMode.ElideMiddle
            option.currentText = self.fontMetrics().elidedText(option.currentText, middle, width)
        return option

    @property
    def thing(self) -> Any:
        """What is chosen; None when there is nothing."""
        index = self.currentIndex()
        return self._things[index] if 0 <= index < len(self._things) else None

    def choose(self, thing: Any) -> None:
        """Choose something, if it is there."""
        # Layers come as proxies: equal, never identical.
        index = next((i for i, each in enumerate(self._things) if each == thing), None)
        if index is not None:
            self.setCurrentIndex(index)

    def offer_words(self, words: Sequence[str]) -> None:
        """Offer things that are shown as they are."""
        self.offer([(each, each) for each in words])

    def offer(self, named: Sequence[tuple[str, Any]], wanted: Any = None) -> None:
        """Offer other things, in the order of the menu.

        `wanted` is chosen of them; by default what was chosen before, where it is still there.
        """
        before = self.thing if wanted is None else wanted
        with signals_blocked(self):
            self.clear()
            self._things = [thing for _, thing in named]
            self.addItems([name for name, _ in named])
            # With a placeholder Qt chooses nothing by itself.
            self.setCurrentIndex(0 if named else -1)
            self.choose(before)
        self.chosen.emit()


class LayerChooser(Chooser):
    """A chooser of layers that follows the active one until somebody chooses by hand.

    Attributes
    ----------
    follow : QPushButton
        Pressed while it follows; to be laid out beside it.
    """

    def __init__(self, tooltip: str, nothing: str = "") -> None:
        super().__init__(tooltip, nothing)
        self._scene = Scene()
        self._kept: Sequence[Any] = ()
        self._showing = False
        self.follow = button(FOLLOW, FOLLOWING)
        self.follow.setCheckable(True)
        self.follow.toggled.connect(self._on_follow)
        self.follow.setChecked(True)
        # A program's choice is one by hand as well; the same entry chosen again changes no index.
        self.currentIndexChanged.connect(lambda _: self._on_choice())
        self.activated.connect(lambda _: self._on_choice())

    @property
    def by_hand(self) -> bool:
        """Whether somebody chose what is shown."""
        return not self.follow.isChecked()

    def show_scene(self, scene: Scene, kept: Sequence[Any] = ()) -> None:
        """Offer the layers there are, and show the active one unless somebody chose by hand.

        `kept` is as for `followed`.
        """
        before, self._scene, self._kept = self._scene, scene, kept
        if self.by_hand and self.thing not in scene.things:
            self.follow.setChecked(True)
        if list(before.offered) == list(scene.offered) and self.count():
            self._look()
            return
        wanted = followed(scene, self.thing, by_hand=self.by_hand, kept=kept)
        self._quietly(lambda: self.offer(scene.offered, wanted))

    def show_one(self, layer: Any) -> None:
        """Show a layer that nobody chose; the next that is selected follows."""
        self._quietly(lambda: self.choose(layer))

    def _look(self) -> None:
        wanted = followed(self._scene, self.thing, by_hand=self.by_hand, kept=self._kept)
        self._quietly(lambda: self.choose(wanted))

    def _quietly(self, show: Callable[[], None]) -> None:
        """Show something that nobody chose."""
        self._showing = True
        try:
            show()
        finally:
            self._showing = False

    def _on_choice(self) -> None:
        if not self._showing:
            self.follow.setChecked(False)

    def _on_follow(self, follows: bool) -> None:
        self.follow.setToolTip(FOLLOWING if follows else KEPT)
        if follows:
            self._look()


class Checklist(QListWidget):
    """Named things with a check mark each, which stay checked when the things change."""

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
        """Check those of some things that are there, and no others."""
        for thing, item in self._pairs():
            state = Qt.CheckState.Checked if thing in things else Qt.CheckState.Unchecked
            item.setCheckState(state)

    def offer(self, named: Sequence[tuple[str, Any]]) -> None:
        """Offer other things, in order."""
        before = self.things
        with signals_blocked(self):
            self.clear()
            self._things = [thing for _, thing in named]
            for name, _ in named:
                self.addItem(QListWidgetItem(name))
            shortened(self)
            self.check(before)
        lines = min(max(len(named), 1), LINES)
        self.setFixedHeight(lines * (self.fontMetrics().height() + 6) + 6)
        self.chosen.emit()

    def _pairs(self) -> list[tuple[Any, QListWidgetItem]]:
        items = [self.item(row) for row in range(self.count())]
        return [(t, i) for t, i in zip(self._things, items, strict=False) if i is not None]


def _checked(item: QListWidgetItem) -> bool:
    return item.checkState() == Qt.CheckState.Checked
