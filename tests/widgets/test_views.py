"""All docks, in every state: nothing is wider than the dock, and what is disabled says why."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QListWidget, QProgressBar, QRadioButton, QScrollArea

from napari_selfseg.widgets.batch._view import BatchView
from napari_selfseg.widgets.evaluate._view import EvaluateView
from napari_selfseg.widgets.model.choices import load
from napari_selfseg.widgets.model.image_source import Picture
from napari_selfseg.widgets.model.kept.presets import Presets
from napari_selfseg.widgets.parts.access.accessible import in_reading_order, spoken
from napari_selfseg.widgets.parts.calm_bar import CalmBar
from napari_selfseg.widgets.parts.following import Scene
from napari_selfseg.widgets.parts.panels import Fold
from napari_selfseg.widgets.parts.style import WIDTH, allow, button, controls_of, why_not
from napari_selfseg.widgets.superpixels._view import SuperpixelsView
from napari_selfseg.widgets.train._view import TrainView
from napari_selfseg.widgets.views.region_view import ONE_VALUE
from napari_selfseg.widgets.views.view import SegmentView

LONG = "denoised_" * 12 + ".ome.tif"
PATH = f"/data/{LONG}/{LONG}/{LONG}"
BAR = 20  # pixels of a scroll bar at most


class Layer:
    name = LONG


LAYERS = [(LONG, Layer()), (f"{LONG} 2", Layer())]


@pytest.fixture(scope="module")
def choices():
    return load()


def segment(choices, presets):
    """Yield the view in states that follow each other."""
    view = SegmentView(presets)
    yield view
    setup, controls, shown = view.setup, view.controls, view.controls.shown
    setup.populate(choices, "auto")
    controls.show_ready(PATH)
    yield view
    for chooser in (setup.image, view.result.target):
        chooser.show_scene(Scene(LAYERS, LAYERS[0][1]))
    setup.offer_labels(LAYERS)
    setup.offer_channels(LAYERS)
    setup.stack.offer(stack())
    setup.class_names.show_classes((1,), ((1, 0, 0),), {1: LONG})
    setup.scribbles.choose(LAYERS[0][1])
    setup.region.void.choose(ONE_VALUE)
    controls.show_subject(f"Image: {LONG}")
    controls.show_estimate(PATH)
    controls.show_error(PATH)
    controls.show_resumable("", "because")
    for area in ("tiles", "rectangle"):
        setup.region.area.choose(area)
        yield view
    for kind in choices.methods:
        setup.method.choose(kind)
        setup.superpixels.choose(choices.superpixels[0])
        yield view
    controls.show_live(PATH)
    controls.show_step(1, 100_000, PATH, {LONG: 1.0, "other": 2.0})
    controls.show_stopping(PATH)
    controls.show_ending()
    yield view
    view.pages.setCurrentIndex(1)
    view.result.show_labels("", measured=True)
    view.result.show_fit(LONG, smooths=True)
    controls.timeline.offer(range(100_000))
    shown.offer(True)
    yield view
    shown.segments.setChecked(True)
    yield view
    shown.granularity.offer(1, 99_999, 12_345)
    shown.granularity.show_number(99_999, True, LONG)
    view.result.show_only("Segments")
    yield view
    view.result.show_large("because")
    yield view
    view.result.show_labels(f"The last run was on {LONG}")
    yield view


def stack():
    return Picture(
        names=(LONG,),
        data=(np.zeros((2, 3, 4)),),
        rgb=False,
        scale=(1, 1, 1),
        position=(0, 0, 0),
        plane=(1, 2),
        axes=(LONG, "y", "x"),
    )


def superpixels(choices, presets):
    view = SuperpixelsView()
    yield view
    view.populate(choices)
    view.show_ready(PATH)
    yield view
    for chooser in (view.image, view.layer):
        chooser.show_scene(Scene(LAYERS, LAYERS[0][1]))
    view.offer_parts(True)
    view.subject.setText(LONG)
    view.show_editable(True)
    view.show_count(LONG)
    view.show_error(PATH)
    for tool in ("pick", "split"):
        for chosen in (0, 1, 1_000_000):
            view.show_tool(tool, chosen)
            yield view
    view.show_live(PATH)
    for kind in (*choices.superpixels, *choices.files):
        view.algorithm.choose(kind)
        yield view


def train(choices, presets):
    view = TrainView()
    yield view
    view.populate(choices, "auto")
    view.source.show_scene(Scene([*LAYERS, ("A folder of images", "A folder of images")]))
    view.target.show_scene(Scene(LAYERS))
    view.subject.setText(LONG)
    view.folder.setText(PATH)
    view.model.setText(PATH)
    view.show_error(PATH)
    view.source.choose("A folder of images")
    for kind in choices.methods:
        view.method.choose(kind)
        yield view
    view.show_live(PATH)
    view.pages.setCurrentIndex(1)
    yield view


def evaluate(choices, presets):
    view = EvaluateView()
    yield view
    for each in (view.labels, view.truths, view.one, view.other):
        each.offer(LAYERS)
    view.image.offer([("none", None), *LAYERS])
    view.show_error(PATH)
    yield view
    view.show_comparable(True)
    view.show_table()
    yield view
    view.show_live(PATH)
    yield view


def batch(choices, presets):
    view = BatchView(presets)
    yield view
    view.populate(choices, "auto")
    view.images.add_files([PATH])
    view.images.add_layers([LAYERS[0][1]])
    view.folder.setText(PATH)
    view.show_error(PATH)
    for kind in choices.methods:
        view.recipe.method.choose(kind)
        view.recipe.superpixels.choose(choices.superpixels[0])
        yield view
    view.recipe.show_file(PATH, LONG)
    yield view
    view.show_live(PATH)
    view._table.show()
    view.detail.setText(PATH)
    view.pages.setCurrentIndex(1)
    yield view


DOCKS = [segment, superpixels, train, evaluate, batch]


def states(dock, choices, tmp_path, qtbot):
    """Yield a dock of the smallest width in every state, all folds open, as high as a laptop's."""
    shown = None
    for view in dock(choices, Presets(tmp_path / "presets.json")):
        if view is not shown:
            qtbot.addWidget(view)
            view.resize(WIDTH, 600)
            view.show()
            shown = view
        for fold in view.findChildren(Fold):
            fold.button.setChecked(True)
        yield view


@pytest.mark.parametrize("dock", DOCKS)
def test_nothing_is_wider_than_the_dock_and_what_is_disabled_says_why(
    dock, choices, tmp_path, qtbot
):
    seen = set()
    for view in states(dock, choices, tmp_path, qtbot):
        assert view.minimumSizeHint().width() <= WIDTH
        assert all(isinstance(bar, CalmBar) for bar in view.findChildren(QProgressBar))
        for area in view.findChildren(QScrollArea):
            room = area.viewport().width() - (0 if area.verticalScrollBar().isVisible() else BAR)
            if area.isVisible() and area.widget() is not None:
                assert area.widget().minimumSizeHint().width() <= room
        for items in view.findChildren(QListWidget):
            assert not items.horizontalScrollBar().isVisible()
        for control in controls_of(view):
            seen.add(control.isEnabled())
            if not control.isEnabled():
                assert why_not(control), control
                assert why_not(control) in control.toolTip()
        nameless = [each for each in controls_of(view) if not spoken(each)]
        assert not nameless, [(type(each), each.toolTip()) for each in nameless]
        in_reading_order(view)
        assert not [each.accessibleName() or each for each in beyond_tab(view)]
    assert seen == {True, False}, "test invalid"


def beyond_tab(view):
    """Return the controls in view that Tab does not come to."""
    chain, each = [view], view.nextInFocusChain()
    while each is not view:
        chain.append(each)
        each = each.nextInFocusChain()
    stops = [w for w in chain if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    usable = [w for w in controls_of(view) if w.isVisible() and w.isEnabled()]
    # The arrow keys go through radio buttons of a group.
    groups = {w.group() for w in stops if isinstance(w, QRadioButton)}
    return [
        w
        for w in usable
        if w not in stops and not (isinstance(w, QRadioButton) and w.group() in groups)
    ]


def test_a_tooltip_comes_back_when_the_reason_is_gone(qtbot):
    made = button("Run", "Start.")
    qtbot.addWidget(made)
    allow(made, "Nothing is open.")
    allow(made, "It is live.")
    assert made.toolTip() == "It is live.\n\nStart."
    allow(made)
    assert (made.toolTip(), made.isEnabled(), why_not(made)) == ("Start.", True, "")
