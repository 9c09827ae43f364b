"""Small pieces of the docks: folds, choosers of layers, panels of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_selfseg.widgets.form import defaults, fill, make_form, values

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameter, Parameters

__all__ = ["Checklist", "Chooser", "Fold", "Pages", "ParameterPanel", "beside", "rows", "stacked"]

SHOWN: Final = 5
LAST: Final = ("seed",)
LABELS: Final = 130  # pixels


class Fold(QWidget):
    """A line of text that opens and closes what is below it.

    Parameters
    ----------
    title : str
        The line.
    content : QWidget
        What is below; closed at first.
    """

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setAutoRaise(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.toggled.connect(self._toggle)
        self._content = content
        layout = stacked(self)
        layout.addWidget(self._button)
        layout.addWidget(content)
        self._toggle(False)

    def _toggle(self, opened: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow
        self._button.setArrowType(arrow)
        self._content.setVisible(opened)


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
        lines = min(max(len(named), 1), SHOWN)
        self.setFixedHeight(lines * (self.fontMetrics().height() + 6) + 6)
        self.chosen.emit()

    def _pairs(self) -> list[tuple[Any, QListWidgetItem]]:
        items = [self.item(row) for row in range(self.count())]
        return [(t, i) for t, i in zip(self._things, items, strict=False) if i is not None]


def _checked(item: QListWidgetItem) -> bool:
    return item.checkState() == Qt.CheckState.Checked


class Pages(QWidget):
    """Panels of parameters, of which at most one is shown; as high as that one."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._panels: list[ParameterPanel] = []
        self._layout = stacked(self)

    @property
    def current(self) -> ParameterPanel | None:
        """The panel shown."""
        return next((each for each in self._panels if not each.isHidden()), None)

    def fill(self, kinds: Sequence[type[Parameters]]) -> None:
        """Make the panels, none of them shown.

        Parameters
        ----------
        kinds : sequence of type
            Whose parameters.
        """
        for kind in kinds:
            panel = ParameterPanel(kind)
            panel.hide()
            panel.changed.connect(self.changed)
            self._panels.append(panel)
            self._layout.addWidget(panel)

    def turn_to(self, kind: object) -> None:
        """Show one panel.

        Parameters
        ----------
        kind : object
            Whose parameters; anything else shows none.
        """
        for panel in self._panels:
            panel.setVisible(panel.kind is kind)


class ParameterPanel(QWidget):
    """The form of a method or an algorithm: the first parameters, and a fold with the rest.

    Parameters
    ----------
    kind : type
        Whose parameters.
    shown : int
        How many stay outside the fold.
    """

    changed = Signal()

    def __init__(self, kind: type[Parameters], shown: int = SHOWN) -> None:
        super().__init__()
        self.kind = kind
        ordered = _ordered(kind.declared())
        self._forms = [make_form(part) for part in (ordered[:shown], ordered[shown:]) if part]
        layout = stacked(self)
        for position, form in enumerate(self._forms):
            form.changed.connect(lambda *_: self.changed.emit())
            lines = rows([(each.label, each.native) for each in form])
            layout.addWidget(Fold("More parameters", lines) if position else lines)

    def values(self) -> dict[str, Any]:
        """Return what is filled in.

        Returns
        -------
        dict
            Values by parameter.
        """
        found: dict[str, Any] = {}
        for form in self._forms:
            found |= values(form)
        return found

    def fill(self, values: dict[str, Any]) -> None:
        """Fill in other values.

        Parameters
        ----------
        values : dict
            Values by parameter; the others stay.
        """
        for form in self._forms:
            fill(form, values)

    def reset(self) -> None:
        """Fill in the defaults."""
        self.fill(defaults(self.kind.declared()))


def stacked(widget: QWidget) -> QVBoxLayout:
    """Give a widget a vertical layout without margins.

    Parameters
    ----------
    widget : QWidget
        Without a layout.

    Returns
    -------
    QVBoxLayout
    """
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    return layout


def _ordered(declared: Sequence[Parameter]) -> list[Parameter]:
    """Keep the order of declaration, but what every method inherits comes last."""
    return sorted(declared, key=lambda each: each.name in LAST)


def rows(named: Sequence[tuple[str, QWidget]]) -> QWidget:
    """Lay out widgets line by line, with labels of one width everywhere.

    Parameters
    ----------
    named : sequence of (str, QWidget)
        Label and widget of each line.

    Returns
    -------
    QWidget
    """
    page = QWidget()
    layout = QFormLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setVerticalSpacing(4)
    for text, widget in named:
        label = QLabel(text)
        label.setWordWrap(True)
        label.setFixedWidth(LABELS)
        label.setToolTip(widget.toolTip())
        layout.addRow(label, widget)
    return page


def beside(*widgets: QWidget, first: int = 1) -> QHBoxLayout:
    """Lay out widgets in a line.

    Parameters
    ----------
    *widgets : QWidget
        From the left.
    first : int
        Share of the first one; the others have 1.

    Returns
    -------
    QHBoxLayout
    """
    layout = QHBoxLayout()
    for position, each in enumerate(widgets):
        layout.addWidget(each, stretch=1 if position else first)
    return layout
