"""A large image labelled tile by tile is the image labelled whole."""

import itertools
import json
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import zarr

import napari_selfseg as ss
from napari_selfseg.io import ImageFile, open_labels
from napari_selfseg.objects import connected
from napari_selfseg.scale import (
    ProcessRunner,
    TileRun,
    estimate_tiles,
    fit_samples,
    lay_out_tiles,
    load_plan,
    over_tiles,
    plan_tiles,
    samples,
    tile_record,
)
from napari_selfseg.scale._plan._source import Source
from napari_selfseg.scale._plan._tile_size import tile_within
from napari_selfseg.scale._tiles import _tile_run as tile_run
from napari_selfseg.scale._tiles import _tile_work as tile_work

HERE = {"device": "cpu", "threads": 1}
METHODS = {
    "backprop": ss.Backprop(iterations=2, channels=6, min_labels=1),
    "dic": ss.DIC(iterations=2, width=4, n_clusters=5, min_labels=1),
    "dsc": ss.DSC(iterations=2, width=4, partitions=5, autoencoder_iterations=1, min_labels=1),
    "sgseg": ss.SGSeg(iterations=2, width=4, classes=4, backbone="none", patch_size=16),
}


def picture(shape=(90, 110), seed=0):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape) / 9
    waves = np.stack([np.sin(rows), np.cos(columns), np.sin(rows + columns)], axis=-1)
    return (120 + 60 * waves + rng.normal(scale=12, size=(*shape, 3))).clip(1, 255).astype(np.uint8)


def in_memory(image, mask, name):
    return ImageFile(image, -1, (1, 1), "pixel", mask, name, "yxc")


def fitted(method=METHODS["backprop"], image=None, channel_axis=-1):
    image = picture() if image is None else image
    return ss.segment(image, method, channel_axis=channel_axis, **HERE).fit


def tiled(tmp_path, image, fit, **options):
    how = {"channel_axis": -1, "device": "cpu", "threads": 1, "tile": 32, **options}
    out = tmp_path / "labels.ome.zarr"
    run = over_tiles(image, fit, out, **how).finish()
    assert run.finished
    return open_labels(out)[:]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("tile", [16, 48])
def test_tiles_equal_the_whole(tmp_path, name, tile):
    fit = fitted(METHODS[name])
    assert fit.reach is not None
    whole = fit.predict(picture(), channel_axis=-1, **HERE)
    assert len(np.unique(whole)) > 1
    assert (tiled(tmp_path, picture(), fit, tile=tile) == whole).all()


def test_without_a_halo_they_would_not(tmp_path, monkeypatch):
    fit = fitted()
    monkeypatch.setattr("napari_selfseg.scale._plan._cutting.halo_of", lambda *of: 0)
    whole = fit.predict(picture(), channel_axis=-1, **HERE)
    assert (tiled(tmp_path, picture(), fit, tile=16) != whole).any()


def test_an_array_on_disk_channels_first_and_several_processes(tmp_path):
    fit = fitted()
    image = np.moveaxis(picture(), -1, 0)
    stored = zarr.create_array(tmp_path / "a.zarr", data=image, chunks=(3, 20, 20))
    found = tiled(tmp_path, stored, fit, channel_axis=0, runner=ProcessRunner(2))
    assert (found == fit.predict(picture(), channel_axis=-1, **HERE)).all()


def test_planes_of_a_stack(tmp_path):
    fit = fitted()
    stack = np.stack([picture(seed=n) for n in range(3)])
    found = tiled(tmp_path, stack, fit)
    assert found.shape == stack.shape[:-1]
    each = [fit.predict(plane, channel_axis=-1, **HERE) for plane in stack]
    assert (found == np.stack(each)).all()


def test_superpixels_that_cross_tiles_vote_as_one(tmp_path):
    fit = fitted()
    superpixels = ss.Slic(n_segments=30)(picture() / np.float32(255))
    found = tiled(tmp_path, picture(), fit, superpixels=superpixels)
    whole = fit.predict(picture(), channel_axis=-1, superpixels=superpixels, **HERE)
    assert (found == whole).all()
    assert (found != fit.predict(picture(), channel_axis=-1, **HERE)).any()


@pytest.mark.parametrize("voting", [False, True])
def test_objects_are_joined_across_faces(tmp_path, voting):
    fit = fitted()
    how = {"superpixels": ss.Slic(n_segments=30)(picture() / np.float32(255))} if voting else {}
    found = tiled(tmp_path, picture(), fit, objects=0, **how)
    whole = connected(fit.predict(picture(), channel_axis=-1, **how, **HERE))
    pairs = np.unique(np.stack([found.ravel(), whole.ravel()]), axis=1).shape[1]
    assert pairs == found.max() == whole.max()


def test_pixels_without_data_have_no_label(tmp_path):
    image = picture()
    image[:40, :50] = 0
    fit = fitted(image=image)
    found = tiled(tmp_path, image, fit, nodata=0)
    assert not found[:40, :50].any()
    assert found[40:].all()


def test_a_dark_tile_is_a_part_and_not_another_image(tmp_path):
    image = picture().astype(np.float32) * 16
    image[:32, :32] = np.linspace(0, 0.9, 32)[:, None]
    fit = fitted(image=image)
    with pytest.raises(ValueError, match="far from those"):
        fit.predict(image[:32, :32], channel_axis=-1, **HERE)
    assert (tiled(tmp_path, image, fit) == fit.predict(image, channel_axis=-1, **HERE)).all()


def test_stopped_and_gone_on_with_nothing_is_done_twice(tmp_path, monkeypatch):
    fit, out, seen = fitted(), tmp_path / "labels.ome.zarr", []
    predicted = tile_work.predicted
    monkeypatch.setattr(
        tile_work, "predicted", lambda *a, **k: (seen.append(a[1].tobytes()), predicted(*a, **k))[1]
    )
    how = {"channel_axis": -1, "tile": 32, **HERE}
    run = over_tiles(picture(), fit, out, **how)
    first = list(itertools.islice(run, 5))
    assert [each.done for each in first] == [1, 2, 3, 4, 5]
    assert first[-1].total == 12
    run.stop()
    assert not list(run)
    assert not run.finished
    again = over_tiles(picture(), fit, out, resume=True, **how)
    assert next(again).done == 6
    again.finish()
    assert len(seen) == len(set(seen)) == 12
    assert (open_labels(out)[:] == fit.predict(picture(), channel_axis=-1, **HERE)).all()
    assert not list(over_tiles(picture(), fit, out, resume=True, **how))
    log = (tmp_path / "labels.ome.zarr.work" / "log.txt").read_text()
    assert "5 of 12 tiles were done before" in log
    assert "Stopped when asked" in log


def test_a_tile_that_fails_is_tried_again_and_then_told(tmp_path):
    image = picture().astype(np.float32)
    fit = fitted(image=image)
    image[70, 100] = np.nan
    out = tmp_path / "labels.ome.zarr"
    how = {"channel_axis": -1, "tile": 32, **HERE}
    run = over_tiles(image, fit, out, **how)
    with pytest.raises(
        ValueError, match=r"1 of 12 tiles failed, tile 11 .*finite.*mend this and resume"
    ):
        run.finish()
    log = (tmp_path / "labels.ome.zarr.work" / "log.txt").read_text()
    assert log.count("tile 11 failed") == 2
    image[70, 100] = 1
    assert over_tiles(image, fit, out, resume=True, **how).finish().finished


def test_markers_of_a_plan_that_is_gone_are_not_believed(tmp_path):
    fit, out = fitted(), tmp_path / "labels.ome.zarr"
    how = {"channel_axis": -1, "tile": 32, **HERE}
    run = over_tiles(picture(), fit, out, **how)
    next(run)
    run.close()
    work = tmp_path / "labels.ome.zarr.work"
    (work / "plan.json").unlink()
    (work / "finished").touch()
    other = picture(seed=1)
    over_tiles(other, fit, out, **how).finish()
    assert (open_labels(out)[:] == fit.predict(other, channel_axis=-1, **HERE)).all()


def test_labels_and_their_plan_may_be_moved_together(tmp_path):
    fit, here, there = fitted(), tmp_path / "here", tmp_path / "there"
    here.mkdir()
    source = Source(str(stored(tmp_path)), -1)
    run = TileRun(plan_tiles(source, fit, str(here / "a.ome.zarr"), tile=32, **HERE))
    next(run)
    run.close()
    here.rename(there)
    TileRun(load_plan(there / "a.ome.zarr.work")).finish()
    whole = fit.predict(picture(), channel_axis=-1, **HERE)
    assert (open_labels(there / "a.ome.zarr")[:] == whole).all()
    assert not here.exists()


def stored(folder):
    path = folder / "image.zarr"
    zarr.create_array(path, data=picture(), chunks=(20, 20, 3))
    return path


def test_other_plans_are_not_gone_on_with(tmp_path):
    how = {"channel_axis": -1, "tile": 32, **HERE}
    out = tmp_path / "labels.ome.zarr"
    next(over_tiles(picture(), fitted(), out, **how))
    with pytest.raises(ValueError, match="begun before"):
        over_tiles(picture(), fitted(), out, **how)
    other = fitted(METHODS["backprop"].replace(seed=1))
    with pytest.raises(ValueError, match="another way"):
        over_tiles(picture(), other, out, resume=True, **how)
    with pytest.raises(ValueError, match="another way"):
        over_tiles(picture(), fitted(), out, resume=True, objects=3, **how)


def test_a_plan_in_a_file_is_enough_for_a_worker(tmp_path):
    stored = tmp_path / "image.zarr"
    zarr.create_array(stored, data=picture(), chunks=(40, 40, 3))
    fit, out = fitted(), tmp_path / "labels.ome.zarr"
    over_tiles(str(stored), fit, out, channel_axis=-1, tile=32, **HERE)
    plan = load_plan(tmp_path / "labels.ome.zarr.work")
    assert TileRun(plan).finish().finished
    assert (open_labels(out)[:] == fit.predict(picture(), channel_axis=-1, **HERE)).all()
    record = ss.read_record(out)
    assert record["fitted"] == fit.method.as_dict()
    assert record["images"][0]["shape"] == [90, 110, 3]


@pytest.mark.parametrize(
    ("text", "match"),
    [("{", "cannot be read as a plan"), (json.dumps({"a": 1}), "cannot be read as a plan")],
)
def test_damaged_plans(tmp_path, text, match):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(ValueError, match=match):
        load_plan(tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no plan"):
        load_plan(tmp_path / "nowhere")


def test_what_cannot_be_tiled(tmp_path):
    fit, out = fitted(METHODS["dic"]), tmp_path / "labels.ome.zarr"
    with pytest.raises(ValueError, match="1 channels, the fit was made with 3"):
        over_tiles(picture()[..., 0], fit, out)
    with pytest.raises(ValueError, match="multiple of 2"):
        over_tiles(picture(), fit, out, channel_axis=-1, tile=33)
    with pytest.raises(ValueError, match="superpixels have shape"):
        over_tiles(picture(), fit, out, channel_axis=-1, superpixels=np.ones((3, 3), int))
    assert not out.exists()


def test_less_memory_smaller_tiles():
    fit = fitted()
    fitted_to = (fit.method, fit.in_channels, fit.ndim)
    sides = [tile_within(*fitted_to, (9999, 9999), n)[0] for n in (40 << 20, 120 << 20, 1 << 40)]
    assert sides[0] < sides[1] < sides[2] == 2048
    assert tile_within(*fitted_to, (5, 300, 200), 1 << 40) == (1, 320, 256)
    with pytest.raises(ValueError, match="allow more memory"):
        tile_within(*fitted_to, (9999, 9999), 1 << 10)


def test_samples_are_spread_and_have_something_in_them():
    image = np.zeros((400, 600, 3), np.uint8)
    image[:, 300:] = picture((400, 300))
    found = samples(Source(image, -1), 4, 50)
    assert len(found) == 4
    assert all(piece.shape == (50, 50, 3) and piece.std() > 0 for piece, _ in found)
    assert len({piece.tobytes() for piece, _ in found}) == 4
    with pytest.raises(ValueError, match="No sample"):
        samples(Source(np.zeros((50, 50)), None), 4, 20)


def test_samples_of_a_stack_are_planes():
    stack = np.stack([picture(seed=n)[..., 0] for n in range(5)])
    found = samples(Source(stack, None), 3, 64)
    assert [piece.shape for piece, _ in found] == [(64, 64)] * 3
    assert samples(Source(stack, None), 2, 64, ndim=3)[0][0].shape == (5, 64, 64)


def test_learning_keeps_within_memory_too():
    source = Source(picture(), -1)
    with pytest.raises(ValueError, match=r"Learning from 2 samples of 40 x 40 .* MB are left"):
        fit_samples(source, METHODS["backprop"], count=2, size=40, memory=1 << 20, **HERE)
    run = fit_samples(source, METHODS["backprop"], count=2, size=40, memory=1 << 40, **HERE)
    assert run.finish().stopped.kind == "finished"


def test_the_tile_nearest_to_what_is_in_view_comes_next(tmp_path):
    at = [80, 100]
    how = {"channel_axis": -1, "tile": 32, **HERE}
    plan = over_tiles(picture(), fitted(), tmp_path / "labels.ome.zarr", **how).plan
    run = TileRun(plan, viewed=lambda: at)
    assert plan.grid.counts == (3, 4)
    first = [plan.grid.place(next(run).number) for _ in range(3)]
    assert first[0] == (2, 3)
    assert set(first[1:]) <= {(1, 3), (2, 2), (1, 2)}
    at[:] = [0, 0]
    assert plan.grid.place(next(run).number) == (0, 0), "asked again before each tile"
    run.close()
    assert len(list(TileRun(plan))) == 8, "nothing is done twice"


def test_labels_can_be_watched_at_every_level_while_tiles_are_done(tmp_path):
    from napari_selfseg.io import create_labels, open_levels, update_levels

    image, out = picture((1100, 600)), tmp_path / "labels.ome.zarr"
    fit = fitted()
    create_labels(out, image.shape[:2], dtype=np.uint8, chunks=(320, 320), axes="yx")
    levels = open_levels(out)
    assert [each.shape for each in levels] == [(1100, 600), (550, 300)]
    source = Source(in_memory(image, None, "slide"), -1)
    how = {"tile": 320, "told": {"by": "me"}, **HERE}
    run = TileRun(plan_tiles(source, fit, str(out), made=True, **how))
    step = next(run)
    box = run.plan.grid.inner(step.number)
    update_levels(out, box)
    halved = tuple(slice(s.start // 2, -(-s.stop // 2)) for s in box)
    assert (levels[1][halved] == levels[0][box][::2, ::2]).all()
    assert levels[1][halved].all()
    assert not levels[1][-1, -1]
    assert tile_record(run.plan)["tiles"] == [1, 8]
    run.finish()
    assert (levels[1][:] == levels[0][:][::2, ::2]).all()
    record = ss.read_record(out)
    assert (record["by"], record["images"][0]["name"]) == ("me", "slide")
    assert "tiles" not in record


def test_an_array_says_where_it_has_data(tmp_path):
    image, mask = picture(), np.ones((90, 110), bool)
    mask[:40, :50] = False
    source, out = Source(in_memory(image, mask, ""), -1), tmp_path / "labels.ome.zarr"
    run = fit_samples(source, METHODS["backprop"], count=2, size=30, **HERE)
    plan = plan_tiles(source, run.finish().fit, str(out), tile=32, **HERE)
    TileRun(plan).finish()
    assert (open_labels(out)[:] != 0).tolist() == mask.tolist()


def test_volumes_are_learned_and_labelled_as_volumes(tmp_path):
    volume = np.stack([picture((70, 80), seed=n)[..., 0] for n in range(6)])
    source, out = Source(volume, None), tmp_path / "labels.ome.zarr"
    run = fit_samples(source, METHODS["backprop"], count=2, size=24, ndim=3, **HERE)
    fit = run.finish().fit
    assert fit.ndim == 3
    assert tile_within(fit.method, 1, 3, volume.shape, 1 << 40) == (64, 128, 128)
    TileRun(plan_tiles(source, fit, str(out), tile=32, **HERE)).finish()
    assert (open_labels(out)[:] == fit.predict(volume, **HERE)).all()


def test_what_tiles_take_is_foreseen_and_kept_to():
    method = METHODS["backprop"]
    how = {"device": "cpu", "precision": "float32"}
    small, large = (
        lay_out_tiles((5000, 4000), 3, method, memory=n, **how) for n in (60 << 20, 600 << 20)
    )
    assert small.tile < large.tile
    assert small.tiles == -(-5000 // small.tile[0]) * -(-4000 // small.tile[1])
    assert small.sample <= large.sample == 256
    assert small.bytes <= 60 << 20 < large.bytes <= 600 << 20
    assert large.disk >= 5000 * 4000
    half = lay_out_tiles((2500, 4000), 3, method, memory=600 << 20, learned=True, **how)
    assert half.sample == 0
    seconds = [
        estimate_tiles(found, (n, 4000), 3, method, **how).seconds
        for n, found in ((2500, half), (5000, large))
    ]
    assert 0 < 2 * seconds[0] < seconds[1], "the whole is learned as well"
    with pytest.raises(ValueError, match="allow more memory"):
        lay_out_tiles((5000, 4000), 3, method, memory=1 << 20, **how)


@pytest.mark.parametrize("voting", [False, True])
@pytest.mark.parametrize("first", ["pieces.zarr", "faces", "numbers"])
def test_a_kill_in_the_last_clean_up_is_gone_on_with(tmp_path, monkeypatch, voting, first):
    fit, out = fitted(), tmp_path / "labels.ome.zarr"
    superpixels = np.arange(9900).reshape(90, 110) // 300 + 1 if voting else None
    how = {"channel_axis": -1, "tile": 32, "objects": 3, "superpixels": superpixels, **HERE}
    whole = tmp_path / "whole.ome.zarr"
    over_tiles(picture(), fit, whole, **how).finish()

    def killed(path, **kwargs):
        shutil.rmtree(path, **kwargs)
        if path.name == first:
            raise KeyboardInterrupt

    monkeypatch.setattr(tile_run, "shutil", SimpleNamespace(rmtree=killed))
    with pytest.raises(KeyboardInterrupt):
        over_tiles(picture(), fit, out, **how).finish()
    monkeypatch.undo()
    again = over_tiles(picture(), fit, out, resume=True, **how).finish()
    assert again.finished
    assert (open_labels(out)[:] == open_labels(whole)[:]).all()
    assert ss.read_record(out)["n_labels"] == open_labels(out)[:].max()
    work = [sorted(p.relative_to(f).as_posix() for p in f.rglob("*")) for f in works(tmp_path)]
    assert work[0] == work[1]


def works(folder):
    return [folder / f"{name}.ome.zarr.work" for name in ("labels", "whole")]


def test_several_workers_on_one_plan_do_nothing_twice(tmp_path, monkeypatch):
    fit, out, seen = fitted(), tmp_path / "labels.ome.zarr", []
    predicted = tile_work.predicted
    monkeypatch.setattr(
        tile_work, "predicted", lambda *a, **k: (seen.append(a[1].tobytes()), predicted(*a, **k))[1]
    )
    first = over_tiles(picture(), fit, out, channel_axis=-1, tile=32, objects=3, **HERE)
    others = [TileRun(first.plan) for _ in range(2)]
    threads = [threading.Thread(target=each.finish) for each in (first, *others)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(seen) == len(set(seen)) == 12
    assert all(each.finished for each in (first, *others))
    log = (tmp_path / "labels.ome.zarr.work" / "log.txt").read_text()
    assert [log.count(f"tile {k} done by") for k in range(12)] == [2] * 12  # predicted, numbered
    assert not list(tmp_path.rglob("*.claim"))
