"""The Segment dock, simple first: few or many, the rest under More, then the result."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_selfseg.consensus import Consensus
from napari_selfseg.instances import Objects
from napari_selfseg.methods import Backprop
from napari_selfseg.widgets.model.choices import load
from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.parts.access import attention
from napari_selfseg.widgets.parts.style import controls_of, why_not
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.segment.simple_actions import SimpleActions
from napari_selfseg.widgets.views.amount.granularity_choice import HALF, granularity_at, place_of
from napari_selfseg.widgets.views.view import RESULT, REVIEW, SETUP, SegmentView

USUAL = Consensus().granularity


@pytest.mark.parametrize("usual", [USUAL, 0.1, 0.9])
def test_the_slider_goes_from_none_to_all_by_way_of_what_is_usual(usual):
    places = range(-HALF, HALF + 1)
    found = [granularity_at(place, usual) for place in places]
    assert (found[0], found[HALF], found[-1]) == (0, usual, 1)
    assert found == sorted(set(found))
    assert [place_of(each, usual) for each in found] == list(places)


def test_by_tiles_nothing_is_promised_for_after_the_run(view):
    said = view.controls.granularity.note
    for kind, whole, tiles in (
        (Backprop, "choose after the run", "with Consensus alone"),
        (Objects, "Leave out small ones after", "How many objects there are is found."),
    ):
        view.setup.method.choose(kind)
        assert whole in said.text()
        view.setup.region.area.choose("tiles")
        assert tiles in said.text()
        assert "after the run" not in said.text()
        view.setup.region.area.choose("all")


def test_a_usual_granularity_at_an_end_leaves_one_half():
    assert place_of(0.0, 0.0) == 0 == place_of(1.0, 1.0)


@pytest.fixture
def view(qtbot, tmp_path):
    made = SegmentView(Presets(tmp_path / "presets.json"))
    qtbot.addWidget(made)
    made.simple = SimpleActions(made)
    made.setup.populate(load(), "auto")
    made.resize(360, 700)
    made.show()
    return made


def test_what_is_pressed_stays_where_it_is_whatever_is_said(view, qtbot):
    controls = view.controls
    buttons = (controls.run, controls.stop, controls.resume)

    def places():
        qtbot.wait(1)  # laid out
        return [(each.mapTo(view, QPoint()), each.size()) for each in buttons]

    found = [places()]
    controls.show_estimate("About 3 s and 40 MB.")
    controls.show_live("Making superpixels...")
    found.append(places())
    controls.show_step(3, 10, "Iteration 3 of 10 - 4 labels", {"one": 2.0, "two": 1.0})
    found.append(places())
    controls.show_stopping("Stopping: a closing pass settles the labels, which takes a moment.")
    found.append(places())
    controls.show_ready("All 10 iterations are done. " * 6)
    found.append(places())
    controls.show_run(False)
    controls.show_error("It failed.")
    assert all(each == found[0] for each in [*found, places()])


def test_the_dock_opens_with_four_choices(view):
    shown = [each for each in controls_of(view.setup) if each.isVisible()]
    names = {each.objectName() or each.accessibleName() or each.text() for each in shown}
    assert names == {"Image", "Follow", "Segments", "Objects", "More"}
    assert view.controls.granularity.slider.isVisible()
    assert view.controls.run.isVisible()
    assert not view.setup.method.isVisible()
    view.setup.more.button.click()
    assert view.setup.method.isVisible()


def test_few_or_many_fills_in_the_granularity_and_follows_it(view):
    choice = view.controls.granularity
    assert choice.slider.value() == 0
    choice.slider.setValue(HALF)
    assert view.setup.values["granularity"] == 1
    view.setup.fill({"granularity": 0.0})
    assert choice.slider.value() == -HALF
    view.setup.reset.click()
    assert (choice.slider.value(), view.setup.values["granularity"]) == (0, USUAL)


def test_a_number_of_segments_counts_and_not_the_slider(view):
    view.setup.fill({"n_segments": 12})
    assert not view.controls.granularity.slider.isEnabled()
    assert "12 segments" in why_not(view.controls.granularity.slider)
    view.setup.fill({"n_segments": 0})
    assert view.controls.granularity.slider.isEnabled()


@pytest.mark.parametrize(("kind", "words"), [(Objects, "is found"), (Backprop, "after the run")])
def test_where_nothing_can_be_wished_it_says_why(view, kind, words):
    view.setup.method.choose(kind)
    assert not view.controls.granularity.slider.isVisible()
    assert words in view.controls.granularity.note.text()
    view.setup.method.choose(Consensus)
    assert view.controls.granularity.slider.isVisible()
    assert not view.controls.granularity.note.isVisible()


@pytest.mark.parametrize("kind", [Consensus, Objects, Backprop])
@pytest.mark.parametrize("objects", [False, True])
def test_the_switch_is_true_whatever_the_method(view, kind, objects):
    (view.setup.goal.for_objects if objects else view.setup.goal.for_segments).click()
    view.setup.method.choose(kind)
    form = view.setup.form(1)
    # Objects are made of what is said at the top: by the method itself, or of its segments.
    assert form.objects == (objects or kind is Objects)
    assert view.setup.goal.for_objects.isChecked() == form.objects


def test_the_result_comes_first_unless_somebody_is_at_the_settings(view):
    view.simple.ended()
    assert view.pages.currentIndex() == SETUP, "there is none"
    view.result.show_labels("")
    view.setup.more.button.setChecked(True)
    view.simple.ended()
    assert view.pages.currentIndex() == SETUP
    view.setup.more.button.setChecked(False)
    view.simple.ended()
    assert view.pages.currentIndex() == RESULT
    assert view.result.measure.isVisible()
    assert not view.result.load_fit.isVisible()
    view.pages.setCurrentIndex(REVIEW)
    view.simple.ended()
    assert view.pages.currentIndex() == REVIEW


def clicked(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def typed(widget):
    QTest.keyClick(widget, "x")


@pytest.fixture
def ended(view, monkeypatch):
    """Begin a run, let somebody do something, end it, and say which page is shown then."""
    mouse = {"buttons": Qt.MouseButton.NoButton, "at": QPoint(1, 1), "over": False}
    monkeypatch.setattr(attention.QGuiApplication, "mouseButtons", lambda: mouse["buttons"])
    monkeypatch.setattr(attention.QCursor, "pos", lambda: mouse["at"])
    monkeypatch.setattr(view.pages, "underMouse", lambda: mouse["over"])
    view.result.show_labels("")
    view.controls.show_live("")

    def end(does=lambda: None, **how):
        does()
        mouse.update(how)
        view.simple.ended()
        return view.pages.currentIndex()

    return end


def test_a_run_whose_end_nobody_is_busy_at_shows_its_result(ended):
    assert ended(over=True) == RESULT, "the pointer rests where it was"


def test_nothing_moves_under_a_pressed_button_or_a_pointer_on_its_way(ended, view, qtbot):
    assert ended(buttons=Qt.MouseButton.LeftButton) == SETUP
    assert ended(buttons=Qt.MouseButton.NoButton, over=True, at=QPoint(2, 2)) == SETUP
    ended(over=False)
    qtbot.waitUntil(lambda: view.pages.currentIndex() == RESULT, timeout=10_000)


@pytest.mark.parametrize("deed", [clicked, typed])
def test_who_is_at_the_settings_since_the_run_began_stays_there(ended, view, deed):
    assert ended(lambda: deed(view.setup.goal.for_objects)) == SETUP
    view.controls.show_live("")
    assert ended() == RESULT, "that was before this run"


def test_one_slider_at_a_time(view):
    controls = view.controls
    for there in (True, False):
        controls.show_run(there)
        assert (controls.shown.isVisible(), controls.granularity.isVisible()) == (
            there,
            not there,
        )


def test_whether_more_is_open_is_remembered(qtbot):
    def opened():
        dock = SegmentDock(ViewerModel())
        qtbot.addWidget(dock)
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        return dock

    dock = opened()
    assert not dock.view.setup.more.button.isChecked()
    dock.view.setup.more.button.click()
    dock.view.result.more.button.click()
    dock._life._turn(False)
    dock = opened()
    assert dock.view.setup.more.button.isChecked()
    assert dock.view.result.more.button.isChecked()
    dock.view.afresh.click()
    assert not dock.view.setup.more.button.isChecked()


@pytest.mark.viewer
def test_a_run_ends_at_its_result_with_as_many_segments_as_were_wished(
    make_napari_viewer_proxy, qtbot
):
    viewer = make_napari_viewer_proxy()
    squares = np.kron(np.arange(16).reshape(4, 4) * 15, np.ones((12, 12))).astype(np.uint8)
    viewer.add_image(squares, name="squares")
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    controls, counts = dock.view.controls, []
    for place in (-HALF, HALF):
        controls.granularity.slider.setValue(place)
        dock.start()
        qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
        assert dock.view.pages.currentIndex() == RESULT
        assert controls.shown.granularity.isVisibleTo(dock)
        assert not controls.granularity.isVisibleTo(dock)
        layer = viewer.layers[-1]
        counts.append(len(np.unique(layer.data)))
        assert controls.shown.granularity.number.value() == counts[-1]
        viewer.layers.remove(layer)
        assert controls.granularity.isVisibleTo(dock), "for the next run"
    assert counts[0] == 1 < 10 < counts[1]
