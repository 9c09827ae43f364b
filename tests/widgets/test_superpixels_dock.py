"""The Superpixels dock; most tests do without a window, because one takes seconds to open."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from app_model.types import KeyBinding
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QWidget
from tifffile import imwrite

from napari_selfseg import catalogue
from napari_selfseg.io import ContourMap
from napari_selfseg.replaying import replay
from napari_selfseg.superpixels import CompactWatershed, Edits
from napari_selfseg.widgets.canvas.layers import METADATA
from napari_selfseg.widgets.editing.keys import HISTORY
from napari_selfseg.widgets.superpixels import SuperpixelsDock
from napari_selfseg.widgets.superpixels._actions import FLAT
from napari_selfseg.widgets.superpixels._dock import NO_IMAGE, REMOVED
from napari_selfseg.widgets.superpixels._making import counted
from napari_selfseg.widgets.work.runner import working

NOISE = np.random.default_rng(0).integers(0, 255, (40, 60)).astype(np.uint8)


@pytest.fixture
def opened(qtbot):
    """Open a dock that has loaded its algorithms, in a viewer without a window."""

    def make(image=NOISE, window=None, **settings):
        viewer = window or ViewerModel()
        if image is not None:
            viewer.add_image(image, name="noise", **settings)
        dock = SuperpixelsDock(viewer)
        if window is None:
            qtbot.addWidget(dock)
        else:
            window.window.add_dock_widget(dock, name="Superpixels", area="right")
        qtbot.waitUntil(lambda: dock.view.loaded, timeout=120_000)
        dock.view.algorithm.choose(CompactWatershed)
        dock.view.fill({"n_segments": 24})
        return viewer, dock

    return make


def test_marks_go_with_the_page_and_while_a_dialog_is_open(made, qtbot):
    viewer, dock, layer = made()
    names = {"Picked superpixels", "Split here"}

    def marks():
        return names & {each.name for each in viewer.layers}

    dock.show()
    dock.view.pick.click()
    assert marks() == names, "test invalid"
    QApplication.sendEvent(dock, QEvent(QEvent.Type.WindowBlocked))
    assert not marks()
    QApplication.sendEvent(dock, QEvent(QEvent.Type.WindowUnblocked))
    qtbot.waitUntil(lambda: marks() == names, timeout=10_000)
    assert viewer.layers.selection == {layer}
    dock.view.pages.setCurrentIndex(0)
    assert not marks()
    assert not dock.view.pick.isChecked()


@pytest.fixture
def made(opened, qtbot):
    """Open a viewer with a dock that has made superpixels."""

    def make(*args, part="plane", **settings):
        viewer, dock = opened(*args, **settings)
        dock.view.part.choose(part)
        dock.view.run.click()
        assert dock.live
        until_ended(dock, qtbot)
        return viewer, dock, dock.view.layer.thing

    return make


@pytest.fixture
def gate(monkeypatch):
    """Hold the algorithm back until the gate is opened."""
    opened, entered, asked = threading.Event(), threading.Event(), []
    over_segment = catalogue.over_segment

    def waiting(*args, **kwargs):
        asked.append(args)
        entered.set()
        assert opened.wait(120)
        return over_segment(*args, **kwargs)

    monkeypatch.setattr(catalogue, "over_segment", waiting)
    yield SimpleNamespace(open=opened.set, entered=entered, asked=asked)
    opened.set()


def until_ended(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)


def until_no_thread(qtbot):
    qtbot.waitUntil(lambda: not working(), timeout=120_000)


def labels_layers(viewer):
    return [each.name for each in viewer.layers if isinstance(each, Labels)]


def place(layer, number, which=0.5):
    """Return the world position of a pixel of a superpixel, away from its neighbours."""
    pixels = np.argwhere(layer.data == number)
    return layer.data_to_world(pixels[int(which * (len(pixels) - 1))])


def mouse(viewer, positions, modifiers=(), slip=0):
    """Press at the first position, move along the others, release at the last."""
    event = SimpleNamespace(
        type="mouse_press", button=1, modifiers=modifiers, pos=np.zeros(2), is_dragging=True
    )
    event.position = positions[0]
    mouse_press_callbacks(viewer, event)
    event.type = "mouse_move"
    for event.position in positions[1:]:
        event.pos = event.pos + slip
        mouse_move_callbacks(viewer, event)
    event.type = "mouse_release"
    mouse_release_callbacks(viewer, event)


def click(viewer, layer, *numbers):
    for number in numbers:
        mouse(viewer, [place(layer, number)])


def listens(viewer):
    return any("Mouse" in getattr(each, "__qualname__", "") for each in viewer.mouse_drag_callbacks)


def neighbours(layer, n=3):
    row = layer.data.reshape(-1, layer.data.shape[-1])[layer.data.shape[-2] // 2]
    return [int(each) for each in dict.fromkeys(row.tolist())][:n]


def test_nothing_to_cut_and_nothing_to_edit(opened):
    _, dock = opened(image=None)
    assert dock.view.status.text() == NO_IMAGE
    dock.view.run.click()
    assert dock.view.error.text() == NO_IMAGE
    assert not dock.live
    assert not dock.view.pick.isEnabled()


def test_superpixels_lie_over_their_image_with_their_record(made):
    viewer, dock, layer = made(scale=(0.5, 2.0), translate=(3, 4), units=("um", "um"), rotate=30)
    image = viewer.layers["noise"]
    for name in ("scale", "translate", "rotate", "shear", "units", "axis_labels"):
        np.testing.assert_array_equal(getattr(layer, name), getattr(image, name))
    np.testing.assert_allclose(layer.extent.world, image.extent.world)
    np.testing.assert_array_equal(replay(layer.metadata[METADATA], NOISE), layer.data)
    assert "edited" not in layer.metadata[METADATA]
    assert dock.view.count.text() == counted(Edits(layer.data.copy()))
    assert layer.contour == 1
    dock.view.boundaries.setChecked(False)
    assert layer.contour == 0
    assert len(np.unique(layer.colormap.map(np.arange(1, 9)), axis=0)) > 1


def test_many_are_counted_in_groups_of_three_digits():
    labels = np.arange(1, 9872, dtype=np.int32).repeat(15)
    assert counted(Edits(labels)) == "9\u00a0871 superpixels, median 15 px"
    assert counted(Edits(np.ones(1500, np.int32))) == "1 superpixel, median 1\u00a0500 px"


def test_another_run_hides_the_earlier_superpixels(made, qtbot):
    viewer, dock, first = made()
    dock.view.run.click()
    until_ended(dock, qtbot)
    assert len(labels_layers(viewer)) == 2
    assert not first.visible
    assert dock.view.layer.thing != first


def test_picked_superpixels_are_merged_and_it_can_be_undone(made):
    viewer, dock, layer = made()
    before, numbers = layer.data.copy(), neighbours(layer)
    dock.view.pick.click()
    click(viewer, layer, *numbers, numbers[0], numbers[0])
    np.testing.assert_array_equal(layer.data, before)
    colours = viewer.layers["Picked superpixels"].colormap.map(np.unique(before))
    shown = np.unique(before)[np.asarray(colours)[:, 3] > 0]
    assert sorted(shown) == sorted(numbers)
    assert dock.view.apply.text() == "Merge 3 superpixels"
    count = dock.view.count.text()
    dock.view.apply.click()
    merged = np.where(np.isin(before, numbers), min(numbers), before)
    np.testing.assert_array_equal(layer.data, merged)
    assert dock.view.status.text() == f"Merged 3 superpixels into number {min(numbers)}."
    assert dock.view.count.text() != count
    assert layer.metadata[METADATA]["edited"] is True
    dock.view.undo.click()
    np.testing.assert_array_equal(layer.data, before)
    assert dock.view.count.text() == count
    assert "edited" not in layer.metadata[METADATA]
    dock.view.redo.click()
    np.testing.assert_array_equal(layer.data, merged)
    assert not dock.view.redo.isEnabled()


def test_keys_take_back_edits_and_strokes_in_their_order(made):
    viewer, dock, layer = made()
    before, numbers = layer.data.copy(), neighbours(layer)
    dock.view.pick.click()
    click(viewer, layer, *numbers)
    dock.view.apply.click()
    merged = layer.data.copy()
    layer.brush_size = 1
    layer.paint((0, 0), 999)
    painted = layer.data.copy()
    assert (painted != merged).any(), "test invalid"
    undo, redo = (layer.keymap[KeyBinding.from_int(HISTORY[each])] for each in ("undo", "redo"))
    for act, wanted in (
        (undo, merged),
        (undo, before),
        (undo, before),
        (redo, merged),
        (redo, painted),
    ):
        act(layer)
        np.testing.assert_array_equal(layer.data, wanted)
    dock._end()
    assert not layer.keymap, "napari has its keys back"


def test_superpixels_merged_apart_are_reported(made):
    viewer, dock, layer = made()
    dock.view.pick.click()
    click(viewer, layer, 1, int(layer.data.max()))
    dock.view.apply.click()
    assert "2 pieces that do not touch" in dock.view.status.text()


def test_two_points_split_a_superpixel(made):
    viewer, dock, layer = made()
    before, (number, other) = layer.data.copy(), neighbours(layer, 2)
    dock.view.split.click()
    ends = [place(layer, number, at) for at in (0, 1)]
    mouse(viewer, ends[:1])
    assert not dock.view.apply.isEnabled()
    click(viewer, layer, other)
    assert "another superpixel" in dock.view.error.text()
    mouse(viewer, ends[1:])
    assert len(viewer.layers["Split here"].data) == 2
    dock.view.apply.click()
    assert set(layer.data[before == number]) == {number, before.max() + 1}
    np.testing.assert_array_equal(layer.data[before != number], before[before != number])
    assert len(viewer.layers["Split here"].data) == 0
    dock.view.undo.click()
    np.testing.assert_array_equal(layer.data, before)


def test_a_drag_pans_and_a_drag_with_shift_picks_on_the_way(made):
    viewer, dock, layer = made()
    numbers = neighbours(layer)
    dock.view.pick.click()
    way = [place(layer, each) for each in numbers]
    mouse(viewer, way, slip=20)
    assert not dock.view.clear.isEnabled()
    mouse(viewer, [*way, way[0]], modifiers=("Shift",), slip=20)
    assert dock.view.apply.text() == "Merge 3 superpixels"
    assert layer.mouse_pan
    dock.view.clear.click()
    assert dock.view.apply.text() == "Merge"


def test_the_mouse_is_left_alone_without_a_tool_or_while_another_one_draws(made):
    viewer, dock, layer = made()
    click(viewer, layer, 1)
    assert dock.view.apply.text() == "Merge"
    dock.view.pick.click()
    points = viewer.add_points()
    points.mode = "add"
    click(viewer, layer, 1)
    assert not dock.view.clear.isEnabled()
    points.mode = "pan_zoom"
    mouse(viewer, [place(layer, 1)], modifiers=("Control",))
    assert not dock.view.clear.isEnabled()
    click(viewer, layer, 1)
    assert dock.view.clear.isEnabled()


def test_marks_go_with_the_tool(made):
    viewer, dock, layer = made()
    dock.view.pick.click()
    assert len(viewer.layers) == 4
    assert viewer.layers.selection.active == layer
    dock.view.pick.click()
    assert len(viewer.layers) == 2
    assert not listens(viewer)


@pytest.mark.viewer
def test_a_dock_closed_in_a_window_leaves_nothing_behind(made, make_napari_viewer_proxy):
    viewer, dock, layer = made(window=make_napari_viewer_proxy())
    dock.view.split.click()
    click(viewer, layer, 1)
    assert len(viewer.layers) == 4
    assert listens(viewer)
    viewer.window.remove_dock_widget(dock)
    assert [each.name for each in viewer.layers] == ["noise", layer.name]
    assert not listens(viewer)
    layer.paint((5, 5), 9)
    assert "edited" not in layer.metadata[METADATA]
    dock.deleteLater()


@pytest.mark.viewer
def test_a_window_closed_during_work_ends_it(opened, gate, make_napari_viewer_proxy, qtbot):
    _viewer, dock = opened(window=make_napari_viewer_proxy())
    # The window is shown, so that it can be hidden, as by its close button.
    window = dock.window()
    window.show()
    qtbot.waitUntil(dock.isVisible, timeout=120_000)
    dock.view.run.click()
    assert gate.entered.wait(120)
    window.hide()
    assert not dock.live
    gate.open()
    until_no_thread(qtbot)


def test_a_superpixel_of_a_volume_is_edited_in_the_plane_in_view(made):
    rough = np.random.default_rng(1).integers(0, 255, (6, 20, 20)).astype(np.uint8)
    viewer, dock, layer = made(rough, part="whole", scale=(2, 1, 1))
    numbers = neighbours(layer, 2)
    before = layer.data.copy()
    dock.view.boundaries.setChecked(False)
    viewer.dims.ndisplay = 3
    dock.view.pick.click()
    assert dock.view.error.text() == FLAT
    viewer.dims.ndisplay = 2
    dock.view.pick.click()
    click(viewer, layer, *numbers)
    dock.view.apply.click()
    assert (layer.data[np.isin(before, numbers)] == min(numbers)).all()
    assert len(np.unique(np.nonzero(np.isin(before, numbers))[0])) > 1, "test invalid"


def test_the_plane_in_view_of_a_volume(made):
    viewer, dock, layer = made(np.stack([NOISE] * 3), scale=(5, 1, 1))
    assert layer.data.shape == (1, 40, 60)
    assert layer.translate[0] == 5 * viewer.dims.current_step[0] > 0
    dock.view.split.click()
    for at in (0, 1):
        mouse(viewer, [place(layer, 1, at)])
    dock.view.apply.click()
    assert dock.view.status.text() == "Split superpixel 1 into 2."


def test_pixels_that_are_not_finite_are_a_sentence(opened, qtbot):
    image = NOISE.astype(float)
    image[0, 0] = np.nan
    viewer, dock = opened(image)
    dock.view.run.click()
    until_ended(dock, qtbot)
    assert "NaN" in dock.view.error.text()
    assert labels_layers(viewer) == []
    assert dock.view.run.isEnabled()


def test_an_algorithm_that_fails_is_a_sentence(opened, qtbot, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("the kernel is gone")

    monkeypatch.setattr(catalogue, "over_segment", broken)
    _, dock = opened()
    dock.view.run.click()
    until_ended(dock, qtbot)
    assert dock.view.error.text() == "Making superpixels failed: the kernel is gone"


@pytest.mark.parametrize("how", ["cancel", "image", "dock"])
def test_what_nobody_waits_for_is_dropped(how, opened, gate, qtbot):
    viewer, dock = opened()
    holder = QWidget()
    qtbot.addWidget(holder)
    dock.setParent(holder)
    dock.view.run.click()
    assert gate.entered.wait(120)
    assert not dock.view.run.isEnabled()
    dock.start()
    if how == "cancel":
        dock.view.cancel.click()
    elif how == "image":
        viewer.layers.remove("noise")
        assert dock.view.status.text() == REMOVED
    else:
        dock.setParent(None)
    assert not dock.live
    gate.open()
    until_no_thread(qtbot)
    qtbot.wait(250)
    assert labels_layers(viewer) == []
    dock.setParent(None)


def test_a_second_run_while_one_is_live_is_none(opened, gate, qtbot):
    viewer, dock = opened()
    dock.view.run.click()
    assert gate.entered.wait(120)
    dock.start()
    gate.open()
    until_ended(dock, qtbot)
    until_no_thread(qtbot)
    assert len(gate.asked) == len(labels_layers(viewer)) == 1


def test_superpixels_removed_while_they_are_edited(made):
    viewer, dock, layer = made()
    dock.view.pick.click()
    click(viewer, layer, 1)
    viewer.layers.remove(layer)
    assert [each.name for each in viewer.layers] == ["noise"]
    assert not dock.view.pick.isEnabled()
    assert not dock.view.pick.isChecked()
    assert not listens(viewer)


def test_labels_of_the_user_are_edited_and_painting_between_is_kept(opened):
    viewer, dock = opened()
    mine = viewer.add_labels(np.repeat([[1, 2, 3]], 40, axis=0).repeat(20, axis=1), name="mine")
    dock.view.layer.choose(mine)
    dock.view.pick.click()
    click(viewer, mine, 1, 2)
    dock.view.apply.click()
    mine.brush_size = 1
    mine.paint((5, 30), 9)
    dock.view.undo.click()
    assert [mine.data[5, x] for x in (0, 30, 31, 59)] == [1, 9, 2, 3]
    assert METADATA not in mine.metadata


def test_an_array_put_into_a_layer_is_not_edited_by_an_old_tool(opened):
    viewer, dock = opened()
    mine = viewer.add_labels(np.arange(1, 2401).reshape(40, 60), name="mine")
    dock.view.layer.choose(mine)
    dock.view.pick.click()
    click(viewer, mine, 1, 2)
    mine.data = np.ones((40, 60), int)
    dock.view.apply.click()
    assert "choose the tool again" in dock.view.error.text()
    assert not dock.view.pick.isChecked()
    assert [each.name for each in viewer.layers] == ["noise", "mine"]


def test_painting_superpixels_is_noted_in_the_record(made):
    _, _, layer = made()
    layer.paint((5, 5), 9)
    assert layer.metadata[METADATA]["edited"] is True


def test_labels_that_cannot_be_edited_are_a_sentence(opened):
    viewer, dock = opened()
    lazy = viewer.add_labels([np.ones((40, 60), int), np.ones((20, 30), int)], multiscale=True)
    dock.view.layer.choose(lazy)
    dock.view.split.click()
    assert "cannot be edited" in dock.view.error.text()
    assert not dock.view.split.isChecked()


def test_a_contour_map_is_cut_where_its_contours_are_strong(opened, qtbot, tmp_path):
    strength = np.zeros(NOISE.shape, np.uint8)
    strength[:, 30] = 200
    imwrite(tmp_path / "map.tif", strength)
    _, dock = opened()
    dock.view.algorithm.choose(ContourMap)
    dock.view.run.click()
    until_ended(dock, qtbot)
    assert dock.view.error.text().startswith("Choose a file with contour strengths")
    dock.view.fill({"file": str(tmp_path / "map.tif"), "threshold": 0.5})
    dock.view.run.click()
    until_ended(dock, qtbot)
    layer = dock.view.layer.thing
    assert layer.name == "noise [Contour map]"
    assert np.unique(layer.data[:, :30]).tolist() == [1]
    assert np.unique(layer.data[:, 31:]).tolist() == [2]
    again = replay(layer.metadata[METADATA], NOISE)
    np.testing.assert_array_equal(again, layer.data)


def test_the_contour_map_of_another_image_is_told(opened, qtbot, tmp_path):
    imwrite(tmp_path / "map.tif", np.zeros((9, 9), np.uint8))
    viewer, dock = opened()
    dock.view.algorithm.choose(ContourMap)
    dock.view.fill({"file": str(tmp_path / "map.tif")})
    dock.view.run.click()
    until_ended(dock, qtbot)
    assert "choose the contour map of this image" in dock.view.error.text()
    assert [layer.name for layer in viewer.layers] == ["noise"]
