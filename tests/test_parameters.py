"""What a field declares is what everybody reads back."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_selfseg.parameters import (
    Parameter,
    ParameterError,
    Parameters,
    named,
    parameter,
    parse,
    restore,
)


class Soup(Parameters):
    name: ClassVar[str] = "soup"
    title: ClassVar[str] = "Soup"

    litres: int = parameter(2, "How much.", minimum=1, maximum=9, unit="litres", source="page 7")
    salt_weight: float = parameter(0.5, "How salty.", minimum=0)
    hot: bool = parameter(True, "Whether it is hot.")
    kind: Literal["leek", "pea"] = parameter("pea", "What is in it.")


class Bread(Parameters):
    name: ClassVar[str] = "bread"
    title: ClassVar[str] = "Bread"


relaxed = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
KNOWN = (Soup, Bread)
SOUPS = st.builds(
    Soup,
    litres=st.integers(1, 9),
    salt_weight=st.floats(0, allow_infinity=False),
    hot=st.booleans(),
    kind=st.sampled_from(["leek", "pea"]),
)


def test_declaration_is_read_back():
    assert Soup.declared() == (
        Parameter("litres", int, 2, 1, 9, (), "How much.", "litres", "page 7"),
        Parameter("salt_weight", float, 0.5, 0, None, (), "How salty.", "", ""),
        Parameter("hot", bool, True, None, None, (), "Whether it is hot.", "", ""),
        Parameter("kind", str, "pea", None, None, ("leek", "pea"), "What is in it.", "", ""),
    )


def test_label_and_flag():
    litres, salt, *_ = Soup.declared()
    assert (litres.label, litres.flag) == ("Litres (litres)", "--litres")
    assert (salt.label, salt.flag) == ("Salt weight", "--salt-weight")
    assert replace(litres, words="How much").label == "How much (litres)"


def test_defaults_are_the_declared_ones():
    soup = Soup()
    assert {each.name: getattr(soup, each.name) for each in Soup.declared()} == soup.model_dump()
    assert soup.model_dump() == {"litres": 2, "salt_weight": 0.5, "hot": True, "kind": "pea"}


@pytest.mark.parametrize("litres", [1, 9, np.int64(4)])
def test_bounds_belong_to_the_range(litres):
    assert Soup(litres=litres).litres == litres


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"litres": 0}, "Soup: litres must be greater than or equal to 1, not 0."),
        ({"litres": 10}, "Soup: litres must be less than or equal to 9, not 10."),
        ({"litres": 2.5}, "Soup: litres must be a valid integer, .*, not 2.5."),
        ({"litres": None}, "Soup: litres must be a valid integer, not None."),
        ({"salt_weight": float("nan")}, "Soup: salt_weight must be a finite number, not nan."),
        ({"salt_weight": float("inf")}, "Soup: salt_weight must be a finite number, not inf."),
        ({"salt_weight": -0.1}, "Soup: salt_weight must be greater than or equal to 0, not -0.1."),
        ({"salt_weight": "much"}, "Soup: salt_weight must be a valid number, .*, not 'much'."),
        ({"hot": "tepid"}, "Soup: hot must be a valid boolean, .*, not 'tepid'."),
        ({"kind": "beet"}, "Soup: kind must be 'leek' or 'pea', not 'beet'."),
        ({"litre": 2}, r"Soup has no parameter 'litre' \(did you mean litres\?\)."),
        ({"zzz": 2}, "Soup has no parameter 'zzz'."),
        ({"self": 2}, "Soup has no parameter 'self'."),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(values, sentence):
    with pytest.raises(ParameterError, match=f"^{sentence}$"):
        Soup(**values)


def test_refusals_are_value_errors_without_a_chain():
    with pytest.raises(ValueError, match="litres") as caught:
        Soup(litres=0)
    assert caught.value.__suppress_context__


def test_records_are_frozen_equal_by_value_and_hashable():
    soup = Soup(litres=3)
    with pytest.raises(ValueError, match="frozen"):
        soup.litres = 4
    assert soup.litres == 3
    assert soup == Soup(litres=3) != Soup()
    assert len({soup, Soup(litres=3), Soup()}) == 2


def test_replace_changes_a_copy_and_checks_it():
    soup = Soup(hot=False)
    assert soup.replace(litres=4) == Soup(litres=4, hot=False)
    assert soup == Soup(hot=False)
    with pytest.raises(ParameterError, match="litres must be"):
        soup.replace(litres=0)


@relaxed
@given(SOUPS)
def test_dict_and_pickle_make_the_same_record_again(soup):
    assert restore(soup.as_dict(), KNOWN, "dish") == soup
    assert pickle.loads(pickle.dumps(soup)) == soup


@relaxed
@given(SOUPS)
def test_text_makes_the_same_record_again(soup):
    pairs = ",".join(f"{key}={value!r}" for key, value in soup.model_dump().items())
    assert parse(f"soup:{pairs}".replace("'", ""), KNOWN, "dish") == soup


def test_dict_is_plain_and_complete():
    assert Soup().as_dict() == {
        "name": "soup",
        "litres": 2,
        "salt_weight": 0.5,
        "hot": True,
        "kind": "pea",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("soup", Soup()),
        ("soup:", Soup()),
        (" soup : litres = 3 , hot = no ", Soup(litres=3, hot=False)),
        ("soup:salt-weight=1e-3,", Soup(salt_weight=1e-3)),
        ("bread", Bread()),
    ],
)
def test_text_is_read(text, expected):
    assert parse(text, KNOWN, "dish") == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("stew", "There is no dish 'stew'; known are soup, bread."),
        ("", "There is no dish ''; known are soup, bread."),
        ("soup:litres", "Cannot read 'soup:litres': write soup:field=value,field=value."),
        ("soup:litres=", "Soup: litres must be a valid integer, .*, not ''."),
        ("soup:litres=0", "Soup: litres must be greater than or equal to 1, not '0'."),
        ("soup:name=bread", "Soup has no parameter 'name'."),
    ],
)
def test_text_that_cannot_be_read_is_refused(text, sentence):
    with pytest.raises(ParameterError, match=f"^{sentence}$"):
        parse(text, KNOWN, "dish")


@pytest.mark.parametrize("values", [{}, {"name": "stew"}, {"name": None}, {"litres": 2}])
def test_restoring_an_unknown_name_is_refused(values):
    with pytest.raises(ParameterError, match=r"There is no dish .*; known are soup, bread."):
        restore(values, KNOWN, "dish")


def test_restoring_leaves_the_dict_alone():
    values = Soup().as_dict()
    restore(values, KNOWN, "dish")
    assert values == Soup().as_dict()


def test_named_finds_the_class():
    assert named("bread", KNOWN, "dish") is Bread
