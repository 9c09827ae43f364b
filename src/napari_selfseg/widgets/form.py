"""Forms made from declared parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from magicgui.application import use_app
from magicgui.widgets import CheckBox, Container, FileEdit, create_widget
from magicgui.widgets.bases import BaseValueWidget, RangedWidget, Widget
from qtpy.QtWidgets import QDoubleSpinBox

if TYPE_CHECKING:
    from napari_selfseg.parameters import Parameter

__all__ = ["FloatBox", "defaults", "fill", "make_form", "values"]

# Qt's spin boxes hold 32-bit integers.
LARGEST_INT: Final = 2**31 - 1
LARGEST_FLOAT: Final = 1e9
FEWEST_DECIMALS: Final = 2
BUTTON: Final = 32  # pixels


def make_form(declared: Iterable[Parameter]) -> Container:
    """Build a form that shows the defaults.

    Parameters
    ----------
    declared : iterable of Parameter
        From `Parameters.declared`.

    Returns
    -------
    magicgui.widgets.Container
        One widget a parameter, of the same name.
    """
    return Container(widgets=[_field(each) for each in declared], labels=True)


def values(form: Container) -> dict[str, Any]:
    """Return what a form shows.

    Parameters
    ----------
    form : Container
        From `make_form`.

    Returns
    -------
    dict
        Values by parameter.
    """
    return {each.name: each.value for each in form if isinstance(each, BaseValueWidget)}


def fill(form: Container, values: Mapping[str, Any]) -> None:
    """Show other values.

    Parameters
    ----------
    form : Container
        From `make_form`.
    values : mapping
        Values by parameter; those of other parameters are left out.
    """
    for each in form:
        if isinstance(each, BaseValueWidget) and each.name in values:
            each.value = values[each.name]


def defaults(declared: Iterable[Parameter]) -> dict[str, Any]:
    """Return the declared defaults.

    Parameters
    ----------
    declared : iterable of Parameter
        From `Parameters.declared`.

    Returns
    -------
    dict
        Values by parameter.
    """
    return {each.name: each.default for each in declared}


def _field(parameter: Parameter) -> Widget:
    options = _options(parameter)
    made = create_widget(
        value=parameter.default,
        annotation=parameter.type,
        name=parameter.name,
        label=parameter.label,
        options=options,
    )
    if isinstance(made, CheckBox):
        made.native.setText("")  # the label beside it says the same
    if isinstance(made, FloatBox):
        # Qt rounds to the decimals at hand: first they, then the bounds and the value again.
        made.native.setDecimals(_decimals(parameter))
        made.min, made.max = options["min"], options["max"]
        made.value = parameter.default
    return made


def _options(parameter: Parameter) -> dict[str, Any]:
    options: dict[str, Any] = {"tooltip": _tooltip(parameter)}
    if parameter.choices:
        options |= {"widget_type": "ComboBox", "choices": parameter.choices}
    elif parameter.path:
        options["widget_type"] = PathBox
    elif parameter.type in (int, float):
        largest = LARGEST_INT if parameter.type is int else LARGEST_FLOAT
        low = -largest if parameter.minimum is None else parameter.minimum
        high = largest if parameter.maximum is None else min(parameter.maximum, largest)
        options |= {"min": parameter.type(low), "max": parameter.type(high)}
        if parameter.type is float:
            options["widget_type"] = FloatBox
    return options


class _ShortFloats(QDoubleSpinBox):
    """Shows as many decimals as a number needs: 0.1, and not 0.10000."""

    def textFromValue(self, value: float) -> str:  # noqa: N802
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text


class FloatBox(RangedWidget):
    """A spin box of floats without zeros at the end; magicgui's own has no option for that."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "widget_type": _backend()})


class PathBox(FileEdit):
    """The name of a file as it is, and none at first; magicgui's own shows a folder then."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.choose_btn.text = "..."
        self.choose_btn.native.setFixedWidth(BUTTON)
        self.choose_btn.tooltip = "Choose a file."

    def get_value(self) -> Any:
        """Return what is written."""
        return str(self.line_edit.value)

    def set_value(self, value: Any) -> None:
        """Write another name."""
        self.line_edit.value = str(value)


def _backend() -> type:
    theirs: Any = use_app("qt").get_obj("FloatSpinBox")

    class Backend(theirs):
        def __init__(self, **options: Any) -> None:
            # Past the constructor of `theirs`, which takes Qt's own spin box.
            super(theirs, self).__init__(_ShortFloats, **options)

    return Backend


def _decimals(parameter: Parameter) -> int:
    told = (parameter.default, parameter.minimum, parameter.maximum)
    exponents = [Decimal(repr(each)).normalize().as_tuple().exponent for each in told if each]
    return max([FEWEST_DECIMALS, *(-each for each in exponents if isinstance(each, int))])


def _tooltip(parameter: Parameter) -> str:
    parts = [parameter.help]
    if parameter.default != "":
        parts.append(f"Default: {parameter.default}.")
    if parameter.source:
        parts.append(f"Source: {parameter.source}.")
    return "<p>" + "</p><p>".join(parts) + "</p>"
