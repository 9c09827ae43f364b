"""Images larger than memory in the Segment dock, in a real window."""

from __future__ import annotations

import itertools
import threading

import dask.array
import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtWidgets import QPushButton

import napari_selfseg as ss
from napari_selfseg import Consensus, Objects, read_record
from napari_selfseg.io import ImageFile, open_labels
from napari_selfseg.io._zarr import _zarr_levels
from napari_selfseg.methods import Backprop
from napari_selfseg.protocol import FewLabels, Run
from napari_selfseg.scale import TileRun, known_at_once, plan_tiles
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.superpixels import AutomaticWatershed, Slic
from napari_selfseg.superpixels._watersheds import _block_by_block, _contour_watershed
from napari_selfseg.widgets.canvas import temporary_folder as lease
from napari_selfseg.widgets.canvas.layers import METADATA, camera_of
from napari_selfseg.widgets.large.layer_cuts import LayerCuts
from napari_selfseg.widgets.large.tile_job import TileJob
from napari_selfseg.widgets.model.words import (
    FIRST_TILE,
    LEARNING,
    READING,
    SAMPLES,
    TRYING,
    WHOLE,
)
from napari_selfseg.widgets.segment import keep_actions
from napari_selfseg.widgets.segment.amount import cut_actions
from napari_selfseg.widgets.segment.dock import SegmentDock
from napari_selfseg.widgets.work.session import Session

pytestmark = pytest.mark.viewer

Y, X = np.mgrid[:300, :400]
SLIDE = np.stack([np.sin(Y / 9), np.cos(X / 9), np.sin((X + Y) / 9)], axis=-1)
SLIDE = (120 + 60 * SLIDE + np.random.default_rng(0).normal(scale=9, size=SLIDE.shape)).clip(0, 255)
SLIDE = SLIDE.astype(np.uint8)
QUICK = {"iterations": 4, "channels": 6, "min_labels": 1, "seed": 2}
# Enough for a tile of 128 x 128 pixels, and no more.
LIMIT = 13_000_000


@pytest.fixture
def opened(make_napari_viewer_proxy, qtbot, monkeypatch, tmp_path):
    """Open a viewer with a slide that does not fit, and a dock that is set up for its tiles."""

    def make(image=None, area="tiles", limit=LIMIT, **settings):
        viewer = make_napari_viewer_proxy()
        image = dask.array.from_array(SLIDE, chunks=(100, 100, 3)) if image is None else image
        viewer.add_image(image, **{"name": "slide", "rgb": True, **settings})
        dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(dock, name="Segment", area="right")
        qtbot.waitUntil(lambda: dock.loaded, timeout=120_000)
        setup = dock.view.setup
        setup.method.choose(Backprop)
        setup.precision.choose("float32")
        setup.superpixels.choose(Slic)
        setup.fill_superpixels({"n_segments": 60})
        setup.fill(QUICK)
        setup.region.area.choose(area)
        dock._forecast._limit = limit
        return viewer, dock

    monkeypatch.setattr(lease.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(FewLabels, "stop", lambda labels, t: None)
    return make


@pytest.fixture
def held(monkeypatch):
    """Let the worker do so many tiles, and then wait."""
    gate = threading.Semaphore(0)
    plain = TileRun.__next__

    def gated(run):
        gate.acquire(timeout=120)
        return plain(run)

    monkeypatch.setattr(TileRun, "__next__", gated)
    yield gate
    gate.release(10_000)


def labels_of(viewer):
    return next(each for each in viewer.layers if isinstance(each, Labels))


def folders(tmp_path):
    return list(tmp_path.glob("napari-selfseg-*"))


def finished(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.live and not dock._tasks.busy, timeout=120_000)
    return dock.view.controls.status.text()


def begun(dock, qtbot):
    dock.start()
    qtbot.waitUntil(lambda: dock.live, timeout=120_000)


def until_said(dock, qtbot, words):
    qtbot.waitUntil(lambda: words in dock.view.controls.status.text(), timeout=120_000)


def test_an_image_that_does_not_fit_is_recommended_tiles_by_name(opened, qtbot):
    _, dock = opened(area="all", limit=None)
    controls = dock.view.controls
    dock._forecast._limit = LIMIT
    dock.view.setup.changed.emit()
    qtbot.waitUntil(lambda: "All of it, by tiles" in controls.estimate.text(), timeout=120_000)
    said = controls.estimate.text()
    assert "more than the limit of 0.013 GB" in said
    assert "tiles of 128 x 128 pixels" in said
    assert "on the disk" in said
    dock.start()
    qtbot.waitUntil(lambda: "All of it, by tiles" in controls.error.text(), timeout=120_000)
    assert not dock.live
    offered = {each.text(): each for each in controls.remedies.findChildren(QPushButton)}
    assert {"All of it, by tiles", "Rectangle", "Half the size"} >= set(offered)
    offered["All of it, by tiles"].click()
    assert dock.view.setup.region.area.thing == "tiles"
    assert controls.error.isHidden()
    qtbot.waitUntil(lambda: controls.estimate.text().startswith("About"), timeout=120_000)
    assert "for 12 tiles of 128 x 128 pixels" in controls.estimate.text()
    dock._forecast._limit = 1000
    dock.start()
    qtbot.waitUntil(lambda: "allow more memory" in controls.error.text(), timeout=120_000)
    assert not dock.live


def test_tiles_are_the_whole_and_lie_where_the_image_does(opened, qtbot, tmp_path, monkeypatch):
    placing = {"scale": (0.5, 0.5), "translate": (3, 4), "units": ("um", "um")}
    viewer, dock = opened(**placing)
    begun(dock, qtbot)
    layer = labels_of(viewer)
    assert not layer.editable
    said = finished(dock, qtbot)
    assert said.startswith("All 12 tiles are labelled. The labels lie in")
    assert str(tmp_path) in said
    found, fit = np.asarray(layer.data), dock._fits.fit
    np.testing.assert_array_equal(found, fit.predict(SLIDE, channel_axis=-1, threads=1))
    assert len(np.unique(found)) > 1
    np.testing.assert_array_equal(layer.extent.world, viewer.layers["slide"].extent.world)
    assert layer.units == viewer.layers["slide"].units
    record = layer.metadata[METADATA]
    assert record["images"][0]["name"] == "slide"
    assert record["source"]["layers"] == ["slide"]
    assert record["learned"]["method"] == Backprop(**QUICK).as_dict()
    assert len(record["learned"]["images"]) > 1
    assert "tiles" not in record
    assert not dock.view.result.copy.isEnabled()
    assert dock.view.result.apply.isEnabled()
    dock.view.result.measure.click()
    qtbot.waitUntil(lambda: len(layer.features.columns) > 0, timeout=120_000)
    assert layer.features["index"].tolist() == np.unique(found).tolist()
    assert layer.features["pixels"].tolist() == np.bincount(found.ravel())[1:].tolist()
    assert {"area (µm²)", "mean red"} <= set(layer.features.columns)
    for name in ("mine.ome.zarr", "mine.tif"):
        target = tmp_path / name
        monkeypatch.setattr(keep_actions, "ask_save", lambda *_, path=target: str(path))
        dock.view.result.save_labels.click()
        until_said(dock, qtbot, f"Saved: {target}")
        assert read_record(target)["learned"] == record["learned"]
    np.testing.assert_array_equal(np.asarray(open_labels(tmp_path / "mine.ome.zarr")), found)
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not folders(tmp_path), timeout=120_000)
    assert (tmp_path / "mine.ome.zarr").is_dir()


def test_consensus_by_tiles_is_one_segmentation_and_no_fit_for_other_images(opened, qtbot):
    viewer, dock = opened(limit=None)
    setup = dock.view.setup
    setup.method.choose(Consensus)
    setup.superpixels.choose(Slic)
    dock.start()
    words = "choose Automatic watershed, or an area that fits"
    qtbot.waitUntil(lambda: words in dock.view.controls.error.text(), timeout=120_000)
    qtbot.waitUntil(lambda: not dock.live and not dock._tasks.busy, timeout=120_000)
    setup.superpixels.choose(AutomaticWatershed)
    begun(dock, qtbot)
    assert finished(dock, qtbot).startswith("All")
    found = np.asarray(labels_of(viewer).data)
    whole = ss.segment(SLIDE, Consensus(), channel_axis=-1, threads=1).labels()
    pairs = np.unique(np.stack([found.ravel(), whole.ravel()]), axis=1)
    assert found.dtype == np.uint32
    assert pairs.shape[1] == len(np.unique(whole)) == len(np.unique(found))
    assert dock._fits.fit is None
    assert not dock.view.result.apply.isEnabled()


def cut(dock, qtbot, n):
    """Move the slider to a number of segments."""
    granularity = dock.view.controls.shown.granularity
    granularity.number.setValue(n)
    layer = labels_of(dock._watch._viewer)
    qtbot.waitUntil(lambda: layer.metadata[METADATA]["n_labels"] == n, timeout=10_000)
    qtbot.waitUntil(lambda: not dock._tasks.busy, timeout=10_000)
    return layer


def of_consensus(opened, qtbot, monkeypatch, image, parameters=None, area="tiles", **settings):
    """Label an image by several blocks of Consensus."""
    monkeypatch.setattr(_block_by_block, "_SIDE", {2: 60, 3: 16})
    monkeypatch.setattr(_contour_watershed, "_PIXELS", 40)
    viewer, dock = opened(image, area, limit=10**9, **settings)
    if not settings.get("rgb", True):
        dock.view.setup.stack.part.choose("plane")
    dock.view.setup.method.choose(Consensus)
    dock.view.setup.superpixels.choose(AutomaticWatershed)
    dock.view.setup.fill(parameters or {})
    dock.start()
    assert "All" in finished(dock, qtbot)
    return viewer, dock


def test_tiles_of_consensus_have_the_slider_of_an_image_in_memory(
    opened, qtbot, monkeypatch, tmp_path
):
    monkeypatch.setattr(_zarr_levels, "COARSEST", 50)
    image, method = SLIDE[:120, :190], Consensus(granularity=0.4)
    viewer, dock = of_consensus(opened, qtbot, monkeypatch, image, {"granularity": 0.4})
    whole = ss.segment(image, method, channel_axis=-1, threads=1)
    tree, automatic = whole.hierarchy().tree, whole.hierarchy().automatic
    shown, layer = dock.view.controls.shown, labels_of(viewer)
    granularity = shown.granularity
    assert granularity.isVisibleTo(dock)
    assert (granularity.number.minimum(), granularity.number.maximum()) == (tree.fewest, tree.most)
    assert granularity.number.value() == automatic == layer.metadata[METADATA]["n_labels"]
    maps = sum(map(len, whole.ballots.values()))
    words = f"{whole.hierarchy().words} What {maps} label maps agree on."
    assert granularity.note.text() == words
    assert not shown.timeline.isVisibleTo(dock)
    assert not shown._switch.isVisibleTo(dock), "there are no iterations to show"
    assert not granularity.borders.isEnabled()
    assert len(layer.data) == 3, "test invalid: one level"
    for n in (9, 23):
        assert cut(dock, qtbot, n) == layer
        found = [np.asarray(each) for each in layer.data]
        assert one_to_one(found[0], whole.cut(n))
        for finer, coarser in itertools.pairwise(found):
            np.testing.assert_array_equal(coarser, finer[::2, ::2])
        assert layer.metadata[METADATA]["segments"] == n
    target = tmp_path / "kept.ome.zarr"
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(target))
    dock.view.result.save_labels.click()
    cut(dock, qtbot, 9)
    until_said(dock, qtbot, "Saved")
    np.testing.assert_array_equal(np.asarray(open_labels(target)), found[0])
    kept, told = read_record(target), commanded(image, method, 23, tmp_path)
    np.testing.assert_array_equal(found[0], open_labels(tmp_path / "commanded.ome.zarr")[:])
    for key in ("segments", "n_labels", "across_seams"):
        assert kept[key] == told[key]
    granularity.automatic.click()
    qtbot.waitUntil(lambda: layer.metadata[METADATA]["n_labels"] == automatic, timeout=10_000)
    assert one_to_one(np.asarray(layer.data[0]), whole.labels())
    assert "segments" not in layer.metadata[METADATA]
    viewer.layers.remove(layer)
    assert not granularity.isVisibleTo(dock)
    qtbot.waitUntil(lambda: not folders(tmp_path), timeout=120_000)


@pytest.mark.parametrize("area", ["tiles", "all"])
def test_a_number_asked_for_before_is_shown_and_the_next_run_has_its_own(
    opened, qtbot, monkeypatch, area
):
    image = SLIDE[:60, :120]
    viewer, dock = of_consensus(opened, qtbot, monkeypatch, image, {"n_segments": 5}, area)
    granularity = dock.view.controls.shown.granularity
    if area == "tiles":
        measured_of_what_is_shown(viewer, dock, qtbot)
    run = ss.segment(image, Consensus(), channel_axis=-1, threads=1)
    automatic = run.hierarchy().automatic
    assert automatic != 5, "test invalid: nothing was asked for"
    assert granularity.number.value() == len(np.unique(labels_of(viewer).data)) == 5
    assert granularity.automatic.text() == f"Automatic: {automatic}"
    granularity.number.setValue(9)
    qtbot.waitUntil(lambda: len(np.unique(labels_of(viewer).data)) == 9, timeout=10_000)
    dock.view.setup.fill({"n_segments": 0})
    dock.start()
    finished(dock, qtbot)
    assert granularity.number.value() == automatic
    assert len(np.unique([e for e in viewer.layers if isinstance(e, Labels)][-1].data)) == automatic


def measured_of_what_is_shown(viewer, dock, qtbot):
    layer = labels_of(viewer)
    cut(dock, qtbot, 7)
    dock.view.result.measure.click()
    qtbot.waitUntil(lambda: not dock._tasks.busy, timeout=60_000)
    area = next(each for each in layer.features if each.startswith("area ("))
    sizes = np.bincount(np.ravel(layer.data))[1:]
    np.testing.assert_array_equal(layer.features[area][-7:], sizes)
    assert len(sizes) == 7
    cut(dock, qtbot, 5)
    assert not len(layer.features.columns), "measured of others"
    assert not dock.view.result.save_table.isEnabled()


def test_the_slider_goes_over_a_plane_of_a_stack(opened, qtbot, monkeypatch):
    monkeypatch.setattr(_zarr_levels, "COARSEST", 60)
    stack = np.stack([SLIDE[:60, :120, 0], SLIDE[:60, :120, 1]])
    axes = {"rgb": False, "axis_labels": ("z", "y", "x")}
    _, dock = of_consensus(opened, qtbot, monkeypatch, stack, **axes)
    layer = cut(dock, qtbot, 5)
    assert [each.shape for each in layer.data] == [(1, 60, 120), (1, 30, 60)]
    found = np.asarray(layer.data[0])[0]
    assert len(np.unique(found)) == 5
    here = dock._watch._viewer.dims.point[0]
    assert layer.get_value((here, 20, 30))[1] == found[20, 30]
    np.testing.assert_array_equal(np.asarray(layer.data[1])[0], found[::2, ::2])


def commanded(image, method, segments, tmp_path):
    """Do what the command does with so many segments; return the record."""
    source = Source(ImageFile(image, -1, (1, 1), "pixel", None, "slide", "yxc"), -1)
    target, here = str(tmp_path / "commanded.ome.zarr"), {"device": "cpu", "threads": 1}
    plan = plan_tiles(source, known_at_once(source, method), target, segments=segments, **here)
    TileRun(plan).finish()
    return read_record(target)


def test_the_slider_waits_for_nothing_and_the_last_number_counts(opened, qtbot, monkeypatch):
    viewer, dock = of_consensus(opened, qtbot, monkeypatch, SLIDE[:60, :120])
    monkeypatch.setattr(cut_actions, "QUICK", -1.0)
    gate, asked = threading.Event(), []
    plain = LayerCuts.labels

    def slow(cuts, n):
        assert threading.current_thread() is not threading.main_thread()
        asked.append(n)
        gate.wait(60)
        return plain(cuts, n)

    monkeypatch.setattr(LayerCuts, "labels", slow)
    layer, number = labels_of(viewer), dock.view.controls.shown.granularity.number
    for n in (5, 6, 7, 8):
        number.setValue(n)
        qtbot.wait(60)
    assert asked == [5]
    gate.set()
    qtbot.waitUntil(lambda: layer.metadata[METADATA].get("segments") == 8, timeout=10_000)
    assert asked == [5, 8]
    assert len(np.unique(layer.data)) == 8


def test_labels_somebody_painted_on_are_not_cut_again(opened, qtbot, monkeypatch):
    viewer, dock = of_consensus(opened, qtbot, monkeypatch, SLIDE[:60, :120])
    layer, granularity = labels_of(viewer), dock.view.controls.shown.granularity
    assert granularity.slider.isEnabled()
    assert layer.editable
    layer.paint((20, 20), 7)
    painted = np.array(layer.data)
    assert not granularity.slider.isEnabled()
    assert "You painted on these labels" in granularity.slider.toolTip()
    dock.view.controls.step(1)
    qtbot.wait(100)
    np.testing.assert_array_equal(layer.data, painted)
    assert layer.metadata[METADATA]["edited"]


def one_to_one(a, b):
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def test_objects_by_tiles_are_counted_and_each_is_whole(opened, qtbot):
    light = np.full((200, 300), 40.0)
    y, x = np.indices(light.shape)
    for row in range(16, 200, 28):
        for column in range(20, 300, 30):
            light[(y - row) ** 2 + (x - column) ** 2 < 80] = 180
    noise = np.random.default_rng(0).normal(scale=5, size=light.shape)
    image = (light + noise).clip(0, 255).astype(np.uint8)
    viewer, dock = opened(image, limit=None, rgb=False)
    setup = dock.view.setup
    setup.method.choose(Objects)
    setup.superpixels.choose(None)
    setup.fill({"iterations": 21})
    begun(dock, qtbot)
    assert finished(dock, qtbot).startswith("70 objects. All")
    found = np.asarray(labels_of(viewer).data)
    assert found.dtype == np.uint32
    whole = ss.segment(image, Objects(iterations=21), precision="float32", threads=1).labels()
    assert (found == whole).all(), "it fits one tile"


def test_tiles_in_view_come_first_and_stopped_ones_are_continued(opened, qtbot, held):
    viewer, dock = opened()
    camera_of(viewer).center = (290, 390)
    camera_of(viewer).zoom = 20
    begun(dock, qtbot)
    layer = labels_of(viewer)
    held.release()
    until_said(dock, qtbot, "1 of 12 tiles done")
    assert np.asarray(layer.data)[256:, 384:].all(), "the tile in view"
    assert not np.asarray(layer.data)[:256].any()
    dock.stop()
    assert dock.view.controls.status.text() == "Stopping: the tile at work is finished..."
    held.release(10_000)
    assert finished(dock, qtbot).startswith("Stopped when asked; ")
    assert layer.editable
    assert "edited" not in layer.metadata[METADATA]
    layer.paint((299, 399), 5)
    kept = np.asarray(layer.data)
    assert kept[299, 399] == 5
    assert 0 < (kept != 0).mean() < 1
    assert layer.metadata[METADATA]["tiles"][1] == 12
    fit = dock._fits.fit
    dock.view.controls.resume.click()
    assert dock.live
    assert not layer.editable
    assert finished(dock, qtbot).startswith("All 12 tiles are labelled.")
    assert layer.editable
    assert layer.metadata[METADATA]["edited"]
    shown = dock.view.controls.shown
    assert not shown.granularity.isVisibleTo(dock)
    assert "the slider from few to many is there for Consensus" in shown.note.text()
    assert shown.note.isVisibleTo(dock)
    found = np.asarray(layer.data)
    assert found.all()
    assert (found[kept != 0] == kept[kept != 0]).all()
    assert dock._fits.fit is fit, "nothing is learned twice"
    assert not dock.view.controls.resume.isEnabled()
    dock.resume()
    assert "No tiles are left" in dock.view.controls.error.text()


def test_what_is_done_before_there_are_tiles_is_said(opened, qtbot, stages):
    _, dock = opened()
    heard = stages(TileJob)
    begun(dock, qtbot)
    finished(dock, qtbot)
    assert heard == [READING, TRYING, SAMPLES, LEARNING, WHOLE, FIRST_TILE]


def test_stopped_while_it_learns_it_goes_on_with_what_was_learned(opened, qtbot, monkeypatch):
    viewer, dock = opened()
    dock.view.setup.fill({"iterations": 100_000})
    begun(dock, qtbot)
    until_said(dock, qtbot, "Learning from samples: Iteration")
    assert dock.view.controls.plot.isVisibleTo(dock), "the losses of the samples"
    assert not np.asarray(labels_of(viewer).data).any()
    dock.stop()
    assert "before the first tile" in finished(dock, qtbot)
    layer = labels_of(viewer)
    dock.view.controls.resume.click()
    assert finished(dock, qtbot).startswith("All 12 tiles are labelled.")
    assert labels_of(viewer) == layer
    assert np.asarray(layer.data).all()


def test_removed_labels_and_a_closed_dock_end_it_and_leave_no_folder(opened, qtbot, held, tmp_path):
    viewer, dock = opened()
    begun(dock, qtbot)
    held.release()
    until_said(dock, qtbot, "1 of 12 tiles done")
    job = dock._live.session._job
    viewer.layers.remove(labels_of(viewer))
    assert not dock.live
    qtbot.wait(500)
    assert folders(tmp_path), "the worker still writes there"
    held.release(10_000)
    qtbot.waitUntil(lambda: job._work is None and not folders(tmp_path), timeout=120_000)
    begun(dock, qtbot)
    until_said(dock, qtbot, "tiles done")
    layer, job = labels_of(viewer), dock._live.session._job
    dock.setParent(None)
    assert not dock.live
    qtbot.waitUntil(lambda: job._work is None, timeout=120_000)
    assert folders(tmp_path), "its layer is still there"
    assert np.asarray(layer.data).any()
    viewer.layers.append(Labels(layer.data, name="the same"))
    viewer.layers.remove(layer)
    qtbot.wait(500)
    assert folders(tmp_path), "another layer reads it"
    viewer.layers.remove("the same")
    qtbot.waitUntil(lambda: not folders(tmp_path), timeout=120_000)


def test_a_chunk_that_cannot_be_read_is_told_and_the_others_are_kept(opened, qtbot):
    broken = []

    def read(block, block_info=None):
        if broken and block_info and block_info[0]["chunk-location"][:2] == (5, 7):
            raise OSError("The disk is gone.")
        return block

    image = dask.array.from_array(SLIDE, chunks=(50, 50, 3)).map_blocks(read, dtype=np.uint8)
    viewer, dock = opened(image)
    viewer.layers["slide"].visible = False
    broken.append(True)
    begun(dock, qtbot)
    finished(dock, qtbot)
    said = dock.view.controls.error.text()
    assert "of 12 tiles failed, one with: The disk is gone. Continue tries them again" in said
    layer = labels_of(viewer)
    kept = np.asarray(layer.data)
    assert kept[:200, :200].all()
    assert not kept[299, 399]
    broken.clear()
    dock.view.controls.resume.click()
    assert finished(dock, qtbot).startswith("All 12 tiles are labelled.")
    assert np.asarray(layer.data).all()


def test_a_plane_of_a_stack_and_its_mask(opened, qtbot, tmp_path, monkeypatch):
    stack = np.stack([SLIDE[..., 0], SLIDE[..., 1]])
    viewer, dock = opened(stack, rgb=False, limit=None, axis_labels=("z", "y", "x"))
    mask = np.ones(stack.shape, np.uint8)
    mask[:, :60, :70] = 0
    viewer.add_labels(mask, name="seen")
    setup = dock.view.setup
    setup.stack.part.choose("plane")
    setup.region.void.choose(viewer.layers["seen"])
    viewer.dims.set_point(0, 1)
    begun(dock, qtbot)
    finished(dock, qtbot)
    layer = next(each for each in viewer.layers if "[" in each.name)
    assert layer.data.shape == (1, 300, 400)
    assert layer.translate[0] == 1
    found = np.asarray(layer.data)[0]
    np.testing.assert_array_equal(found != 0, mask[1] != 0)
    assert layer.get_value((1, 200, 200)) == found[200, 200]
    target = tmp_path / "plane.ome.zarr"
    monkeypatch.setattr(keep_actions, "ask_save", lambda *_: str(target))
    dock.view.result.save_labels.click()
    until_said(dock, qtbot, "Saved")
    np.testing.assert_array_equal(np.asarray(open_labels(target)), found)
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not folders(tmp_path), timeout=120_000)


def test_what_was_learned_is_applied_by_tiles_where_the_image_is_too_large(opened, qtbot):
    viewer, dock = opened(area="view", limit=None)
    dock.view.setup.region.area.choose("all")
    dock.start()
    finished(dock, qtbot)
    fit, first = dock._fits.fit, labels_of(viewer)
    dock._forecast._limit = LIMIT
    dock.view.result.apply.click()
    qtbot.waitUntil(lambda: dock.live, timeout=120_000)
    finished(dock, qtbot)
    layer = next(each for each in viewer.layers if "applied" in each.name)
    assert layer != first
    np.testing.assert_array_equal(
        np.asarray(layer.data), fit.predict(SLIDE, channel_axis=-1, threads=1)
    )
    assert layer.metadata[METADATA]["learned"] is None
    assert dock._fits.fit is fit
    viewer.add_image(np.tile(SLIDE[..., 0], (2, 2)), name="grey")
    dock.view.result.target.choose(viewer.layers["grey"])
    dock.view.result.apply.click()
    qtbot.waitUntil(lambda: "1 channels" in dock.view.controls.error.text(), timeout=120_000)
    assert not [each for each in viewer.layers if "grey [" in each.name], "an empty layer"


def test_continue_goes_on_with_applied_tiles_whatever_is_filled_in(opened, qtbot, held):
    viewer, dock = opened(area="all", limit=None)
    dock.start()
    finished(dock, qtbot)
    dock._forecast._limit = LIMIT
    dock.view.result.apply.click()
    qtbot.waitUntil(lambda: dock.live, timeout=120_000)
    held.release()
    until_said(dock, qtbot, "1 of 12 tiles done")
    dock.stop()
    held.release(10_000)
    assert "Continue does the others" in finished(dock, qtbot)
    layer = next(each for each in viewer.layers if "applied" in each.name)
    setup, controls = dock.view.setup, dock.view.controls
    setup.image.choose(viewer.add_image(SLIDE[:50, :50], name="other"))
    assert not controls.resume.isEnabled()
    dock.resume()
    assert controls.error.text() == (
        "Continue goes on with slide: choose it, or press Run to begin anew."
    )
    setup.image.choose(viewer.layers["slide"])
    setup.region.area.choose("rectangle")
    controls.resume.click()
    assert dock.live
    assert dock._live.session.layer == layer
    assert finished(dock, qtbot).startswith("All 12 tiles are labelled.")
    assert np.asarray(layer.data).all()
    setup.region.area.choose("all")
    dock._forecast._limit = None
    controls.resume.click()
    assert isinstance(dock._live.session, Session), "nothing is left: it trains on"
    finished(dock, qtbot)


def test_the_slide_is_never_read_on_the_main_thread(opened, qtbot, monkeypatch):
    read = []

    def spied(block):
        read.append(threading.current_thread() is threading.main_thread())
        return block

    image = dask.array.from_array(SLIDE, chunks=(100, 100, 3)).map_blocks(spied, dtype=np.uint8)
    viewer, dock = opened(image)
    viewer.layers["slide"].visible = False
    read.clear()
    begun(dock, qtbot)
    finished(dock, qtbot)
    assert read
    assert not any(read)


def test_stopped_twice_while_it_learns_nothing_is_left(opened, qtbot, monkeypatch):
    viewer, dock = opened()
    dock.view.setup.fill({"iterations": 100_000})
    ended = []
    plain = Run.abandon
    monkeypatch.setattr(Run, "abandon", lambda run: ended.append(1) or plain(run))
    begun(dock, qtbot)
    until_said(dock, qtbot, "Learning from samples: Iteration")
    dock.stop()
    dock.stop()
    assert not dock.live
    assert ended
    assert not [each for each in viewer.layers if isinstance(each, Labels)]


def test_a_larger_image_has_levels_which_show_what_is_done(opened, qtbot, held):
    image = np.tile(SLIDE, (5, 4, 1))
    viewer, dock = opened(image, limit=200_000_000)
    camera_of(viewer).zoom = 0.05
    dock.view.setup.fill({"channels": 2, "iterations": 1, "depth": 1})
    begun(dock, qtbot)
    layer = labels_of(viewer)
    assert layer.multiscale
    assert [each.shape for each in layer.data] == [(1500, 1600), (750, 800)]
    assert layer.data_level == 1, "test invalid: the coarsest level is not the one shown"
    assert not any(shown(layer))
    held.release()
    until_said(dock, qtbot, "tiles done")
    assert any(shown(layer))
    assert not all(shown(layer))
    held.release(10_000)
    finished(dock, qtbot)
    assert all(shown(layer))
    finest, coarse = map(np.asarray, layer.data)
    np.testing.assert_array_equal(coarse, finest[::2, ::2])
    assert not layer.editable


def shown(layer):
    """Return what the canvas shows at places all over it."""
    return [layer.get_value((y, x))[1] for y in range(50, 1500, 200) for x in range(50, 1600, 200)]
