from __future__ import annotations

import math
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qtpy.QtCore import QLocale, Qt

from napari_selfseg.widgets.parts.number_box import NumberBox, number

pytestmark = pytest.mark.usefixtures("qapp")
many = settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@many
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_kept_and_can_be_typed_again(value):
    box = NumberBox()
    box.setValue(value)
    assert box.value() == value
    shown = box.text()
    box.setValue(1.5)
    box.lineEdit().setText(shown)
    box.interpretText()
    assert box.value() == value


@many
@given(value=st.integers(-(2**80), 2**80))
def test_every_integer_is_kept(value):
    for kind in (int, number):
        box = NumberBox(kind)
        box.setValue(value)
        assert (box.value(), box.text()) == (value, str(value))
        assert isinstance(box.value(), int)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.0003, "0.0003"),
        (0.00003, "0.00003"),
        (1e-6, "1e-06"),
        (-1e-6, "-1e-06"),
        (1e15, "1000000000000000"),
        (1e22, "1e+22"),
        (sys.float_info.min, "2.2250738585072014e-308"),
    ],
)
def test_numbers_are_written_to_be_read(value, text):
    box = NumberBox()
    box.setValue(value)
    assert box.text() == text


@pytest.mark.parametrize(
    ("value", "steps", "expected"),
    [
        (120.0, 1, 130.0),
        (100.0, 1, 110.0),
        (100.0, -1, 99.0),
        (99.0, 1, 100.0),
        (-100.0, 1, -99.0),
        (-100.0, -1, -110.0),
        (0.001, 1, 0.0011),
        (0.001, -1, 0.00099),
        (0.0003, 2, 0.00032),
        (0.0, 1, 0.0001),
        (1e-9, 1, 1.001e-6),
        (1e-9, -1, 0.0),
        (1.0, 3, 1.3),
    ],
)
def test_steps_suit_the_number(value, steps, expected):
    box = NumberBox()
    box.setRange(-math.inf if value else 0, math.inf)
    box.setMinimum(0 if abs(value) < 1 else -math.inf)
    box.setUsual(0.001)
    box.setValue(value)
    box.stepBy(steps)
    assert box.value() == expected


def test_integers_step_by_one():
    box = NumberBox(int)
    box.setRange(1, 2**40)
    box.setValue(2**40 - 1)
    box.stepBy(1)
    assert box.value() == 2**40
    assert not box.stepEnabled() & NumberBox.StepEnabledFlag.StepUpEnabled


def test_bounds_hold_for_what_is_set_and_what_is_typed(qtbot):
    box = NumberBox()
    qtbot.addWidget(box)
    box.setRange(0.5, 10)
    assert box.value() == 0.5
    box.setValue(math.inf)
    assert box.value() == 10
    box.setValue(math.nan)
    assert box.value() == 10
    box.selectAll()
    qtbot.keyClicks(box, "0.25")
    assert box.value() == 10
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "10"


def test_typing_says_what_changed_and_no_letters_come_in(qtbot):
    box = NumberBox(int)
    qtbot.addWidget(box)
    seen = []
    box.valueChanged.connect(seen.append)
    box.selectAll()
    qtbot.keyClicks(box, "4x.2")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert (seen, box.text()) == ([4, 42], "42")
    box.selectAll()
    qtbot.keyClick(box, Qt.Key.Key_Delete)
    qtbot.keyClick(box, Qt.Key.Key_Up)
    assert box.value() == 43


def test_a_comma_may_be_the_decimal_point(qtbot):
    box = NumberBox()
    qtbot.addWidget(box)
    box.setLocale(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    box.setValue(2.5)
    assert box.text() == "2,5"
    box.selectAll()
    qtbot.keyClicks(box, "0,0003")
    assert box.value() == 0.0003


@pytest.mark.parametrize(
    ("text", "value"), [("9007199254740993", 9007199254740993), ("1.5", 1.5), ("-9999", -9999)]
)
def test_a_whole_number_stays_one(text, value):
    assert number(text) == value
    assert type(number(text)) is type(value)
