from __future__ import annotations

import pytest
from magicgui.widgets import CheckBox, ComboBox

from napari_selfseg.catalogue import METHODS, SUPERPIXELS
from napari_selfseg.consensus import Consensus
from napari_selfseg.io import ContourMap
from napari_selfseg.methods import Backprop
from napari_selfseg.parameters import Parameters, parameter
from napari_selfseg.widgets.parts.form import (
    FloatBox,
    IntBox,
    PathBox,
    defaults,
    fill,
    make_form,
    values,
)
from napari_selfseg.widgets.parts.panels import ParameterPanel

KINDS = [pytest.param(each, id=each.name) for each in (*METHODS, *SUPERPIXELS, ContourMap)]


class Every(Parameters):
    name = "every"
    title = "Every"

    tiny: float = parameter(0.1, "A small number.", minimum=1e-5, maximum=10, source="table 1")
    free: float = parameter(-2.5, "Any number.")
    count: int = parameter(3, "A number.", minimum=1, unit="pixels")
    huge: int = parameter(5, "A number.", minimum=0, maximum=2**40)
    flag: bool = parameter(True, "A switch.")
    file: str = parameter("", "A file.", path=True)


pytestmark = pytest.mark.usefixtures("qapp")


def declared_defaults(kind):
    """Of what is declared; fields that hold others are for Python and JSON."""
    return {each.name: each.default for each in kind.declared()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_gives_the_defaults(kind):
    shown = values(make_form(kind.declared()))
    assert kind(**shown) == kind()
    assert shown == declared_defaults(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_gives_the_defaults_and_every_parameter(kind):
    assert ParameterPanel(kind).values() == declared_defaults(kind)


def field(form, name):
    """The widget of a parameter; a container has attributes of its own, such as a width."""
    return next(each for each in form if each.name == name)


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_are_those_declared(kind):
    form = make_form(kind.declared())
    for each in kind.declared():
        if each.type in (int, float) and each.minimum is not None:
            field(form, each.name).value = each.minimum
            assert values(form)[each.name] == each.minimum
            with pytest.raises(ValueError, match="outside of the allowed range"):
                field(form, each.name).value = each.minimum - 1


def test_every_type_has_its_widget():
    form = make_form(Every.declared())
    kinds = [type(each) for each in form]
    assert kinds == [FloatBox, FloatBox, IntBox, IntBox, CheckBox, PathBox]
    declared = Backprop.declared()
    boxes = [each.name for each in make_form(declared) if isinstance(each, ComboBox)]
    assert boxes == [each.name for each in declared if each.choices]
    assert "variant" in boxes


def test_small_floats_are_not_rounded_away():
    form = make_form(Every.declared())
    fill(form, {"tiny": 0.00003})
    assert values(form)["tiny"] == 0.00003
    form["tiny"].value = form["tiny"].min
    assert values(form)["tiny"] == 1e-5


def test_filling_leaves_the_others_and_reset_brings_the_defaults_back():
    panel = ParameterPanel(Every, shown=2)
    panel.fill({"tiny": 0.5, "flag": False, "unknown": 3})
    changed = {**defaults(Every.declared()), "tiny": 0.5, "flag": False}
    assert panel.values() == changed
    panel.reset()
    assert panel.values() == defaults(Every.declared())


def test_labels_have_units_and_tooltips_have_help_and_source():
    form = make_form(Every.declared())
    assert form["count"].label == "Count (pixels)"
    assert "A small number." in form["tiny"].tooltip
    assert "table 1" in form["tiny"].tooltip


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (1.0, "1"), (10.0, "10"), (0.00003, "0.00003"), (0.10203, "0.10203")],
)
def test_floats_are_shown_without_zeros_at_the_end(value, text):
    box = make_form(Every.declared())["tiny"]
    box.value = value
    assert box.native.text() == text


def test_a_float_can_be_typed(qtbot):
    form = make_form(Every.declared())
    box = form["tiny"].native
    qtbot.addWidget(box)
    box.selectAll()
    qtbot.keyClicks(box, "0.20030")
    assert values(form)["tiny"] == 0.2003
    box.clearFocus()
    box.interpretText()
    assert box.text() == "0.2003"


def test_a_file_is_named_as_it_was_written():
    form = make_form(Every.declared())
    assert values(form)["file"] == ""
    changed = []
    form.changed.connect(lambda: changed.append(values(form)["file"]))
    field(form, "file").line_edit.value = "maps/one.mat"
    assert changed[-1] == "maps/one.mat"
    fill(form, {"file": ""})
    assert values(form)["file"] == ""


def test_the_form_of_a_consensus_begins_with_what_matters_for_every_image(qtbot):
    panel = ParameterPanel(Consensus)
    qtbot.addWidget(panel)
    names = [each.name for each in panel._forms[0]]
    assert names == ["structure", "smallest", "granularity", "n_segments", "networks"]
    assert next(iter(panel._forms[1])).name == "iterations"
