"""Choosers that follow the selected layer."""

from __future__ import annotations

import pytest

from napari_selfseg.widgets.parts.choosers import LayerChooser
from napari_selfseg.widgets.parts.following import Scene

A, B = "a", "b"


@pytest.fixture
def chooser(qtbot):
    made = LayerChooser("Which.")
    qtbot.addWidget(made)
    qtbot.addWidget(made.follow)
    made.show_scene(scene(A))
    return made


def scene(active, names=(B, A)):
    return Scene([(each, each) for each in names], active)


def test_it_follows_until_somebody_chooses_by_hand(chooser):
    assert (chooser.thing, chooser.by_hand) == (A, False)
    chooser.show_scene(scene(B))
    assert chooser.thing == B
    chooser.activated.emit(chooser.currentIndex())  # the same entry, by mouse
    chooser.show_scene(scene(A))
    assert (chooser.thing, chooser.by_hand) == (B, True)
    assert "by hand" in chooser.follow.toolTip()


def test_a_press_on_follow_follows_again(chooser):
    chooser.choose(B)
    assert chooser.by_hand
    chooser.follow.click()
    assert (chooser.thing, chooser.by_hand) == (A, False)


def test_once_the_layer_chosen_by_hand_is_gone_it_follows_again(chooser):
    chooser.choose(B)
    chooser.show_scene(scene(A, (A,)))
    assert (chooser.thing, chooser.by_hand) == (A, False)


def test_a_renamed_layer_stays_chosen(chooser):
    chooser.choose(B)
    chooser.show_scene(Scene([("other name", B), (A, A)], A))
    assert (chooser.thing, chooser.currentText(), chooser.by_hand) == (B, "other name", True)


def test_a_long_name_is_shortened_in_its_middle_and_a_short_one_is_not(chooser):
    long = "20260312 plate 2 well B05 [Consensus] [1]"
    chooser.show_scene(Scene([(long, B), (A, A)], B))
    chooser.resize(160, 24)
    assert chooser.currentText() == long
    assert "\u2026" in chooser.shown
    assert (chooser.shown[:4], chooser.shown[-3:]) == ("2026", "[1]")
    assert not chooser.grab().isNull()
    chooser.choose(A)
    assert chooser.shown == A


def test_it_tells_when_it_follows_and_only_then(chooser, qtbot):
    with qtbot.waitSignal(chooser.chosen, timeout=120_000):
        chooser.show_scene(scene(B))
    with qtbot.assertNotEmitted(chooser.chosen):
        chooser.show_scene(scene("labels"))
