"""What is filled in as plain values, and back; what cannot be filled in any more is left out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from qtpy.QtWidgets import QAbstractButton, QLineEdit, QSpinBox, QWidget

from napari_selfseg.widgets.parts.choosers import Chooser
from napari_selfseg.widgets.parts.number_box import NumberBox
from napari_selfseg.widgets.parts.panels import Pages

__all__ = ["Kept", "fill_in", "filled_in"]

# Controls by the name under which their values are kept.
Kept = Mapping[str, QWidget]


def filled_in(kept: Kept) -> dict[str, Any]:
    """Return what is filled in, as plain JSON.

    `kept` are choosers of what does not depend on an image, numbers, texts, check boxes and other
    buttons that stay pressed, and pages of parameters.
    """
    return {name: _value(control) for name, control in kept.items()}


def fill_in(kept: Kept, state: Mapping[str, Any]) -> None:
    """Fill in a state from `filled_in`, as far as this version and machine know it."""
    for name, control in kept.items():
        if name in state:
            with contextlib.suppress(TypeError, ValueError, OverflowError):
                _put(control, state[name])


def _value(control: QWidget) -> Any:
    match control:
        case Chooser():
            return control.currentText()
        case QAbstractButton():
            return control.isChecked()
        case QLineEdit():
            return control.text()
        case QSpinBox() | NumberBox():
            return control.value()
        case Pages():
            return control.all_values()
    raise TypeError(f"{type(control).__name__} is not kept.")


def _put(control: QWidget, value: Any) -> None:
    match control, value:
        case Chooser(), str():
            if (place := control.findText(value)) >= 0:
                control.setCurrentIndex(place)
        case QAbstractButton(), bool():
            control.setChecked(value)
        case QLineEdit(), str():
            control.setText(value)
        case QSpinBox(), int():
            control.setValue(value)
        case NumberBox(), int() | float():
            control.setValue(value)
        case Pages(), dict():
            control.fill_all(value)
