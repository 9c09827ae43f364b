"""Objects by tiles are those of the image as a whole: none is there twice, none is cut."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch
from scipy import ndimage as ndi

import napari_selfseg as ss
from napari_selfseg.instances import _in_tiles, _method, _network
from napari_selfseg.instances._learning import _votes
from napari_selfseg.io import open_labels, read_label_image
from napari_selfseg.protocol import Problem, bytes_to_predict, limited_threads
from napari_selfseg.protocol._needed import GAPS
from napari_selfseg.scale import (
    LabelFiles,
    LabelTask,
    Source,
    TileRun,
    Tiling,
    estimate_plan,
    fit_samples,
    lay_out_tiles,
    over_tiles,
    plan_label,
    tile_record,
)
from napari_selfseg.scale._plan import _sampling
from napari_selfseg.scale._plan._tile_size import tile_within
from napari_selfseg.scale._tiles import _objects

HERE = {"device": "cpu", "threads": 1}
METHOD = ss.Objects(iterations=21)
SEAMS = (64, 128)


def discs(shape=(176, 176), seed=0):
    """Discs all over an image, many of them touching; rows and pairs of them lie on seams."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    found, number = np.zeros(shape, np.int32), 0
    for row, cy in enumerate(range(14, shape[0] - 8, 24)):
        for cx in range(10, shape[1] - 8, 17 if row % 2 else 30):
            by, bx = cy + rng.integers(-2, 3), cx + rng.integers(-1, 2)
            number += 1
            found[(y - by) ** 2 + (x - bx) ** 2 <= rng.integers(7, 10) ** 2] = number
    return found


def picture(truth, dtype=np.uint8, seed=0):
    image = ndi.gaussian_filter((truth > 0).astype(float), 1) * 0.5 + 0.2
    image += np.random.default_rng(seed).normal(scale=0.02, size=truth.shape)
    return (np.clip(image, 0, 1) * np.iinfo(dtype).max).astype(dtype)


TRUTH = discs()
IMAGE = picture(TRUTH)


@pytest.fixture(scope="module")
def fit():
    return ss.segment(IMAGE, METHOD, precision="float32", **HERE).fit


@pytest.fixture(scope="module")
def whole(fit):
    return fit.predict(IMAGE, **HERE)


@pytest.fixture(autouse=True)
def near(monkeypatch):
    """Tiles read one diameter beyond themselves, so that what they see differs."""
    monkeypatch.setattr(_in_tiles, "_DIAMETERS", 1)


@pytest.fixture
def quick(monkeypatch):
    """Objects are what is bright and connected, where it is not asked how they are found."""
    monkeypatch.setattr(_objects, "objects_of", connected_of)


def connected_of(plan, fit, number, piece):
    shape = [each.stop - each.start for each in plan.grid.outer(number)]
    return ndi.label(piece[0] > 115)[0].astype(np.int32).reshape(shape)


def tiled(folder, image, fit, tile=64, **options):
    run = over_tiles(image, fit, folder / "labels.ome.zarr", tile=tile, **HERE, **options)
    return open_labels(run.finish().plan.labels)[:]


def one_to_one(a, b):
    pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


def test_tiles_find_the_objects_of_the_whole(tmp_path, fit, whole):
    found = tiled(tmp_path, IMAGE, fit)
    assert one_to_one(found, whole)
    assert (np.unique(found) == np.arange(TRUTH.max() + 1)).all()
    for axis in (0, 1):
        before, after = (np.take(found, np.array(SEAMS) - k, axis) for k in (1, 0))
        assert len(np.unique(before[(before > 0) & (before == after)])) > 5, "many lie across"
    record = ss.read_record(tmp_path / "labels.ome.zarr")
    assert record["n_labels"] == TRUTH.max()
    assert record["fitted"] == METHOD.as_dict()
    work = {path.name for path in (tmp_path / "labels.ome.zarr.work").iterdir()}
    assert not work & {"found", "met", "kept"}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_image_of_one_tile_has_the_labels_of_the_whole(tmp_path, dtype):
    """It learns from all of it, and nothing is known otherwise."""
    image = picture(discs((90, 120)), dtype)
    run = ss.segment(image, METHOD, precision="float32", **HERE)
    learned = fit_samples(Source(image, None), METHOD, precision="float32", **HERE).finish()
    np.testing.assert_array_equal(tiled(tmp_path, image, learned.fit, 128), run.labels())


def test_an_image_seen_in_coarse_pixels(tmp_path, fit, whole):
    """Tiles begin where coarse pixels do."""
    image = np.kron(IMAGE, np.ones((2, 2), np.uint8))[:330, :330]
    network = fit.restored("cpu")
    network.step.fill_(2)
    coarse = type(fit)(METHOD, 1, 2, fit.scaling, fit.classes, network.state_dict())
    found = tiled(tmp_path, image, coarse, 128)
    assert one_to_one(found, coarse.predict(image, **HERE))
    assert found.max() > 30


def test_a_tile_that_no_coarse_pixel_fits_is_refused(tmp_path, fit):
    with pytest.raises(ValueError, match="take a multiple of 8"):
        over_tiles(IMAGE, fit, tmp_path / "l.ome.zarr", tile=60, **HERE)


def test_what_is_learned_from_samples_finds_them_as_well(tmp_path, monkeypatch):
    monkeypatch.setitem(_sampling._SIDES_OF_OBJECTS, 2, (72, 64))
    monkeypatch.setattr(_sampling, "_OF_OBJECTS", 4)
    learned = fit_samples(Source(IMAGE, None), METHOD, precision="float32", **HERE).finish()
    assert len(learned.record()["images"]) == 4
    found = tiled(tmp_path, IMAGE, learned.fit, 96)
    assert found.max() == TRUTH.max()


def test_only_the_border_of_the_image_drops_objects(tmp_path, fit):
    method = ss.Objects(iterations=21, at_border=False)
    inner = type(fit)(method, 1, 2, fit.scaling, fit.classes, fit.weights)
    image = IMAGE[:160, 5:]
    found = tiled(tmp_path, image, inner, 96)
    assert one_to_one(found, inner.predict(image, **HERE))
    assert not found[:, 0].any()
    assert found[:, 95].any()


def test_what_has_no_data_has_no_objects(tmp_path, fit):
    image = IMAGE.astype(np.float32)
    image[:70, :80] = np.nan
    found = tiled(tmp_path, image, fit, 96, nodata=-1)
    seen = ~np.isnan(image)
    assert not found[~seen].any()
    assert one_to_one(found, fit.predict(np.nan_to_num(image), mask=seen, **HERE))


def test_planes_of_a_stack_are_each_one_image(tmp_path, quick, fit):
    stack = np.stack([IMAGE, IMAGE[::-1]])
    found, n = tiled(tmp_path, stack, fit), ndi.label(IMAGE > 115)[1]
    assert one_to_one(found[0], ndi.label(IMAGE > 115)[0])
    assert (np.unique(found[0]) == np.arange(n + 1)).all()
    assert (np.unique(found[1])[1:] == n + np.arange(1, n + 1)).all()


def test_a_volume_with_long_pixels(tmp_path):
    z, y, x = np.indices((16, 80, 40))
    truth = np.zeros(z.shape, int)
    for number, (cz, cy, cx) in enumerate([(5, 14, 13), (9, 40, 26), (11, 63, 12)], 1):
        truth[(2 * (z - cz)) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 <= 64] = number
    image, spacing = picture(truth), (2.0, 1.0, 1.0)
    run = ss.segment(image, METHOD, spacing=spacing, precision="float32", **HERE)
    by_tiles = over_tiles(image, run.fit, tmp_path / "v.ome.zarr", tile=40, **HERE)
    halo = by_tiles.plan.halo
    assert halo[0] < halo[1] == halo[2], "as far in units of space"
    found = open_labels(by_tiles.finish().plan.labels)[:]
    assert found.max() == 3
    assert one_to_one(found, run.labels())


def test_more_objects_than_a_label_of_a_run_can_name(tmp_path, monkeypatch, fit, whole):
    monkeypatch.setattr(_method, "MOST", 7)
    monkeypatch.setattr(_votes, "MOST", 7)
    with pytest.raises(ValueError, match="labels name 7 at most"):
        fit.predict(IMAGE, **HERE)
    assert one_to_one(tiled(tmp_path, IMAGE, fit, 176), whole)


@pytest.mark.parametrize("name", ["find", "meet", "paint"])
def test_a_stop_in_any_pass_is_gone_on_with(tmp_path, quick, fit, name):
    out = tmp_path / "labels.ome.zarr"
    run, done = over_tiles(IMAGE, fit, out, tile=96, **HERE), []
    for step in run:
        done.append(step.name)
        if len(done) == 1 + 4 * ["find", "meet", "paint"].index(name):
            run.stop()
    assert not run.finished
    shown = open_labels(out)[:]
    assert shown[:96, :96].any(), "a tile shows what it found"
    assert shown[96:, 96:].any() == (name != "find")
    assert not set(np.unique(shown[:96, :96])) & set(np.unique(shown[96:, 96:])) - {0}
    again = over_tiles(IMAGE, fit, out, tile=96, resume=True, **HERE)
    # Plans of an array, which Python 3.13 would compare pixel by pixel.
    assert replace(again.plan, source=run.plan.source) == run.plan
    assert len(done) + len([*again]) == 12
    assert one_to_one(open_labels(out)[:], ndi.label(IMAGE > 115)[0])


@pytest.mark.parametrize("last", ["found", "met", "kept"])
def test_a_kill_in_the_middle_is_gone_on_with(tmp_path, monkeypatch, quick, fit, last):
    """Whatever of a pass is written when a process dies, the next one makes the rest."""
    out, save = tmp_path / "labels.ome.zarr", _objects.save_arrays

    def killed(plan, folder, number, **arrays):
        save(plan, folder, number, **arrays)
        if (folder, number) == (last, 1):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(_objects, "save_arrays", killed)
        with pytest.raises(KeyboardInterrupt):
            over_tiles(IMAGE, fit, out, tile=96, **HERE).finish()
    assert over_tiles(IMAGE, fit, out, tile=96, resume=True, **HERE).finish().finished
    assert one_to_one(open_labels(out)[:], ndi.label(IMAGE > 115)[0])


def test_the_order_in_which_tiles_are_done_changes_nothing(tmp_path, quick, fit):
    orders = [(0.0, 0.0), (176.0, 176.0), (90.0, 0.0)]
    found = []
    for n, place in enumerate(orders):
        run = over_tiles(IMAGE, fit, tmp_path / f"{n}.ome.zarr", tile=64, **HERE)
        steps = [step.number for step in TileRun(run.plan, viewed=lambda at=place: at)]
        found.append((steps, open_labels(run.plan.labels)[:]))
    assert found[0][0] != found[1][0] != found[2][0]
    assert all((labels == found[0][1]).all() for _, labels in found)


def test_a_file_with_what_holds_for_the_whole_that_is_damaged(tmp_path, fit):
    run = over_tiles(IMAGE, fit, tmp_path / "l.ome.zarr", tile=96, **HERE)
    run.plan.beside("whole.npz").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"whole\.npz is damaged, plan the labels anew"):
        run.finish()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"objects": 3}, "numbered as they are"),
        ({"superpixels": TRUTH}, "no superpixels that vote"),
    ],
)
def test_what_objects_have_no_need_of_is_refused(tmp_path, fit, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        over_tiles(IMAGE, fit, tmp_path / "l.ome.zarr", tile=96, **HERE, **options)


def test_a_recipe_goes_by_tiles_where_memory_does_not_suffice(tmp_path, monkeypatch, quick):
    monkeypatch.setitem(_in_tiles._FARTHEST, 2, 32)
    monkeypatch.setattr(_sampling, "_OF_OBJECTS", 2)
    image = np.tile(IMAGE, (1, 8))
    tifffile.imwrite(tmp_path / "long.tif", image, tile=(64, 64), photometric="minisblack")
    seen, out = [], tmp_path / "labels.tif"
    recipe = ss.Recipe(METHOD, precision="float32")
    how = {"memory": 30_000_000, **HERE}
    ss.label(tmp_path / "long.tif", recipe, out, seen=seen.append, **how)
    assert {each.progress.what for each in seen} == {"iteration", "tile"}
    labels, record = read_label_image(out), ss.read_record(out)
    assert one_to_one(labels, ndi.label(image > 115)[0])
    assert record["n_labels"] == labels.max()
    assert record["tile"][1] < image.shape[1]
    before = ss.label(tmp_path / "long.tif", recipe, out, resume=True, **how)
    assert before.before


def test_what_is_planned_and_foreseen(tmp_path, quick):
    tifffile.imwrite(tmp_path / "i.tif", IMAGE, tile=(64, 64), photometric="minisblack")
    files = LabelFiles.checked(tmp_path / "l.ome.zarr")
    how = {"recipe": ss.Recipe(METHOD), "tiling": Tiling(64), **HERE}
    plan = plan_label(LabelTask(image=tmp_path / "i.tif", files=files, **how))
    assert plan.passes == ("find", "meet", "paint")
    assert plan.grid.counts == (3, 3)
    expected = estimate_plan(plan)
    assert expected.tiles == 9
    assert expected.worker.seconds > 0
    assert tile_record(plan)["tiles"] == [0, 9]


def test_memory_decides_the_tiles():
    with limited_threads(1):
        found = [
            lay_out_tiles((9000, 9000), 1, METHOD, memory=n * 10**8, device="cpu") for n in (3, 10)
        ]
    assert found[0].tile < found[1].tile
    assert found[0].sample <= found[1].sample == 512
    assert all(each.bytes <= n * 10**8 for n, each in zip((3, 10), found, strict=True))


def test_blocks_that_threads_look_at_count():
    """Each thread has a block of pixels with all that is known of them, whatever the tile."""
    how = {"in_channels": 1, "ndim": 2, "shape": (9000, 9000), "memory": 6 * 10**8, "beyond": 144}
    sides = []
    for threads in (1, 4):
        with limited_threads(threads):
            sides.append(tile_within(METHOD, **how)[0])
            read = sides[-1] + 2 * 144
            pixels = GAPS["cpu"] * METHOD.cost(Problem(1, 10**9, 2)).kept / 10**9 * read**2
            assert bytes_to_predict(METHOD, 1, (read, read)) > pixels + threads * 50 * 10**6
    assert sides[0] > sides[1]


def test_rows_that_go_through_a_network_together_change_nothing(fit, monkeypatch):
    network = fit.restored(torch.device("cpu"))
    image = IMAGE[None].astype(np.float32) / 255
    whole = network.likelihood(image)
    monkeypatch.setattr(_network, "_ROWS", 1000)
    np.testing.assert_allclose(network.likelihood(image), whole, rtol=0, atol=1e-5)
