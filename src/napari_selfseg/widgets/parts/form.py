"""Forms made from declared parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from magicgui.application import use_app
from magicgui.widgets import CheckBox, ComboBox, Container, FileEdit, create_widget
from magicgui.widgets.bases import BaseValueWidget, RangedWidget, Widget
from qtpy.QtWidgets import QWidget

from napari_selfseg.widgets.parts.number_box import NumberBox
from napari_selfseg.widgets.parts.style import narrowed

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameter, Parameters

__all__ = ["FloatBox", "IntBox", "defaults", "fill", "make_form", "usable", "values"]

BUTTON: Final = 32  # pixels


def make_form(declared: Iterable[Parameter]) -> Container:
    """Build a form that shows the defaults, with one widget a parameter, of the same name."""
    return Container(widgets=[_field(each) for each in declared], labels=True)


def values(form: Container) -> dict[str, Any]:
    """Return what a form shows, by parameter."""
    return {each.name: each.value for each in form if isinstance(each, BaseValueWidget)}


def fill(form: Container, values: Mapping[str, Any]) -> None:
    """Show other values by parameter; those of other parameters are ignored."""
    for each in form:
        if isinstance(each, BaseValueWidget) and each.name in values:
            each.value = values[each.name]


def defaults(declared: Iterable[Parameter]) -> dict[str, Any]:
    """Return the declared defaults by parameter."""
    return {each.name: each.default for each in declared}


def usable(kind: type[Parameters], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored values that can be used; none where this version refuses them.

    They may be those of another version.
    """
    known = {each.name for each in kind.declared()} & set(stored)
    try:
        made = kind(**{name: stored[name] for name in known})
    except ValueError:
        return {}
    return {name: getattr(made, name) for name in known}


def _field(parameter: Parameter) -> Widget:
    made = create_widget(
        value=parameter.default,
        annotation=parameter.type,
        name=parameter.name,
        label=parameter.label,
        options=_options(parameter),
    )
    if isinstance(made, CheckBox):
        made.native.setText("")  # the label beside it says the same
    if isinstance(made, ComboBox):
        narrowed(made.native)
    if isinstance(made, _Number):
        made.native.setUsual(parameter.default)
    return made


def _options(parameter: Parameter) -> dict[str, Any]:
    options: dict[str, Any] = {"tooltip": _tooltip(parameter)}
    if parameter.choices:
        options |= {"widget_type": "ComboBox", "choices": parameter.choices}
    elif parameter.path:
        options["widget_type"] = PathBox
    elif parameter.type in (int, float):
        low = -math.inf if parameter.minimum is None else parameter.minimum
        high = math.inf if parameter.maximum is None else parameter.maximum
        box = IntBox if parameter.type is int else FloatBox
        options |= {"min": low, "max": high, "widget_type": box}
    return options


class _Number(RangedWidget):
    """A spin box of ours; magicgui's own round floats."""

    def __init__(self, box: type[NumberBox], **options: Any) -> None:
        super().__init__(**{**options, "widget_type": _backend(box)})

    def set_value(self, value: Any) -> None:
        """Show a number; of what RangedWidget compares as floats, integers differ beyond 2**53."""
        if not self.min <= value <= self.max:
            allowed = f"({self.min}, {self.max})"
            raise ValueError(f"value {value} is outside of the allowed range: {allowed}")
        self._widget._mgui_set_value(value)


class _Integers(NumberBox):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(int, parent)


class IntBox(_Number):
    """A spin box of integers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(_Integers, **options)


class FloatBox(_Number):
    """A spin box of floats."""

    def __init__(self, **options: Any) -> None:
        super().__init__(NumberBox, **options)


class PathBox(FileEdit):
    """The name of a file as it is, and none at first; magicgui's own shows a folder then."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.choose_btn.text = "..."
        self.choose_btn.native.setFixedWidth(BUTTON)
        self.choose_btn.tooltip = "Choose a file."
        self.choose_btn.native.setAccessibleName("Choose a file")

    def get_value(self) -> Any:
        """Return what is written."""
        return str(self.line_edit.value)

    def set_value(self, value: Any) -> None:
        """Write another name."""
        self.line_edit.value = str(value)


def _backend(box: type[NumberBox]) -> type:
    theirs: Any = use_app("qt").get_obj("FloatSpinBox")

    class Backend(theirs):
        def __init__(self, **options: Any) -> None:
            # Past the constructor of `theirs`, which takes Qt's own spin box.
            super(theirs, self).__init__(box, **options)

        def _mgui_set_value(self, value: Any) -> None:
            self._qwidget.setValue(value)

        def _mgui_set_step(self, value: float) -> None:
            """Leave steps to the box, which suits them to the number."""

        def _mgui_set_adaptive_step(self, value: bool) -> None:
            """The same."""

        def _mgui_get_adaptive_step(self) -> bool:
            return True

    return Backend


def _tooltip(parameter: Parameter) -> str:
    parts = [parameter.help]
    if parameter.default != "":
        parts.append(f"Default: {parameter.default}.")
    if parameter.source:
        parts.append(f"Source: {parameter.source}.")
    parts.append(f"In Python and on the command line: {parameter.name}.")
    return "<p>" + "</p><p>".join(parts) + "</p>"
