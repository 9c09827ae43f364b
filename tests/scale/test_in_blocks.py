"""A consensus of an image made in passes over its blocks is that of the image in memory."""

from __future__ import annotations

import numpy as np
import pytest

import napari_selfseg as ss
from napari_selfseg.consensus import _spectral
from napari_selfseg.io import (
    ImageFile,
    load_fit,
    open_labels,
    open_levels,
    read_record,
    save_fit,
)
from napari_selfseg.io._zarr import _zarr_levels
from napari_selfseg.scale import (
    TileCuts,
    TileRun,
    estimate_plan,
    known_at_once,
    lay_out_tiles,
    over_tiles,
    plan_tiles,
    tile_record,
)
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._tiles import _tile_pass
from napari_selfseg.scale._tiles import _tile_work as tile_work
from napari_selfseg.superpixels import (
    AutomaticWatershed,
    Slic,
)
from napari_selfseg.superpixels._watersheds import _block_by_block, _contour_watershed

HERE = {"device": "cpu", "threads": 1}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(_block_by_block, "_SIDE", {2: 40, 3: 16})
    monkeypatch.setattr(_contour_watershed, "_PIXELS", 22)


def coloured(shape=(90, 110), seed=0):
    """Broad regions, all of which lie in several blocks."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    image = np.stack([60 + 90 * (x > 55), 40 + 120 * (y > x), np.full(shape, 90)], axis=-1)
    image[x + y > 150] = (230, 220, 40)
    return (image + rng.normal(scale=6, size=image.shape)).clip(1, 255).astype(np.uint8)


def spotted(shape=(100, 120)):
    """Round objects on a background."""
    rng = np.random.default_rng(1)
    y, x = np.indices(shape)
    light = np.full(shape, 40.0)
    for row in range(14, shape[0], 24):
        for column in range(14, shape[1], 24):
            light[(y - row) ** 2 + (x - column) ** 2 < 64] = 200
    return (light + rng.normal(scale=5, size=shape)).clip(1, 255).astype(np.uint8)


def celled(shape=(110, 120)):
    """Cells between dark lines."""
    rng = np.random.default_rng(0)
    pixels = np.stack(np.indices(shape), axis=-1)
    away = np.linalg.norm(pixels[..., None, :] - rng.random((45, 2)) * shape, axis=-1)
    near = np.sort(away, axis=-1)
    light = 180 - 130 * np.exp(-(((near[..., 1] - near[..., 0]) / 5) ** 2))
    return (light + rng.normal(scale=8, size=shape)).clip(1, 255).astype(np.uint8)


def one_to_one(a, b):
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def begun(tmp_path, image, method, mask=None, **options):
    axis = -1 if image.ndim == 3 else None
    source = Source(ImageFile(image, axis, (1, 1), "pixel", mask, "it", "yxc"[: image.ndim]), axis)
    fit = known_at_once(source, method)
    return plan_tiles(source, fit, str(tmp_path / "labels.ome.zarr"), **HERE, **options)


KINDS = {"Regions": coloured, "Objects": spotted, "Cells": celled}


# The last number: superpixels of a window of the spectral step, one or several an image.
@pytest.mark.parametrize(
    ("kind", "masked", "window"),
    [(kind, masked, 40_000) for kind in KINDS for masked in (False, True)]
    + [("Regions", True, 200), ("Objects", False, 200)],
)
def test_blocks_equal_the_whole(tmp_path, monkeypatch, kind, masked, window):
    monkeypatch.setattr(_spectral, "_MOST", window)
    image, method = KINDS[kind](), ss.Consensus()
    mask = np.ones(image.shape[:2], bool)
    if masked:
        mask[:20], mask[50:58, 30:70] = False, False
    axis = -1 if image.ndim == 3 else None
    run = ss.segment(image, method, channel_axis=axis, mask=mask if masked else None, **HERE)
    plan = begun(tmp_path, image, method, mask if masked else None)
    tiles = TileRun(plan).finish()
    found = open_labels(plan.labels)[:]
    assert tiles.finished
    assert len(plan.grid) > 3
    assert run.hierarchy().words.startswith(kind)
    assert len(np.unique(found)) > 3
    assert one_to_one(found, run.labels())
    assert ((found == 0) == ~mask).all()


def test_a_volume(tmp_path):
    rng = np.random.default_rng(0)
    z, y, x = np.indices((20, 40, 44))
    light = 60 + 120 * ((z - 10) ** 2 + (y - 20) ** 2 + (x - 22) ** 2 < 64)
    image = (light + rng.normal(scale=4, size=light.shape)).clip(1, 255).astype(np.uint8)
    whole = ss.segment(image, ss.Consensus(), **HERE).labels()
    source = Source(image, None)
    fit = known_at_once(source, ss.Consensus(), ndim=3)
    plan = plan_tiles(source, fit, str(tmp_path / "labels.ome.zarr"), **HERE)
    TileRun(plan).finish()
    assert len(plan.grid) > 3
    assert one_to_one(open_labels(plan.labels)[:], whole)


def test_of_a_stack_each_plane_is_learned_from(tmp_path):
    stack = np.stack([spotted((40, 40))] * 3)
    assert known_at_once(Source(stack, None), ss.Consensus()) is None
    assert known_at_once(Source(stack[0], None), ss.Backprop()) is None
    assert known_at_once(Source(stack[0], None), ss.Consensus(networks="both")) is None


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch):
    image, method = coloured(), ss.Consensus()
    whole = ss.segment(image, method, channel_axis=-1, **HERE).labels()
    plan, count = begun(tmp_path, image, method), [0]
    compare = tile_work._compare

    def fails(plan, number):
        count[0] += 1
        if number > 3:
            raise OSError("no more")
        return compare(plan, number)

    monkeypatch.setattr(tile_work, "_compare", fails)
    with pytest.raises(ValueError, match="tiles failed"):
        TileRun(plan).finish()
    monkeypatch.setattr(tile_work, "_compare", compare)
    monkeypatch.setattr(tile_work, "_cut", lambda *_: pytest.fail("cut again"))
    assert count[0] > 4
    assert TileRun(plan).finish().finished
    assert one_to_one(open_labels(plan.labels)[:], whole)
    left = {path.name for path in plan.beside().iterdir()}
    tree = {"tree.npz", "ids", "pieces.zarr", "across_seams"}
    assert left == {"plan.json", "model.safetensors", "done", "finished", "log.txt"} | tree


def test_the_record_says_how_and_how_many(tmp_path):
    plan = begun(tmp_path, coloured(), ss.Consensus(n_segments=5))
    TileRun(plan).finish()
    told = tile_record(plan)
    assert told["n_labels"] == 5
    assert told["fitted"]["n_segments"] == 5


def test_what_whole_segments_have_no_need_of_is_refused(tmp_path):
    image = coloured()
    with pytest.raises(ValueError, match="numbered as they are: leave out connected"):
        begun(tmp_path, image, ss.Consensus(), objects=3)
    with pytest.raises(ValueError, match="no superpixels that vote"):
        begun(tmp_path, image, ss.Consensus(), superpixels=np.ones((90, 110), int))
    with pytest.raises(ValueError, match="allow more memory"):
        begun(tmp_path, image, ss.Consensus(), memory=1000)
    with pytest.raises(ValueError, match="allow more memory"):
        lay_out_tiles((90_000, 90_000), 3, ss.Consensus(), memory=10**9)


def test_other_superpixels_are_refused_and_the_same_are_not():
    source = Source(coloured(), -1)
    with pytest.raises(ValueError, match="choose Automatic watershed"):
        known_at_once(source, ss.Consensus(), superpixels=Slic())
    assert known_at_once(source, ss.Consensus(), superpixels=AutomaticWatershed()) is not None
    assert known_at_once(source, ss.Backprop(), superpixels=Slic()) is None


def test_what_is_known_of_one_image_labels_no_other(tmp_path):
    fit = known_at_once(Source(coloured(), -1), ss.Consensus())
    with pytest.raises(ValueError, match="run Consensus on this image"):
        fit.predict(coloured(seed=1), channel_axis=-1, **HERE)


def test_what_is_foreseen(tmp_path):
    plan = begun(tmp_path, coloured(), ss.Consensus())
    found = lay_out_tiles((90, 110), 3, ss.Consensus(), memory=10**9)
    assert (found.sample, found.tile, found.tiles) == (0, plan.tile, len(plan.grid))
    expected = estimate_plan(plan)
    assert expected.tiles == len(plan.grid)
    assert expected.worker.seconds > expected.worker.seconds_per_iteration > 0


def test_what_is_known_of_an_image_is_kept_in_a_file(tmp_path):
    fit = known_at_once(Source(coloured(), -1), ss.Consensus())
    save_fit(fit, tmp_path / "known.safetensors")
    again = load_fit(tmp_path / "known.safetensors")
    assert again.weights.keys() == fit.weights.keys()
    assert all((again.weights[name] == fit.weights[name]).all() for name in fit.weights)


def test_an_ordinary_fit_still_labels_tile_by_tile(tmp_path):
    image = coloured()
    fit = ss.segment(image, ss.Consensus(n_segments=3), channel_axis=-1, **HERE).fit
    run = over_tiles(image, fit, tmp_path / "l.ome.zarr", channel_axis=-1, tile=64, **HERE)
    assert not run.plan.blockwise
    run.finish()
    assert set(np.unique(open_labels(run.plan.labels)[:])) <= {1, 2, 3}


def test_segments_are_as_many_as_are_wanted_and_cut_again_without_looking(tmp_path, monkeypatch):
    image, method = spotted(), ss.Consensus()
    run = ss.segment(image, method, **HERE)
    worked, work_on = [], tile_work.work_on

    def counting(task):
        worked.append(task[1])
        return work_on(task)

    monkeypatch.setattr(_tile_pass, "work_on", counting)
    for n, resume in ((4, False), (11, True), (11, True)):
        plan = begun(tmp_path, image, method, segments=n, resume=resume)
        TileRun(plan).finish()
        found = open_labels(plan.labels)[:]
        assert one_to_one(found, run.cut(n))
        assert len(np.unique(found)) == n
        record = read_record(plan.labels)
        assert (record["segments"], record["n_labels"]) == (n, n)
    passes = [worked.count(name) for name in ("cut", "compare", "number")]
    assert passes == [len(plan.grid), len(plan.grid), 2 * len(plan.grid)]


def test_a_number_of_segments_needs_a_tree(tmp_path):
    source = Source(spotted(), None)
    fit = ss.segment(spotted(), ss.Backprop(iterations=1, channels=4, min_labels=1), **HERE).fit
    with pytest.raises(ValueError, match=r"needs a tree of the whole image, as Consensus without"):
        plan_tiles(source, fit, str(tmp_path / "a.ome.zarr"), segments=4, tile=64)


def test_a_kept_tree_is_cut_where_somebody_looks(tmp_path, monkeypatch):
    monkeypatch.setattr(_zarr_levels, "COARSEST", 40)
    image = celled((91, 123))
    plan = begun(tmp_path, image, ss.Consensus(), segments=9)
    TileRun(plan).finish()
    nine, nine_told = open_labels(plan.labels)[:], read_record(plan.labels)
    cuts = TileCuts(plan)
    whole = cuts.levels[0]
    for level in cuts.levels:
        level.labels = cuts.labels(9)
    np.testing.assert_array_equal(np.asarray(whole), nine)
    for level, stored in zip(cuts.levels, open_levels(plan.labels), strict=True):
        np.testing.assert_array_equal(np.asarray(level), stored[:])
        np.testing.assert_array_equal(level.labels[level.numbers()], stored[:])
    assert len(cuts.levels) == 3
    told = cuts.recorded(nine_told, 9)
    assert cuts.counted(told, whole.at(whole.labels)) == nine_told
    assert "segments" not in cuts.recorded(told, cuts.wanted)
    assert cuts.wanted == cuts.automatic != 9
    run = ss.segment(image, ss.Consensus(), **HERE)
    found = run.hierarchy()
    bounds = (found.tree.fewest, found.tree.most, found.automatic, found.words)
    assert (cuts.fewest, cuts.most, cuts.automatic, cuts.words) == bounds
    assert cuts.maps == sum(map(len, run.ballots.values()))
