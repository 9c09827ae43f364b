"""Labels as lines: where they are, how wide, and what one switch does to layers."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from scipy import ndimage

from napari_selfseg.widgets.canvas.layers import METADATA, camera_of
from napari_selfseg.widgets.canvas.looks.outlined import drawn_fast, is_result
from napari_selfseg.widgets.model.looks.lines import STEPS, drawn, width_of
from napari_selfseg.widgets.segment.looks import look_actions
from napari_selfseg.widgets.segment.looks.look_actions import LookActions
from napari_selfseg.widgets.views.controls import Controls

BLOCKS = np.kron(np.arange(1, 10).reshape(3, 3), np.ones((12, 15), int)).astype(np.uint8)
BLOCKS[20:26, 4:30] = 0


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8])
def test_a_rim_is_as_wide_as_asked(width):
    apart = np.zeros(BLOCKS.shape, bool)
    for axis in range(2):
        for to in (1, -1):
            beside = np.roll(BLOCKS, to, axis) != BLOCKS
            beside.swapaxes(0, axis)[0 if to == 1 else -1] = False  # nothing is beyond the end
            apart |= beside
    wide = ndimage.binary_dilation(apart, np.ones((2 * width - 1,) * 2))
    found = drawn(BLOCKS, width)
    assert found.dtype == BLOCKS.dtype
    assert (found == np.where(wide, BLOCKS, 0)).all()
    assert (found == 0).sum() > (BLOCKS == 0).sum() or width > 5


def test_a_rim_wider_than_the_image_is_all_of_it():
    labels = np.array([[1, 2, 2]])
    assert (drawn(labels, 32) == labels).all()
    assert not drawn(np.ones((3, 3), int), 2).any()


@pytest.mark.parametrize("screen", [768, 1080, 2160])
@pytest.mark.parametrize("pixel", [0.1, 0.22, 0.5, 1.0, 3.0])
def test_lines_are_seen_on_every_screen(pixel, screen):
    width = width_of(pixel, screen)
    assert width in STEPS
    assert width * pixel > 1.2, "thinner than a pixel of the screen is dotted"
    assert width * pixel <= 4.5 * max(1, screen / 1080), "wider hides what is below"


def test_napari_draws_the_lines_of_ours():
    ours, theirs = (Labels(BLOCKS.copy(), name=name) for name in ("ours", "theirs"))
    drawn_fast(ours)
    for each in (ours, theirs):
        each.contour = 3
    whole = (slice(0, 36), slice(0, 45))
    assert (ours._calculate_contour(BLOCKS, whole) == drawn(BLOCKS, 3)).all()
    part = (slice(5, 20), slice(10, 40))
    assert (ours._calculate_contour(BLOCKS, part) == drawn(BLOCKS, 3)[part]).all()
    shown = [np.asarray(each._slice.image.view) for each in (ours, theirs)]
    assert shown[0].shape == shown[1].shape
    assert (shown[0] > 0).sum() < (BLOCKS > 0).sum(), "inside there is no colour"
    ours.contour = 0
    assert ours._calculate_contour(BLOCKS, whole) is None


@pytest.fixture
def scene(qtbot, monkeypatch):
    monkeypatch.setattr(look_actions, "REST_MS", 0)
    viewer, controls = ViewerModel(), Controls()
    qtbot.addWidget(controls)
    viewer.add_labels(BLOCKS.copy(), name="of a person")
    viewer.add_layer(made("run"))
    viewer.add_labels(BLOCKS.copy(), name="opened", metadata={METADATA: {"method": "backprop"}})
    looks = LookActions(viewer, controls)
    looks.begin()
    return viewer, controls, looks


def made(name):
    layer = Labels(BLOCKS.copy(), name=name, opacity=0.6)
    drawn_fast(layer)
    return layer


def test_one_switch_for_all_results_and_no_other_layer(scene):
    viewer, controls, looks = scene
    controls.outlined.setChecked(True)
    viewer.add_layer(made("live"))
    lines = {each.name for each in viewer.layers if each.contour}
    assert lines == {"run", "opened", "live"}
    assert viewer.layers["live"].opacity == 1, "lines are thin enough"
    looks.toggle()
    assert not any(each.contour for each in viewer.layers)
    assert viewer.layers["live"].opacity == 0.6


def test_what_somebody_chose_stays(scene):
    viewer, controls, _ = scene
    controls.outlined.setChecked(True)
    layer = viewer.layers["run"]
    layer.opacity, layer.contour = 0.3, 7
    camera_of(viewer).zoom = 0.01
    look = viewer.layers["opened"]
    controls.outlined.setChecked(False)
    assert (layer.opacity, layer.contour, look.contour) == (0.3, 0, 0)


def test_lines_follow_the_zoom_at_rest(scene, qtbot):
    viewer, controls, looks = scene
    camera_of(viewer).zoom = 2.0
    controls.outlined.setChecked(True)
    near, own = viewer.layers["run"].contour, viewer.layers["opened"]
    own.contour = 5
    camera_of(viewer).zoom = 0.1
    qtbot.waitUntil(lambda: viewer.layers["run"].contour > 8, timeout=10_000)
    assert near == 1
    assert own.contour == 5, "chosen by hand"
    looks.end()
    camera_of(viewer).zoom = 2.0
    assert not looks._rest.isActive(), "a dock that is closed follows nothing"


def test_results_are_ours(scene):
    viewer, *_ = scene
    assert [is_result(each) for each in viewer.layers] == [False, True, True]
