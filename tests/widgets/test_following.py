"""Which layer a chooser shows."""

from __future__ import annotations

import pytest

from napari_selfseg.widgets.parts.following import Scene, followed

A, B, C, LABELS, BORDERS = "a", "b", "c", "labels", "borders"


def scene(active=None, things=(A, B, C), overlays=()):
    return Scene([(each, each) for each in things], active, overlays)


@pytest.mark.parametrize(
    ("active", "chosen", "expected"),
    [
        (B, A, B),
        (LABELS, B, B),  # a labels layer was selected
        (None, B, B),  # nothing, or several
        (None, None, A),  # the topmost
        (None, "gone", A),
        (C, "gone", C),
    ],
)
def test_it_is_the_active_one_or_stays(active, chosen, expected):
    assert followed(scene(active), chosen, by_hand=False) == expected


def test_what_was_chosen_by_hand_stays_as_long_as_it_is_there():
    assert followed(scene(B), A, by_hand=True) == A
    assert followed(scene(B, (B, C)), A, by_hand=True) == B


def test_a_further_channel_that_is_selected_changes_nothing():
    assert followed(scene(B), A, by_hand=False, kept=[B]) == A
    assert followed(scene(C), A, by_hand=False, kept=[B]) == C


def test_what_lies_over_an_image_is_never_followed():
    found = scene(BORDERS, (BORDERS, A), overlays=[BORDERS])
    assert followed(found, None, by_hand=False) == A
    assert followed(found, A, by_hand=False) == A
    assert followed(found, BORDERS, by_hand=True) == BORDERS
    assert followed(scene(None, (BORDERS,), [BORDERS]), None, by_hand=False) == BORDERS


def test_without_layers_there_is_nothing():
    assert followed(Scene(), None, by_hand=False) is None
    assert followed(Scene(active=LABELS), A, by_hand=True) is None
