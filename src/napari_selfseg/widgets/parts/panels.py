"""Small pieces of the docks: folds, choosers of layers, panels of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_selfseg.widgets.parts.access.accessible import labelled
from napari_selfseg.widgets.parts.form import defaults, fill, make_form, usable, values
from napari_selfseg.widgets.parts.style import title

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameter, Parameters

__all__ = [
    "Fold",
    "Pages",
    "ParameterPanel",
    "at_the_end",
    "beside",
    "filled",
    "rows",
    "stacked",
]

SHOWN: Final = 5
LAST: Final = ("seed", "outlines")
LABELS: Final = 108  # pixels


class Fold(QWidget):
    """A line of text that opens and closes what is below it, which is closed at first."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.toggled.connect(self._toggle)
        self._content = content
        layout = stacked(self)
        layout.addWidget(self.button)
        layout.addWidget(content)
        self._toggle(False)

    def _toggle(self, opened: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow
        self.button.setArrowType(arrow)
        self._content.setVisible(opened)


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
        """Make the panels of these kinds, none of them shown."""
        for kind in kinds:
            panel = ParameterPanel(kind)
            panel.hide()
            panel.changed.connect(self.changed)
            self._panels.append(panel)
            self._layout.addWidget(panel)

    def all_values(self) -> dict[str, dict[str, Any]]:
        """Return values that differ from the defaults, by parameter, by the name of the kind."""
        found = {each.kind.name: each.changes() for each in self._panels}
        return {name: values for name, values in found.items() if values}

    def fill_all(self, values: Mapping[str, Any]) -> None:
        """Fill in all panels with values from `all_values`, perhaps of another version.

        Values that are not allowed, or missing, are as declared.
        """
        for panel in self._panels:
            given = values.get(panel.kind.name, {})
            panel.reset()
            panel.fill(usable(panel.kind, given))

    def suggest(self, values: Callable[[type[Parameters]], dict[str, Any]]) -> None:
        """Fill in what suits better than the defaults, where nobody filled in anything else.

        `values` returns what is suggested for a kind.
        """
        for panel in self._panels:
            panel.suggest(values(panel.kind))

    def turn_to(self, kind: object) -> None:
        """Show the panel of a kind; none for anything else."""
        for panel in self._panels:
            panel.setVisible(panel.kind is kind)


class ParameterPanel(QWidget):
    """The form of a method or an algorithm: the first parameters, and a fold with the rest.

    `shown` of them stay outside the fold.
    """

    changed = Signal()

    def __init__(self, kind: type[Parameters], shown: int = SHOWN) -> None:
        super().__init__()
        self.kind = kind
        self._suggested: dict[str, Any] = {}
        ordered = _ordered(kind)
        self._forms = [make_form(part) for part in (ordered[:shown], ordered[shown:]) if part]
        layout = stacked(self)
        for position, form in enumerate(self._forms):
            form.changed.connect(lambda *_: self.changed.emit())
            lines = rows([(each.label, each.native) for each in form])
            layout.addWidget(Fold("More parameters", lines) if position else lines)

    def values(self) -> dict[str, Any]:
        """Return what is filled in, by parameter."""
        found: dict[str, Any] = {}
        for form in self._forms:
            found |= values(form)
        return found

    def fill(self, values: dict[str, Any]) -> None:
        """Fill in other values by parameter; the others stay."""
        for form in self._forms:
            fill(form, values)

    @property
    def usual(self) -> dict[str, Any]:
        """The defaults, and in their place what was suggested."""
        return defaults(self.kind.declared()) | self._suggested

    def changes(self) -> dict[str, Any]:
        """Return what is filled in and is not as usual."""
        usual = self.usual
        return {name: value for name, value in self.values().items() if value != usual[name]}

    def suggest(self, values: dict[str, Any]) -> None:
        """Fill in what suits better than the defaults, where nobody filled in anything else.

        The values replace those that were suggested before.
        """
        changed = self.changes()
        self._suggested = dict(values)
        usual = self.usual
        self.fill({name: value for name, value in usual.items() if name not in changed})

    def reset(self) -> None:
        """Fill in what is usual."""
        self.fill(self.usual)


def stacked(widget: QWidget) -> QVBoxLayout:
    """Give a widget a vertical layout without margins."""
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    return layout


def filled(page: QWidget, *items: str | QWidget | QLayout) -> QWidget:
    """Fill a page of a dock from the top, and return it; text is a title."""
    layout = stacked(page)
    layout.setContentsMargins(0, 0, 6, 0)  # beside a bar to scroll
    head: QLabel | None = None
    for each in items:
        made = title(each) if isinstance(each, str) else each
        if isinstance(made, QLayout):
            layout.addLayout(made)
        else:
            layout.addWidget(made)
        first = _first(made)
        if head is not None and first is not None:
            labelled(head, first)
        head = made if isinstance(made, QLabel) and isinstance(each, str) else None
    layout.addStretch(1)
    return page


def _first(item: QWidget | QLayout) -> QWidget | None:
    """Return what a title above it is about."""
    if isinstance(item, QLayout):
        place = item.itemAt(0)
        return None if place is None else place.widget()
    return item


def _ordered(kind: type[Parameters]) -> list[Parameter]:
    """Begin with what matters most; of the rest, what every method inherits comes last."""
    first = {name: place for place, name in enumerate(kind.foremost)}

    def place(each: Parameter) -> tuple[int, bool]:
        return first.get(each.name, len(first)), each.name in LAST

    return sorted(kind.declared(), key=place)


def rows(named: Sequence[tuple[str, QWidget]]) -> QWidget:
    """Lay out widgets line by line, with labels of one width everywhere."""
    page = QWidget()
    layout = QFormLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setVerticalSpacing(4)
    for text, widget in named:
        label = QLabel(text)
        label.setWordWrap(True)
        label.setFixedWidth(LABELS)
        label.setToolTip(widget.toolTip())
        labelled(label, widget)
        layout.addRow(label, widget)
    return page


def at_the_end(widget: QWidget) -> QHBoxLayout:
    """Lay out what is rarely wanted: as small as it can be, on the right."""
    layout = QHBoxLayout()
    layout.addStretch(1)
    layout.addWidget(widget)
    return layout


def beside(*widgets: QWidget, first: int = 1) -> QHBoxLayout:
    """Lay out widgets in a line; the `first` is the share of the first, the others have 1."""
    layout = QHBoxLayout()
    for position, each in enumerate(widgets):
        layout.addWidget(each, stretch=1 if position else first)
    return layout
