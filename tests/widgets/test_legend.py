"""The legend of labels: what is counted, what it says, and what a click and a name do."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from pandas import DataFrame
from qtpy.QtCore import Qt

from napari_selfseg.widgets.canvas.layers import METADATA, NAMES, camera_of, is_mark
from napari_selfseg.widgets.canvas.looks.described import (
    SHOWS,
    countable_labels,
    look_at,
    own_names,
    turn_to,
)
from napari_selfseg.widgets.model.looks import counting
from napari_selfseg.widgets.model.looks.counting import counted, place_of
from napari_selfseg.widgets.model.looks.legend import groups_of, legend
from napari_selfseg.widgets.model.sizes import Scale
from napari_selfseg.widgets.segment.looks import legend_actions
from napari_selfseg.widgets.segment.looks.legend_actions import LegendActions
from napari_selfseg.widgets.views.looks.legend_view import AREA, COUNT, NAME, SHARE, LegendView

LABELS = np.zeros((20, 30), np.uint8)
LABELS[2:12, 3:13] = 4
LABELS[2:7, 15:20] = 2
LABELS[15:20, 25:30] = 7
SIZES = {4: 100, 2: 25, 7: 25}


@pytest.mark.parametrize("block", [1, 60, 10_000])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32])
def test_pixels_are_counted_block_by_block(monkeypatch, block, kind):
    monkeypatch.setattr(counting, "BLOCK", block)
    found = counted(LABELS.astype(kind))
    assert dict(zip(found.numbers.tolist(), found.pixels.tolist(), strict=True)) == SIZES
    assert found.numbers.tolist() == [4, 2, 7], "the largest first"
    assert found.background == LABELS.size - 150


def test_large_numbers_take_no_large_table(monkeypatch):
    monkeypatch.setattr(counting, "BLOCK", 60)
    labels = LABELS.astype(np.int64)
    labels[labels == 2] = 2**40
    found = counted(labels)
    assert found.numbers.tolist() == [4, 7, 2**40]
    assert found.pixels.tolist() == [100, 25, 25]
    assert found.background == LABELS.size - 150


def test_a_label_is_found_in_its_middle():
    ring = np.zeros((41, 41), int)
    ring[10:31, 10:31] = 3
    ring[12:29, 12:29] = 0
    point, box = place_of(ring, 3)
    assert ring[tuple(point)] == 3
    assert box.tolist() == [[10, 10], [30, 30]]
    assert place_of(ring, 9) is None


def test_a_rare_label_is_found_in_a_large_image(monkeypatch):
    monkeypatch.setattr(counting, "SEEN", 16)
    labels = np.zeros((40, 40), int)
    labels[33, 17] = 5
    point, _ = place_of(labels, 5)
    assert point.tolist() == [33, 17]


def test_shares_are_of_what_is_labelled_and_of_the_image_for_objects():
    found, scale = counted(LABELS), Scale(0.25, "µm²")
    segments = legend(found, "segments", scale, {})
    assert segments.head == "3 segments."
    assert [round(each.share, 3) for each in segments.rows] == [0.667, 0.167, 0.167]
    assert segments.rows[0].area == "25 µm²"
    objects = legend(found, "objects", scale, {})
    assert objects.head == "3 objects on 25 % of the image, median 6.25 µm²."
    assert objects.rows[0].share == 100 / 600
    assert legend(counted(np.zeros((3, 3), int)), "classes", scale, {}).rows == ()


def test_what_has_no_line_is_told():
    many = counted(np.repeat(np.arange(1, 101), 10).reshape(10, 100))
    found = legend(many, "segments", Scale(), {})
    assert len(found.rows) == 12
    assert found.rest == "The 12 largest; 88 others have 88\u00a0%."
    few = legend(counted(np.arange(13)), "segments", Scale(), {})
    assert (len(few.rows), few.rest) == (12, ""), "test invalid"
    one_more = legend(counted(np.arange(14)), "segments", Scale(), {})
    assert (len(one_more.rows), one_more.rest) == (13, ""), "a line in place of a sentence"
    assert len(legend(many, "classes", Scale(), {}).rows) == 50, "classes have names"


def test_classes_of_objects_have_a_line_each():
    table = DataFrame({"index": [4, 2, 7], "class": [1, 2, 0]})
    groups = groups_of(table)
    assert groups == {4: 1, 2: 2}
    found = legend(counted(LABELS), "objects", Scale(), {1: "alive"}, groups)
    assert [(each.number, each.name, each.many) for each in found.rows] == [
        (1, "alive", 1),
        (2, "", 1),
        (0, "without a class", 1),
    ]
    assert found.grouped
    assert groups_of(DataFrame({"index": [4]})) == {}


def test_a_pyramid_is_counted_in_its_coarsest_level():
    whole = np.kron(LABELS, np.ones((4, 4), np.uint8))
    viewer = ViewerModel()
    layer = viewer.add_labels([whole, LABELS], multiscale=True, scale=(0.5, 0.5), units="um")
    countable = countable_labels(layer, viewer.dims)
    assert countable.pixels == LABELS.size
    found = counted(countable.read()).times(countable.times)
    assert found.pixels.tolist() == [1600, 400, 400]
    assert countable.scale == Scale(0.25, "µm²")
    assert (
        legend(found, "classes", countable.scale, {}, None, countable.where).head
        == "3 classes, about."
    )


@pytest.mark.parametrize("how", [{"axis_labels": ("t", "y", "x")}, {"metadata": {}}])
def test_sizes_in_a_film_are_of_the_frame_in_view_and_a_label_is_found_there_first(how):
    viewer = ViewerModel()
    film = np.stack([LABELS, LABELS, np.zeros_like(LABELS)])
    film[2, 0, 0] = 99
    layer = viewer.add_labels(film, **how)
    if "metadata" in how:
        layer.metadata[METADATA] = {"stack": {"axis": [0]}}
    viewer.dims.set_point(0, 1)
    countable = countable_labels(layer, viewer.dims)
    assert countable.where == " in the plane in view"
    np.testing.assert_array_equal(countable.read(), LABELS)
    assert int(turn_to(viewer, layer, int(LABELS.max()))[0]) == 1
    assert turn_to(viewer, layer, 99).tolist() == [2, 0, 0]
    assert viewer.dims.current_step[0] == 2
    assert turn_to(viewer, layer, 98) is None
    series = viewer.add_labels(film[None], axis_labels=("time", "z", "y", "x"))
    assert countable_labels(series, viewer.dims).where == "", "one volume"
    series = viewer.add_labels(np.stack([film] * 2), axis_labels=("time", "z", "y", "x"))
    assert countable_labels(series, viewer.dims).where == " in the volume in view"


def test_time_is_no_size():
    viewer = ViewerModel()
    layer = viewer.add_labels(np.stack([LABELS] * 3), scale=(60, 0.5, 0.5), units=("s", "um", "um"))
    assert countable_labels(layer, viewer.dims).scale == Scale(0.25, "µm²")
    layer = viewer.add_labels(np.stack([LABELS] * 3), scale=(2, 0.5, 0.5), units=("um",) * 3)
    assert countable_labels(layer, viewer.dims).scale == Scale(0.5, "µm³")


def test_a_label_in_another_plane_is_brought_into_view():
    viewer, labels = ViewerModel(), np.zeros((5, 20, 30), np.uint8)
    labels[3] = LABELS
    layer = viewer.add_labels(labels)
    viewer.dims.set_point(0, 0)
    assert turn_to(viewer, layer, 7).tolist()[0] == 3
    assert viewer.dims.point[0] == 3
    assert camera_of(viewer).center[1:] == (9.5, 14.5)  # all of a plane is in view
    assert turn_to(viewer, layer, 200) is None


def test_no_more_is_shown_beside_the_image_than_has_to_be():
    viewer = ViewerModel()
    layer = viewer.add_labels(LABELS, scale=(2, 2))
    layer.corner_pixels = np.array([[0, 10], [19, 20]])  # every row, and eleven columns
    look_at(viewer, layer, (2, 1))
    assert camera_of(viewer).center[1:] == (19, 10)
    look_at(viewer, layer, (2, 14))
    assert camera_of(viewer).center[1:] == (19, 28)


@pytest.fixture
def scene(qtbot, monkeypatch):
    monkeypatch.setattr(legend_actions, "EVERY_MS", 0)
    viewer, view, said = ViewerModel(), LegendView(), []
    qtbot.addWidget(view)
    viewer.add_image(np.zeros((20, 30)))
    meta = {METADATA: {"method": "backprop"}, SHOWS: "classes"}
    layer = viewer.add_layer(Labels(LABELS.copy(), metadata=meta, name="run"))
    actions = LegendActions(viewer, view, lambda: layer, lambda _: {2: "drawn"}, said.append)
    actions.begin()
    view.show()
    qtbot.waitUntil(lambda: view.table.rowCount() == 3, timeout=10_000)
    return viewer, view, layer, actions, said


def cell(view, row, column):
    return view.table.item(row, column)


def test_the_legend_follows_labels_that_change(scene, qtbot):
    _, view, layer, *_ = scene
    assert view.head.text() == "3 classes."
    assert [cell(view, 0, each).text() for each in (SHARE, AREA)] == ["66.7 %", "100 px"]
    assert [cell(view, row, NAME).text() for row in range(3)] == ["", "drawn", ""]
    layer.data[:, :15] = 9  # in place, as a live run writes
    layer.refresh()
    qtbot.waitUntil(lambda: cell(view, 0, AREA).text() == "300 px", timeout=10_000)
    assert view.head.text() == "3 classes."


def test_large_labels_are_counted_in_a_thread(scene, qtbot, monkeypatch):
    _, view, layer, actions, _ = scene
    monkeypatch.setattr(legend_actions, "AT_ONCE", 1)
    layer.data = np.ones((20, 30), np.uint8)
    qtbot.waitUntil(lambda: actions._counting, timeout=10_000)
    layer.data = np.full((20, 30), 6, np.uint8)
    qtbot.waitUntil(lambda: cell(view, 0, NAME).data(Qt.UserRole) == "Class 6", timeout=10_000)


def test_a_name_is_kept_with_the_layer(scene):
    _, view, layer, *_ = scene
    assert view.table.item(0, NAME).flags() & Qt.ItemIsEditable
    cell(view, 0, NAME).setText("  stroma ")
    assert layer.metadata[NAMES] == {2: "drawn", 4: "stroma"}
    assert own_names(layer) == {2: "drawn", 4: "stroma"}
    layer.metadata[SHOWS] = "segments"
    assert own_names(layer) == {}, "numbers of segments are no classes"


def test_a_click_marks_a_label_and_changes_no_label(scene):
    viewer, view, layer, actions, _ = scene
    view.picked.emit(7)
    marks = [each for each in viewer.layers if is_mark(each)]
    assert [each.data is layer.data for each in marks] == [True]
    assert layer.selected_label == 7
    assert viewer.layers.selection.active == layer
    view.picked.emit(7)
    assert not any(is_mark(each) for each in viewer.layers), "the second click hides it"
    view.picked.emit(7)
    actions.cover(True)
    assert not any(is_mark(each) for each in viewer.layers), "nor is it there to be saved"
    view.picked.emit(2)
    layer.data = LABELS.astype(np.uint16)
    assert not any(is_mark(each) for each in viewer.layers), "of other labels it says nothing"
    assert (layer.data == LABELS).all()


def test_a_label_that_went_is_told(scene):
    *_, actions, said = scene
    actions._pick(99)
    assert said == ["Label 99 is not there any more."]


def test_the_selected_labels_are_shown_and_scribbles_are_not(scene, qtbot):
    viewer, view, layer, actions, _ = scene
    viewer.add_labels(np.ones((4, 4), int), name="truth")
    qtbot.waitUntil(lambda: view.head.text() == "1 label.", timeout=10_000)
    assert not view.table.item(0, NAME).flags() & Qt.ItemIsEditable
    viewer.add_labels(np.ones((4, 4), int), name="scribbles", metadata={NAMES: {}})
    qtbot.waitUntil(lambda: view.head.text() == "3 classes.", timeout=10_000)
    viewer.layers.selection.active = viewer.layers["truth"]
    viewer.layers.remove("truth")
    actions.look()
    assert actions._layer == layer
    view.picked.emit(4)
    actions.end()
    assert not any(is_mark(each) for each in viewer.layers)


def test_classes_of_objects_are_lines(scene, qtbot):
    _, view, layer, *_ = scene
    layer.metadata[SHOWS] = "objects"
    layer.features = {"index": [4, 2, 7], "class": [1, 1, 0]}
    qtbot.waitUntil(lambda: view.table.rowCount() == 2, timeout=10_000)
    assert [cell(view, row, COUNT).text() for row in range(2)] == ["2", "1"]
    assert not view.table.isColumnHidden(COUNT)
