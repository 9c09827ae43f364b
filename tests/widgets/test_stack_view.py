"""What a person chose along a stack stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.stacking import UNDECIDED, VOLUME
from napari_selfseg.widgets.views.stack_view import StackView


def stack(name="cells", shape=(6, 20, 24)):
    return Picture(
        names=(name,),
        data=(np.zeros(shape, np.uint8),),
        rgb=False,
        scale=(1.0,) * 3,
        position=(0,) * 3,
        plane=(1, 2),
        axes=("t", "y", "x"),
    )


@pytest.fixture
def view(qtbot):
    found = StackView()
    qtbot.addWidget(found)
    found.offer(stack())
    found.part.choose("whole")
    assert (found.way.thing, found.along.thing) == ("independent", (0,)), "suggested"
    return found


def test_the_axis_stays_that_somebody_chose_when_layers_change(view):
    view.along.choose((1,))
    view.offer(stack())
    view.suit((2,))
    assert view.stacking.axes == (1,)


def test_what_has_no_name_is_asked_for_once(view):
    unknown = replace(stack("unknown"), axes=("", "y", "x"))
    view.suit((2, 3))
    view.offer(unknown)
    assert (view.way.thing, view.undecided, view.stacking) == (UNDECIDED, True, None)
    view.way.choose("warm")
    assert (view.undecided, view.stacking.carry) == (False, "warm")
    view.offer(unknown)
    view.suit((2, 3))
    assert view.stacking.carry == "warm"
    view.way.choose(VOLUME)
    assert (view.undecided, view.stacking) == (False, None)
    view.way.choose(UNDECIDED)
    view.part.choose("plane")
    assert not view.undecided, "a plane is a plane"
    view.part.choose("whole")
    view.suit((2,))
    assert view.stacking.carry == "independent"


def test_another_image_is_suggested_anew(view):
    view.along.choose((1,))
    view.offer(stack("others"))
    assert view.stacking.axes == (0,)
