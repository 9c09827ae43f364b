"""Labels that the dock writes into the OME-Zarr image that they are of."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from napari_selfseg.io import read_image, read_record
from napari_selfseg.methods import Backprop
from napari_selfseg.superpixels import Slic
from napari_selfseg.widgets.segment import keep_actions
from napari_selfseg.widgets.segment.dock import SegmentDock

pytestmark = pytest.mark.viewer

NOISE = np.random.default_rng(0).integers(0, 255, (48, 64)).astype(np.uint8)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w")
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5]}]}
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [level]}]}
    group.create_array("0", data=NOISE)
    return path


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot, path, monkeypatch):
    viewer = make_napari_viewer_proxy()
    viewer.open(str(path), plugin="napari-selfseg")
    dock = SegmentDock(viewer)
    viewer.window.add_dock_widget(dock, name="Segment", area="right")
    qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
    dock.view.setup.method.choose(Backprop)
    dock.view.setup.superpixels.choose(Slic)
    dock.view.setup.fill_superpixels({"n_segments": 100})
    dock.view.setup.fill({"iterations": 3, "channels": 8, "min_labels": 1})
    dock.start()
    assert dock.live, dock.view.controls.error.text()
    qtbot.waitUntil(lambda: not dock.live, timeout=120_000)
    monkeypatch.setattr(keep_actions, "ask_name", lambda *_: "cells")
    return viewer, dock


def test_labels_go_into_the_image_and_are_replaced_when_allowed(opened, path, qtbot, monkeypatch):
    viewer, dock = opened
    target, asked = path / "labels" / "cells", []
    dock.view.result.save_into.click()
    qtbot.waitUntil(lambda: target.exists() and "Saved" in dock.view.controls.status.text())
    layer = next(each for each in viewer.layers if each.name != "a")
    np.testing.assert_array_equal(read_image(target).data, layer.data)
    assert read_image(target).spacing == (0.5, 0.5)
    assert read_record(target)["method"]["name"] == "backprop"
    assert zarr.open_group(path / "labels").attrs["ome"]["labels"] == ["cells"]
    layer.paint((10, 10), 9)
    monkeypatch.setattr(keep_actions, "ask_replace", lambda *words: bool(asked.append(words)))
    dock.view.result.save_into.click()
    assert len(asked) == 1
    assert read_image(target).data.max() < 9
    monkeypatch.setattr(keep_actions, "ask_replace", lambda *_: True)
    dock.view.result.save_into.click()
    qtbot.waitUntil(lambda: bool((read_image(target).data == 9).any()), timeout=20_000)
