"""Two results compared: what goes together, how far, and a viewer that is as it was."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_selfseg.widgets.canvas.layers import METADATA, camera_of, grid_of, is_mark
from napari_selfseg.widgets.compare import CompareDock
from napari_selfseg.widgets.compare._comparing import SAME, compared
from napari_selfseg.widgets.compare._dock import ALONE, NOTHING
from napari_selfseg.widgets.compare._stage import Stage

ONE = np.zeros((20, 30), int)
ONE[2:12, 2:12] = 5
ONE[2:12, 12:22] = 3
OTHER = np.zeros((20, 30), int)
OTHER[2:12, 2:13] = 7  # one column more than 5
OTHER[2:12, 13:22] = 1
OTHER[15:18, 25:28] = 2  # not there in the first


def test_labels_go_together_whatever_their_numbers():
    found = compared(ONE, OTHER)
    assert (found.matched[OTHER == 7] == 5).all()
    assert (found.matched[OTHER == 1] == 3).all()
    assert (found.matched[OTHER == 2] == 6).all(), "goes with none, so it is beyond"
    assert (found.matched[OTHER == 0] == 0).all()
    wanted = np.zeros(ONE.shape, bool)
    wanted[2:12, 12] = wanted[15:18, 25:28] = True
    assert (found.differing.astype(bool) == wanted).all()
    assert found.share == 19 / 600
    assert (found.hits, found.first, found.second) == (2, 2, 3)


def test_other_numbers_are_no_difference():
    found = compared(ONE, np.where(ONE, 10 - ONE, 0))
    assert not found.differing.any()
    assert (found.ari, found.voi) == (1, 0)
    assert found.words("a", "b") == SAME


def test_background_goes_with_background_alone():
    found = compared(np.array([[1, 1, 1, 0]]), np.array([[0, 0, 0, 2]]))
    assert found.matched.tolist() == [[0, 0, 0, 2]]
    assert found.differing.all()
    one, other = np.ones((2, 2), int), np.zeros((2, 2), int)
    assert compared(one, other).differing.all()
    with pytest.raises(ValueError, match="choose two of one shape"):
        compared(one, np.ones((2, 3), int))


def test_figures_are_those_of_the_metrics():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 5, (2, 40, 40))
    found = compared(one, other)
    assert abs(found.ari) < 0.05
    assert found.voi > 4
    words = found.words("left", "right")
    assert f"{found.ari:.3f}" in words
    assert "of 4 labels in left and 4 in right" in words


@pytest.fixture
def viewer():
    made = ViewerModel()
    made.add_image(np.random.default_rng(0).random((20, 30)), name="picture", gamma=0.8)
    record = {METADATA: {"method": "dic", "images": [{"name": "picture"}]}}
    made.add_labels(ONE, name="one", opacity=0.4, metadata=record, scale=(2, 2))
    made.add_labels(OTHER, name="other", visible=False, scale=(2, 2))
    made.add_image(np.zeros((20, 30)), name="hidden", visible=False)
    made.layers.selection.active = made.layers["picture"]
    camera_of(made).zoom, camera_of(made).center = 7.5, (0, 3, 4)
    grid_of(made).stride = -2
    return made


def state(viewer):
    camera, grid = camera_of(viewer), grid_of(viewer)
    layers = [(each.name, each.visible, each.opacity, id(each)) for each in viewer.layers]
    where = tuple(camera.center), camera.zoom, tuple(viewer.dims.point), viewer.dims.ndisplay
    names = {each.name for each in viewer.layers.selection}
    return layers, where, (grid.enabled, grid.shape, grid.stride), names


def test_both_have_a_cell_with_the_image_and_nothing_stays(viewer):
    before, stage, layers = state(viewer), Stage(viewer), viewer.layers
    found = compared(ONE, OTHER)
    stage.put(layers["one"], layers["other"], layers["picture"], found, marked=True)
    assert grid_of(viewer).actual_shape(layers) == (1, 2)
    cells = [
        [layers[k].name for k in grid_of(viewer).contents_at((0, at), layers)] for at in (0, 1)
    ]
    assert [each[1] for each in cells] == ["one (compared)", "other (compared)"]
    assert [each[0].startswith("picture (compared)") for each in cells] == [True, True]
    assert all(is_mark(each) for each in layers if each.visible)
    copies = [layers[f"{name} (compared)"] for name in ("one", "other")]
    assert copies[0].data is ONE, "it takes no memory"
    assert copies[0].get_color(5).tolist() == copies[1].get_color(5).tolist()
    stage.mark(False)
    assert not any(each.visible for each in layers if each.name.startswith("Differences"))
    camera_of(viewer).zoom = 0.3
    layers.remove(copies[1])  # by hand
    stage.take_away()
    assert state(viewer) == before
    assert not stage.up


def test_a_result_that_is_removed_ends_it(viewer, qtbot):
    dock = CompareDock(viewer)
    qtbot.addWidget(dock)
    view = dock.view
    view.one.choose(viewer.layers["one"])
    assert view.other.thing == viewer.layers["other"]
    assert view.image.thing == viewer.layers["picture"]
    view.run.click()
    qtbot.waitUntil(lambda: dock.up, timeout=60_000)
    assert "pixels differ" in view.figures.text()
    assert not view.run.isEnabled()
    viewer.layers.remove(viewer.layers["other"])
    assert not dock.up
    assert [each.name for each in viewer.layers] == ["picture", "one", "hidden"]
    assert viewer.layers["one"].visible


def test_closing_the_dock_puts_all_back(viewer, qtbot):
    before, dock = state(viewer), CompareDock(viewer)
    qtbot.addWidget(dock)
    dock.view.run.click()
    qtbot.waitUntil(lambda: dock.up, timeout=60_000)
    assert state(viewer) != before, "test invalid"
    dock._end()
    assert state(viewer) == before


def test_what_is_missing_is_said(qtbot):
    viewer = ViewerModel()
    dock = CompareDock(viewer)
    qtbot.addWidget(dock)
    assert dock.view.status.text() == NOTHING
    viewer.add_labels(np.ones((3, 3), int), name="a")
    viewer.add_labels(np.ones((4, 3), int), name="b")
    assert dock.view.status.text() == ALONE.format(name="a")
    assert not dock.view.run.isEnabled()
    viewer.add_labels(np.ones((4, 3), int), name="c")
    assert dock.view.run.isEnabled()
