"""Objects of several kinds in the Segment dock: named beside the scribbles, sorted after a run."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_selfseg import catalogue
from napari_selfseg.instances import Objects
from napari_selfseg.replaying import replay
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.model.scribbled.kinds import in_words, refused_of
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.views.class_names import NAME, REFUSED

RESULT, REVIEW = 1, 2
BRIGHT = [(16, 16), (16, 76), (48, 46), (80, 16)]
DIM = [(16, 46), (48, 16), (48, 76), (80, 46), (80, 76)]


def cells():
    """Large bright and small dim discs."""
    image = np.zeros((96, 96), np.float32)
    for radius, grey, middles in ((11, 1.0, BRIGHT), (6, 0.45, DIM)):
        for centre in middles:
            image[disk(centre, radius)] = grey
    return image + np.random.default_rng(0).normal(0, 0.03, image.shape).astype(np.float32)


IMAGE = cells()


@pytest.fixture
def dock(qtbot, monkeypatch):
    """A dock with strokes in a bright disc and in a dim one, and none in the ground yet."""
    monkeypatch.setattr(catalogue, "METHODS", (Objects,))
    monkeypatch.setattr(catalogue, "default_method", Objects)
    viewer = ViewerModel()
    viewer.add_image(IMAGE, name="cells")
    made = SegmentDock(viewer)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: made.loaded, timeout=120_000)
    setup = made.view.setup
    setup.fill({"iterations": 20})
    setup.new_scribbles.click()
    for number, (y, x) in enumerate((BRIGHT[0], DIM[0]), 1):
        setup.scribbles.thing.data[y, x - 3 : x + 4] = number
    return SimpleNamespace(dock=made, viewer=viewer, setup=setup, table=setup.class_names.table)


def named(found, *names):
    for row, name in enumerate(names):
        found.table.item(row, NAME).setText(name)


def ran(found, qtbot):
    found.dock.start()
    assert found.dock.live, found.dock.view.controls.error.text()
    qtbot.waitUntil(lambda: not found.dock.busy, timeout=120_000)
    return found.dock._results.layer


def under(layer, middles):
    """Return the class of the object at each place, as the table of the layer has it."""
    classes = dict(zip(layer.features["index"], layer.features["class"], strict=True))
    return [classes[layer.data[at]] for at in middles]


def colours(layer, middles):
    return {tuple(layer.get_color(layer.data[at])[:3]) for at in middles}


def test_names_beside_the_scribbles_are_the_kinds_and_objects_have_them(dock, qtbot):
    assert not dock.table.isColumnHidden(REFUSED)
    named(dock, "nucleus", "red cell, small")
    layer = ran(dock, qtbot)
    assert layer.metadata[METADATA]["method"]["kinds"] == "nucleus, red cell small"
    assert under(layer, BRIGHT) == [1] * 4
    assert under(layer, DIM) == [2] * 5
    view, legend = dock.dock.view, dock.dock.view.result.legend
    dock.dock.show()
    view.pages.setCurrentIndex(RESULT)
    qtbot.waitUntil(lambda: legend.table.rowCount() == 2, timeout=20_000)
    rows = [[legend.table.item(row, column).text() for column in (0, 1)] for row in range(2)]
    assert rows == [["nucleus", "4"], ["red cell small", "5"]]

    # In the colours of the strokes, until the switch says otherwise.
    strokes = dock.setup.scribbles.thing
    assert colours(layer, BRIGHT) == {tuple(strokes.get_color(1)[:3])}
    assert colours(layer, DIM) == {tuple(strokes.get_color(2)[:3])}
    assert legend.by_class.isVisibleTo(view)
    assert view.review.colours.isChecked()
    icons = [legend.table.item(row, 0).icon().isNull() for row in range(2)]
    assert icons == [False, False]
    legend.by_class.click()
    assert not view.review.colours.isChecked()
    assert len(colours(layer, BRIGHT)) == 4

    view.result.measure.click()
    qtbot.waitUntil(lambda: "mean" in layer.features, timeout=20_000)
    of = layer.features.groupby("name").size().to_dict()
    assert of == {"nucleus": 4, "red cell small": 5}
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], IMAGE), layer.data)


def test_the_class_of_an_object_is_corrected_and_comes_back(dock, qtbot):
    named(dock, "nucleus", "red cell")
    layer = ran(dock, qtbot)
    dock.dock.view.pages.setCurrentIndex(REVIEW)
    page, reviewer = dock.dock.view.review, dock.dock._results._review
    assert page.classes.names() == {1: "nucleus", 2: "red cell"}
    page.classes.choose(2)
    reviewer._kinds.number = 2
    dock.viewer.cursor.position = BRIGHT[1]
    reviewer._press("classify")
    qtbot.waitUntil(lambda: not dock.dock.busy, timeout=20_000)
    assert under(layer, BRIGHT) == [1, 2, 1, 1]
    assert [each["kind"] for each in layer.metadata[METADATA]["edits"]] == ["class"]
    reviewer._press("undo")
    assert under(layer, BRIGHT) == [1] * 4
    # What goes takes its class along, and what comes is sorted as the others are.
    dock.viewer.cursor.position = DIM[1]
    reviewer._press("delete")
    assert len(layer.features) == 8
    reviewer._press("add")
    qtbot.waitUntil(lambda: not dock.dock.busy, timeout=20_000)
    assert under(layer, DIM) == [2] * 5


def test_what_is_no_object_is_said_with_a_check(dock, qtbot):
    states = [dock.table.item(row, REFUSED).checkState() for row in range(2)]
    assert states == [Qt.CheckState.Unchecked, Qt.CheckState.Checked]
    assert dock.dock._setup.request().method.kinds == ""
    named(dock, "nucleus")
    assert dock.dock._setup.request().method.kinds == "nucleus, none"
    told = dock.table.item(1, REFUSED).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "Class 2 is not an object"
    dock.table.item(1, REFUSED).setCheckState(Qt.CheckState.Unchecked)
    assert dock.dock._setup.request().method.kinds == "nucleus, 2"
    dock.table.item(0, REFUSED).setCheckState(Qt.CheckState.Checked)
    layer = ran(dock, qtbot)
    assert layer.metadata[METADATA]["method"]["kinds"] == "none, 2"
    assert under(layer, DIM) == [2] * 5
    assert not (layer.data[tuple(np.transpose(BRIGHT))] > 0).any()


def test_the_check_is_reached_by_keys(dock, qtbot):
    dock.dock.show()
    QApplication.setActiveWindow(dock.dock)
    dock.table.setCurrentCell(1, REFUSED)
    qtbot.keyClick(dock.table, Qt.Key.Key_Space)
    assert dock.table.item(1, REFUSED).checkState() == Qt.CheckState.Unchecked
    assert dock.dock._setup.request().method.kinds == "1, 2"


def test_what_strokes_show_on_a_plane_is_applied_to_others_of_a_stack(dock, qtbot):
    film = np.stack([IMAGE, IMAGE[::-1]])
    dock.viewer.add_image(film, name="film", axis_labels=("t", "y", "x"))
    dock.viewer.dims.set_current_step(0, 0)
    dock.setup.stack.part.choose("whole")
    dock.dock.start()
    assert dock.dock.view.controls.error.text().startswith("Strokes show the objects of one image")
    dock.setup.stack.part.choose("plane")
    named(dock, "nucleus", "red cell")
    layer = ran(dock, qtbot)
    assert layer.data.max() == 9
    dock.viewer.dims.set_current_step(0, 1)
    dock.dock.view.result.apply.click()
    qtbot.waitUntil(lambda: not dock.dock.busy, timeout=60_000)
    applied = dock.viewer.layers[-1]
    assert applied != layer
    assert applied.data.max() == 9
    assert applied.translate[0] == 1


@pytest.mark.parametrize(
    ("names", "said", "words"),
    [
        ({}, {}, ""),
        ({}, {1: False, 2: True}, ""),
        ({2: "b"}, {}, "1, b, none"),
        ({1: "a", 3: "c"}, {3: True}, "a, none, none"),
        ({}, {3: False}, "1, none, 3"),
        ({1: " a,  b "}, {}, "a b, none, none"),
    ],
)
def test_classes_of_scribbles_as_kinds(names, said, words):
    assert in_words(3, names, said) == words
    assert refused_of(3, {}, {}) == {2, 3}
