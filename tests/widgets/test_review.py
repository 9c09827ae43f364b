"""Objects corrected in the dock, by mouse and by keys; without a window, which takes seconds."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from app_model.types import KeyBinding
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.action_manager import action_manager
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from napari.utils.key_bindings import KeymapHandler
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_selfseg import catalogue, replay_stack
from napari_selfseg.instances import Objects
from napari_selfseg.labelmaps import longest_neighbour
from napari_selfseg.replaying import replay
from napari_selfseg.widgets.canvas.layers import METADATA, camera_of
from napari_selfseg.widgets.editing.keys import KEYS
from napari_selfseg.widgets.editing.words import FLAT
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.views.review_view import NO_OBJECTS, NOTHING

CENTRES = [(14, 14), (14, 40), (14, 66), (40, 14), (40, 40), (40, 66), (66, 14), (66, 40), (66, 66)]
REVIEW = 2


def picture():
    bright = np.zeros((80, 80), np.float32)
    for centre in CENTRES:
        bright[disk(centre, 8)] = 1
    return bright + np.random.default_rng(0).normal(0, 0.08, bright.shape).astype(np.float32)


IMAGE = picture()


@pytest.fixture
def reviewed(qtbot, monkeypatch):
    """Open a dock with a result, and its Review page in front."""
    monkeypatch.setattr(catalogue, "METHODS", (Objects,))
    monkeypatch.setattr(catalogue, "default_method", Objects)

    def make(image=IMAGE, way=None):
        viewer = ViewerModel()
        viewer.add_image(image, name="cells")
        dock = SegmentDock(viewer)
        qtbot.addWidget(dock)
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        dock.view.setup.fill({"iterations": 2})
        if way:
            dock.view.setup.stack.part.choose("whole")
            dock.view.setup.stack.way.choose(way)
        return SimpleNamespace(viewer=viewer, dock=dock, **run(viewer, dock, qtbot))

    return make


def run(viewer, dock, qtbot):
    dock.start()
    assert dock.live
    qtbot.waitUntil(lambda: not dock.busy, timeout=120_000)
    layer = [each for each in viewer.layers if isinstance(each, Labels)][-1]
    dock.view.pages.setCurrentIndex(REVIEW)
    return {"layer": layer, "page": dock.view.review}


def mouse(viewer, points, slip=20, modifiers=()):
    """Press at the first point, move over the others and release."""
    event = SimpleNamespace(
        type="mouse_press", button=1, modifiers=modifiers, pos=(0.0, 0.0), is_dragging=True
    )
    event.position = points[0]
    viewer.cursor.position = points[0]
    mouse_press_callbacks(viewer, event)
    for k, point in enumerate(points[1:], 1):
        event.type, event.position, event.pos = "mouse_move", point, (float(slip * k), 0.0)
        mouse_move_callbacks(viewer, event)
    event.type = "mouse_release"
    mouse_release_callbacks(viewer, event)


def listens(viewer):
    return any("Mouse" in getattr(each, "__qualname__", "") for each in viewer.mouse_drag_callbacks)


def press(found, key, at=None):
    """Press a key with the pointer somewhere, in the order in which napari asks for keys."""
    if at is not None:
        found.viewer.cursor.position = at
    handler = KeymapHandler()
    handler.keymap_providers = [found.viewer.layers.selection.active, found.viewer]
    handler.press_key(key)
    handler.release_key(key)


def edits(found):
    return [each["kind"] for each in found.layer.metadata[METADATA].get("edits", ())]


def said(found):
    controls = found.dock.view.controls
    return controls.error.text() if not controls.error.isHidden() else controls.status.text()


def check_replayed(found, image=IMAGE):
    np.testing.assert_array_equal(replay(found.layer.metadata[METADATA], image), found.layer.data)


def test_every_correction_by_mouse(reviewed):
    found = reviewed()
    page, viewer, layer = found.page, found.viewer, found.layer
    before = layer.data.copy()
    assert page.about.text() == f"{layer.name}: 9 objects."
    page.tools["merge"].click()
    mouse(viewer, [CENTRES[0]])
    mouse(viewer, [CENTRES[1]])
    assert layer.data[CENTRES[0]] == layer.data[CENTRES[1]]
    mouse(viewer, [CENTRES[2], (30, 66), CENTRES[5]])
    assert layer.data[CENTRES[2]] == layer.data[CENTRES[5]]
    page.tools["split"].click()
    mouse(viewer, [(26, 40), (40, 40), (54, 40)])
    assert layer.data[40, 35] != layer.data[40, 45]
    page.tools["delete"].click()
    assert said(found).startswith("Click an object, or draw over several. Key D deletes")
    mouse(viewer, [CENTRES[8]])
    assert not layer.data[CENTRES[8]]
    page.tools["add"].click()
    mouse(viewer, [CENTRES[8]])
    assert layer.data[CENTRES[8]] > 0
    assert said(found).startswith("Added object")
    page.tools["class"].click()
    mouse(viewer, [CENTRES[8]])
    assert edits(found) == ["merge", "merge", "split", "delete", "add", "class"]
    assert page.about.text() == f"{layer.name}: 8 objects, 6 corrections."
    table = layer.features.set_index("index")
    assert sorted(table.index) == sorted(set(np.unique(layer.data)) - {0})
    assert table["class"][layer.data[CENTRES[8]]] == 1
    assert table["pixels"].sum() == (layer.data > 0).sum()
    check_replayed(found)
    for _ in range(6):
        page.undo.click()
    np.testing.assert_array_equal(layer.data, before)
    assert "edits" not in layer.metadata[METADATA]
    assert not page.undo.isEnabled()
    assert len(layer.features) == 9


def test_every_correction_by_keys(reviewed):
    found = reviewed()
    layer, before = found.layer, found.layer.data.copy()
    press(found, "J", CENTRES[0])
    press(found, "J", CENTRES[1])
    assert layer.data[CENTRES[0]] == layer.data[CENTRES[1]]
    press(found, "S", (26, 40))
    assert layer.data[40, 35] == layer.data[40, 45]
    press(found, "S", (54, 40))
    assert layer.data[40, 35] != layer.data[40, 45]
    press(found, "D", CENTRES[8])
    press(found, "A", CENTRES[8])
    press(found, "Shift-C")
    press(found, "C", CENTRES[8])
    assert edits(found) == ["merge", "split", "delete", "add", "class"]
    assert layer.metadata[METADATA]["edits"][-1]["number"] == 2
    check_replayed(found)
    after = layer.data.copy()
    for _ in range(5):
        press(found, "Control-Z")
    np.testing.assert_array_equal(layer.data, before)
    for _ in range(5):
        press(found, "Control-Shift-Z")
    np.testing.assert_array_equal(layer.data, after)


def test_the_doubtful_are_shown_first_and_keys_mean_the_one_shown(reviewed):
    found = reviewed()
    found.page.tools["split"].click()
    mouse(found.viewer, [(26, 38), (54, 38)])
    halves = {int(found.layer.data[40, 34]), int(found.layer.data[40, 44])}
    press(found, "N", (0, 0))
    first = said(found)
    assert int(first.split(":")[0].removeprefix("Object ")) in halves
    assert found.page.back.isEnabled() is False
    press(found, "N")
    press(found, "Shift-N")
    assert said(found) == first
    assert found.layer.features["certainty"].idxmin() in {
        found.layer.features.index[found.layer.features["index"] == each][0] for each in halves
    }
    assert np.hypot(*(np.array(camera_of(found.viewer).center[-2:]) - (40, 40))) < 12
    press(found, "D")
    assert edits(found) == ["split", "delete"]
    table = found.layer.features
    assert len(table) == 9
    assert not table["certainty"].isna().any()


def test_keys_alone_join_the_one_shown_with_its_nearest_neighbour(reviewed):
    found = reviewed()
    layer, before = found.layer, found.layer.data.copy()
    press(found, "S", (26, 40))
    press(found, "S", (54, 40))
    halves = [int(layer.data[40, each]) for each in (35, 45)]
    press(found, "N", CENTRES[0])  # where the pointer stays, over something else
    assert int(said(found).split(":")[0].removeprefix("Object ")) in halves
    press(found, "J")
    assert edits(found) == ["split", "merge"]
    np.testing.assert_array_equal(layer.data > 0, before > 0)
    assert layer.data[40, 35] == layer.data[40, 45]
    assert layer.data[CENTRES[0]] == before[CENTRES[0]]
    check_replayed(found)
    press(found, "N", (1, 1))
    press(found, "J")
    assert "touches no other" in said(found)
    assert len(edits(found)) == 2
    press(found, "N")
    press(found, "J", CENTRES[8])  # a pointer that was moved is meant
    press(found, "J", CENTRES[7])
    assert len(edits(found)) == 3


def test_the_longest_neighbour_counts_faces_in_space():
    labels = np.array([[1, 1, 1, 0], [2, 2, 2, 3], [2, 2, 2, 3], [0, 0, 0, 3]])
    assert [longest_neighbour(labels, each) for each in (1, 2, 3, 4)] == [2, 1, 2, 0]
    assert longest_neighbour(labels, 2, (3.0, 1.0)) == 3, "two faces of three, not three of one"
    assert longest_neighbour(np.eye(3, dtype=int), 1) == 0


def test_strokes_of_napari_are_corrections_also_where_the_page_is_not_in_front(reviewed):
    found = reviewed()
    found.dock.view.pages.setCurrentIndex(0)
    before = found.layer.data.copy()
    found.layer.paint((2, 2), 30)
    found.layer.fill(CENTRES[4], 31)
    QApplication.processEvents()
    assert edits(found) == ["paint", "paint"]
    check_replayed(found)
    found.viewer.layers.selection.active = found.layer
    press(found, "Control-Z")
    press(found, "Control-Z")
    np.testing.assert_array_equal(found.layer.data, before)


def test_another_iteration_leaves_the_corrected_labels_and_a_further_run_does(reviewed, qtbot):
    found = reviewed()
    press(found, "D", CENTRES[4])
    kept = found.layer.data.copy()
    timeline = found.dock.view.controls.timeline
    timeline.go_to(0)
    assert found.layer.name.endswith("(edited)")
    np.testing.assert_array_equal(found.layer.data, kept)
    check_replayed(found)
    other = [each for each in found.viewer.layers if isinstance(each, Labels)]
    other = next(each for each in other if each.metadata.get(METADATA, {}).get("shown") == 0)
    assert "edits" not in other.metadata[METADATA]
    found.viewer.layers.selection.active = other
    press(found, "D", CENTRES[4])
    assert not other.data[CENTRES[4]]
    assert len(other.metadata[METADATA]["edits"]) == 1
    run(found.viewer, found.dock, qtbot)
    assert len(other.metadata[METADATA]["edits"]) == 1
    assert edits(found) == ["delete"]


def test_classes_alone_are_not_lost_either(reviewed):
    found = reviewed()
    press(found, "C", CENTRES[4])
    found.page.colours.setChecked(True)
    number = int(found.layer.data[CENTRES[4]])
    colours = [found.layer.get_color(each) for each in (number, number % 9 + 1)]
    assert not np.allclose(colours[0], colours[1])
    found.dock.view.controls.timeline.go_to(0)
    assert found.layer.name.endswith("(edited)")
    assert edits(found) == ["class"]


def test_a_measured_table_follows(reviewed, qtbot):
    found = reviewed()
    found.dock._results._iterations._measure(opened=False)
    qtbot.waitUntil(lambda: "mean" in found.layer.features, timeout=60_000)
    assert len(found.layer.features) == 9
    number = int(found.layer.data[CENTRES[4]])
    press(found, "C", CENTRES[4])
    press(found, "S", (0, 14))
    press(found, "S", (30, 14))
    assert len(found.layer.features) == 10
    assert found.layer.features["mean"].isna().sum() == 2
    qtbot.waitUntil(lambda: not found.layer.features["mean"].isna().any(), timeout=60_000)
    table = found.layer.features.set_index("index")
    assert table["class"][number] == 1
    assert table["class"].sum() == 1


def test_notes_of_a_person_stay_with_corrections_and_with_the_labels(reviewed, qtbot):
    found = reviewed()
    layer, number = found.layer, int(found.layer.data[CENTRES[4]])
    layer.features = {"index": [number], "note": ["odd"]}
    press(found, "S", (26, 40))
    press(found, "S", (54, 40))
    assert len(layer.features) == 10
    assert layer.features.set_index("index")["note"][number] == "odd"
    press(found, "Control-Z")
    layer.features = layer.features[["index", "note"]]
    found.dock.view.controls.timeline.go_to(0)
    assert layer.name.endswith("(edited)"), "labels with notes stay as they are"
    assert "odd" in layer.features["note"].tolist()


def test_a_drag_moves_the_picture_without_a_tool_and_while_space_is_held(reviewed):
    found = reviewed()
    mouse(found.viewer, [CENTRES[0], CENTRES[1]])
    assert edits(found) == []
    found.page.tools["merge"].click()
    handler = KeymapHandler()
    handler.keymap_providers = [found.layer, found.viewer]
    handler.press_key("Space")
    mouse(found.viewer, [CENTRES[0], CENTRES[1]])
    assert edits(found) == []
    handler.release_key("Space")
    mouse(found.viewer, [CENTRES[0], CENTRES[1]])
    assert edits(found) == ["merge"]


def test_what_cannot_be_done_is_a_sentence(reviewed):
    found = reviewed()
    press(found, "A", (27, 27))
    assert "Nothing here stands out" in said(found)
    press(found, "D", (27, 27))
    assert "There is no object here" in said(found)
    found.viewer.dims.ndisplay = 3
    press(found, "D", CENTRES[0])
    assert said(found) == FLAT
    found.viewer.dims.ndisplay = 2
    found.layer.visible = False
    press(found, "D", CENTRES[0])
    assert "is hidden" in said(found)
    assert edits(found) == []


def test_marks_keys_and_mouse_go_with_the_page(reviewed):
    found = reviewed()
    assert [each.name for each in found.viewer.layers][-2:] == ["Selected objects", "Cut here"]
    found.dock.view.pages.setCurrentIndex(0)
    assert len(found.viewer.layers) == 2
    assert not listens(found.viewer)
    press(found, "D", CENTRES[0])
    assert edits(found) == []
    found.dock.view.pages.setCurrentIndex(REVIEW)
    press(found, "D", CENTRES[0])
    assert edits(found) == ["delete"]
    found.viewer.layers.remove(found.layer)
    assert found.page.about.text() == NOTHING
    assert len(found.viewer.layers) == 1


def test_marks_go_with_a_hidden_dock_and_are_never_selected(reviewed, qtbot):
    found = reviewed()
    marks = {"Selected objects", "Cut here"}
    dock, layers = found.dock, found.viewer.layers
    dock.show()
    dock.hide()
    assert not marks & {each.name for each in layers}
    assert not listens(found.viewer)
    layers.selection.clear()
    dock.show()
    press(found, "D", CENTRES[0])
    assert edits(found) == ["delete"]
    dock.hide()
    dock.show()
    assert {each.name for each in layers} > marks
    assert layers.selection == {found.layer}, "what is corrected, and nothing else"


def test_marks_are_not_there_while_a_dialog_asks_where_to_save_layers(reviewed, qtbot):
    found = reviewed()
    dock, layers = found.dock, found.viewer.layers
    layers.selection = {layers[0], found.layer}
    dock.show()
    QApplication.sendEvent(dock, QEvent(QEvent.Type.WindowBlocked))
    assert list(layers) == [layers[0], found.layer]
    QApplication.sendEvent(dock, QEvent(QEvent.Type.WindowUnblocked))
    assert list(layers) == [layers[0], found.layer], "what was asked for is done first"
    qtbot.waitUntil(lambda: len(layers) == 4, timeout=10_000)
    assert layers.selection == {layers[0], found.layer}


def test_no_key_of_ours_is_one_of_a_labels_layer_or_of_the_window():
    theirs = (Labels, ViewerModel)
    names = [n for n, a in action_manager._actions.items() if a.keymapprovider in theirs]
    taken = {str(key) for name in names for key in default_shortcuts.get(name, ())}
    assert {"M", "Space", "Ctrl+R"} <= taken, "test invalid"
    assert not taken & {str(KeyBinding.from_int(int(key))) for key in KEYS.values()}


def test_in_a_volume_a_cut_goes_through_all_planes(reviewed):
    z, y, x = np.indices((12, 80, 80))
    away = [(z - 6) ** 2 + (y - a) ** 2 + (x - b) ** 2 for a, b in CENTRES[:4]]
    volume = (np.min(away, axis=0) < 36) + np.random.default_rng(0).normal(0, 0.05, z.shape)
    found = reviewed(volume.astype(np.float32), way="volume")
    found.viewer.dims.set_point(0, 6)
    assert found.layer.data[6, 14, 14]
    press(found, "S", (6, 2, 14))
    press(found, "S", (6, 26, 14))
    for plane in (3, 6, 9):
        assert len(np.unique(found.layer.data[plane, 8:20, 8:20])) == 3
    number = found.layer.data[6, 40, 14]
    press(found, "D", (6, *CENTRES[3]))
    assert number
    assert not (found.layer.data == number).any()
    check_replayed(found, volume.astype(np.float32))


def test_in_a_stack_a_correction_is_of_the_image_in_view(reviewed):
    film = np.stack((IMAGE, IMAGE, IMAGE))
    found = reviewed(film, way="independent")
    before = found.layer.data.copy()
    found.viewer.dims.set_point(0, 1)
    press(found, "D", (1, *CENTRES[4]))
    press(found, "A", (1, *CENTRES[4]))
    press(found, "S", (1, 2, 14))
    press(found, "S", (1, 26, 14))
    press(found, "N")
    assert int(found.viewer.dims.current_step[0]) == 1
    np.testing.assert_array_equal(found.layer.data[[0, 2]], before[[0, 2]])
    assert (found.layer.data[1] != before[1]).any()
    assert edits(found) == ["delete", "add", "split"]
    again = replay_stack(found.layer.metadata[METADATA], film)
    np.testing.assert_array_equal(again, found.layer.data)


def test_of_segments_nothing_can_be_taken_away(reviewed, monkeypatch):
    found = reviewed()
    found.page.show_subject("", objects=False)
    assert found.page.tools["merge"].isEnabled()
    assert NO_OBJECTS in found.page.tools["delete"].toolTip()


def test_every_control_has_a_name_and_says_its_key(reviewed):
    page = reviewed().page
    named = [*page.tools.values(), page.undo, page.redo, page.next, page.back]
    assert all(each.accessibleName() and "ey" in each.toolTip() for each in named)
