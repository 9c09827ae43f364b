"""The switch between what a method shows and segments."""

from __future__ import annotations

from napari_selfseg.widgets.views.shown_view import ITERATIONS_HELP, ShownView


def test_the_other_choice_is_named_after_what_a_method_makes(qtbot):
    view = ShownView()
    qtbot.addWidget(view)
    assert view.classes.text() == "Classes"
    view.suit(makes_segments=True)
    assert view.classes.text() == "Iterations"
    assert view.classes.toolTip() == ITERATIONS_HELP
    view.suit(makes_segments=False)
    assert view.classes.text() == "Classes"
