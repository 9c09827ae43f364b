"""What goes in comes out, for every parameter: of forms, files, flags and scripts."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import napari_selfseg as ss
from napari_selfseg.catalogue import METHODS, SUPERPIXELS
from napari_selfseg.cli._options._common import Parser, add_parameters, values_of
from napari_selfseg.io import ContourMap
from napari_selfseg.parameters import Parameter, ParameterError, parse, restore
from napari_selfseg.record import dumps
from napari_selfseg.replaying._calls import constructed
from napari_selfseg.scale import Recipe
from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.parts.form import defaults
from napari_selfseg.widgets.parts.panels import ParameterPanel
from napari_selfseg.widgets.views.preset_bar import PresetBar

KINDS = (*METHODS, *SUPERPIXELS, ContourMap)
EACH = [pytest.param(each, id=each.name) for each in KINDS]
# Where nothing bounds an integer: more than 32 and 64 bits.
LARGE = 2**70
# A line of a file's name, as a widget for one line can hold it.
LINES = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=12)

pytestmark = pytest.mark.usefixtures("qapp")
few = settings(
    deadline=None,
    max_examples=15,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def allowed(parameter: Parameter) -> st.SearchStrategy:
    """Any value a parameter may have, and its bounds and small values more often."""
    low, high = parameter.minimum, parameter.maximum
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.type is bool:
        return st.booleans()
    if parameter.type is str:
        return LINES
    edges = [each for each in (low, high, parameter.default) if each is not None]
    if parameter.type is int:
        free = st.integers(-LARGE if low is None else low, LARGE if high is None else high)
    else:
        free = st.floats(low, high, allow_nan=False, allow_infinity=False)
        edges += [each for each in (0.0003, 0.0005, 0.001, 1e-9) if within(each, low, high)]
    return st.sampled_from([parameter.type(each) for each in edges]) | free


def within(value, low, high):
    return (low is None or value >= low) and (high is None or value <= high)


def everything(kind) -> st.SearchStrategy:
    """Records of a kind, with any values that go together."""
    values = st.fixed_dictionaries({each.name: allowed(each) for each in kind.declared()})
    return values.map(lambda found: made(kind, found)).filter(lambda one: one is not None)


def made(kind, values):
    try:
        return kind(**values)
    except ParameterError:  # each is allowed, but not together
        return None


def declared(one):
    return {each.name: getattr(one, each.name) for each in one.declared()}


def same(found, expected):
    """Equal, and of one type: 1 is not 1.0 in a file."""
    assert found == expected
    assert {name: type(each) for name, each in found.items()} == {
        name: type(each) for name, each in expected.items()
    }


@pytest.mark.parametrize("kind", EACH)
def test_a_form_gives_what_was_filled_in(kind):
    panel = ParameterPanel(kind)

    @few
    @given(one=everything(kind))
    def check(one):
        panel.fill(declared(one))
        same(panel.values(), declared(one))

    check()


@pytest.mark.parametrize("kind", EACH)
def test_records_recipes_flags_and_scripts_give_what_was_written(kind):
    parser = Parser(allow_abbrev=False)
    add_parameters(parser, "", kind.declared())
    # A method and an algorithm may have one name: a record says which of them is meant.
    known = [each for each in KINDS if each is kind or each.name != kind.name]

    @few
    @given(one=everything(kind))
    def check(one):
        assert restore(json.loads(json.dumps(one.as_dict())), known, "kind") == one
        flags = [flag(each, getattr(one, each.name)) for each in kind.declared()]
        given_there = values_of(parser.parse_args(flags), kind.declared())
        assert kind(**given_there) == one
        if kind is not ContourMap:
            script = constructed(one)
            assert eval(script, {"ss": ss}) == one

    check()


def flag(parameter, value):
    if parameter.type is bool:
        return parameter.flag if value else parameter.flag.replace("--", "--no-", 1)
    return f"{parameter.flag}={value}"


@pytest.mark.parametrize("kind", [pytest.param(each, id=each.name) for each in SUPERPIXELS])
@few
@given(data=st.data())
def test_superpixels_are_read_as_they_are_written(kind, data):
    one = data.draw(everything(kind))
    pairs = ",".join(f"{name}={value}" for name, value in declared(one).items())
    assert parse(f"{kind.name}:{pairs}", SUPERPIXELS, "algorithm") == one


@few
@given(data=st.data())
def test_records_of_runs_and_recipes_keep_method_and_superpixels(tmp_path, data):
    method = data.draw(st.sampled_from(METHODS).flatmap(everything))
    superpixels = data.draw(st.sampled_from(SUPERPIXELS).flatmap(everything))
    recipe = Recipe(method, superpixels)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe
    recipe.save(tmp_path / "one.json")
    assert Recipe.load(tmp_path / "one.json") == recipe
    written = {"method": method.as_dict(), "superpixels": superpixels.as_dict()}
    assert json.loads(dumps(written))["method"] == method.as_dict()


def bar_of(tmp_path, kind, panel):
    bar = PresetBar(Presets(tmp_path / "presets.json"), panel.values)
    bar.turn_to(kind)
    bar.chosen.connect(panel.fill)
    return bar


@pytest.mark.parametrize("kind", EACH)
def test_presets_give_what_was_filled_in(kind, tmp_path):
    panel = ParameterPanel(kind)
    bar = bar_of(tmp_path, kind, panel)

    @settings(few, max_examples=5)
    @given(one=everything(kind))
    def check(one):
        panel.fill(declared(one))
        bar.names.setEditText("mine")
        bar.save.click()
        panel.reset()
        bar.names.setCurrentIndex(bar.names.findText("mine"))
        bar.names.activated.emit(bar.names.currentIndex())
        same(panel.values(), declared(one))

    check()


@pytest.mark.parametrize("bad", [{"channels": 10**6}, {"channels": "many"}, {"momentum": math.pi}])
def test_a_preset_that_cannot_be_used_is_refused_and_fills_nothing(bad, tmp_path):
    panel = ParameterPanel(ss.Backprop)
    bar = bar_of(tmp_path, ss.Backprop, panel)
    Presets(tmp_path / "presets.json").save("backprop", "bad", {"iterations": 7, **bad, "old": 1})
    bar.turn_to(ss.Backprop)
    said = []
    bar.refused.connect(said.append)
    bar.names.setCurrentIndex(bar.names.findText("bad"))
    bar.names.activated.emit(bar.names.currentIndex())
    assert next(iter(bad)) in said[0]
    assert panel.values() == defaults(ss.Backprop.declared())


def test_a_script_keeps_the_members_of_a_consensus():
    members = (ss.Backprop(channels=7, seed=3), ss.DIC(width=5))
    method = ss.Consensus(members=members, iterations=4)
    assert eval(constructed(method), {"ss": ss}) == method


def test_a_value_may_have_commas():
    found = parse("contour_map:file=a,b (1,2).mat,threshold=0.3", KINDS, "kind")
    assert found == ContourMap(file="a,b (1,2).mat", threshold=0.3)
