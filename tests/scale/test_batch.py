"""Batches: many images, one recipe; what fails stops nothing, and what is done stays."""

import contextlib
import csv

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

import napari_selfseg as ss
from napari_selfseg.io import ImageFile, read_image, read_record
from napari_selfseg.scale import ClusterRunner, ProcessRunner, sources, targets_of

HERE = {"device": "cpu", "threads": 1}
METHOD = ss.Backprop(iterations=2, channels=6, min_labels=1, variant="continuity")
RECIPE = ss.Recipe(METHOD, precision="float32")


def picture(seed=0, shape=(20, 24)):
    rng = np.random.default_rng(seed)
    found = rng.integers(0, 40, shape)
    found[:, shape[1] // 2 :] += 150
    return found.astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Three pictures and one that is none, the last in a folder below."""
    where = tmp_path / "in"
    (where / "below").mkdir(parents=True)
    for k, name in enumerate(("a", "b", "below/c")):
        iio.imwrite(where / f"{name}.png", picture(k))
    (where / "bad.png").write_text("no picture")
    return where


def batch(folder, recipe=RECIPE, out="out", pattern="**/*.png", **options):
    return ss.Batch([folder / pattern], recipe, folder.parent / out, **HERE, **options)


def table(made):
    with made.table.open(newline="") as opened:
        return list(csv.DictReader(opened))


def labels_in(folder):
    return {each.name: tifffile.imread(each) for each in folder.rglob("*.tif")}


def test_results_come_one_by_one_with_a_table(folder):
    made = batch(folder)
    states = []
    for entry in made:
        states.append((entry.image.rpartition("/")[2], entry.state))
        lines = table(made)
        assert [each["state"] for each in lines].count("left") == 4 - len(states)
        assert entry.state == "failed" or entry.target.is_file()
    assert states == [
        ("a.png", "done"),
        ("b.png", "done"),
        ("bad.png", "failed"),
        ("c.png", "done"),
    ]
    assert "cannot be read as an image" in table(made)[2]["error"]
    assert table(made)[3]["labels_file"] == "below/c.tif"
    assert not made.complete
    assert made.summary == f"3 of 4 done, 1 failed, see {made.table}."
    assert ss.Recipe.load(made.folder / "recipe.json") == RECIPE


def test_labels_are_those_of_the_run_with_record_and_pixel_size(tmp_path):
    path = tmp_path / "a.tif"
    how = {"resolution": (4.0, 4.0), "metadata": {"unit": "um"}, "imagej": True}
    tifffile.imwrite(path, picture(), **how)
    made = ss.Batch([path], RECIPE, tmp_path / "out", **HERE).finish()
    run = ss.segment(picture(), METHOD, spacing=(0.25, 0.25), **HERE, precision="float32")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / "a.tif"), run.labels())
    found = read_image(tmp_path / "out" / "a.tif")
    assert found.spacing == (0.25, 0.25)
    assert found.unit == "µm"
    record = read_record(tmp_path / "out" / "a.tif")
    assert record["images"] == [{**run.record()["images"][0], "name": str(path)}]
    assert made.entries[0].labels == len(np.unique(run.labels()))


def test_segments_and_objects(folder):
    cut = batch(folder, ss.Recipe(METHOD, segments=3, precision="float32"), pattern="a.png")
    assert cut.finish().entries[0].labels == 3
    record = read_record(cut.folder / "a.tif")
    again = ss.replay(record, read_image(folder / "a.png").data)
    np.testing.assert_array_equal(tifffile.imread(cut.folder / "a.tif"), again)
    whole = ss.Recipe(METHOD, connected=True, minimum_size=4, precision="float32")
    objects = batch(folder, whole, "objects", "a.png").finish()
    record = read_record(objects.folder / "a.tif")
    assert record["objects"] == {"connected": True, "minimum_size": 4}
    again = ss.replay(record, read_image(folder / "a.png").data)
    np.testing.assert_array_equal(tifffile.imread(objects.folder / "a.tif"), again)


def test_more_segments_than_there_can_be_are_as_many_as_there_are(folder):
    made = batch(folder, ss.Recipe(METHOD, segments=10_000), pattern="a.png").finish()
    assert made.complete
    assert made.entries[0].labels == 480, "one a pixel"


def test_labels_are_a_recipe_that_gives_them_again(folder, tmp_path):
    image = read_image(folder / "a.png")
    method, superpixels = METHOD.replace(variant="superpixels"), ss.Slic(n_segments=30)
    run = ss.segment(image.data, method, superpixels=superpixels, **HERE)
    ss.write_labels(tmp_path / "own.tif", run.labels(), record=run.record())
    made = batch(folder, ss.Recipe.load(tmp_path / "own.tif"), pattern="a.png").finish()
    again = batch(folder, ss.Recipe.load(made.folder / "a.tif"), "again", "a.png").finish()
    for each in (made, again):
        np.testing.assert_array_equal(tifffile.imread(each.folder / "a.tif"), run.labels())
        assert read_record(each.folder / "a.tif")["superpixels"] == superpixels.as_dict()


def test_a_model_gives_the_same_class_ids(folder, tmp_path):
    fit = ss.segment(picture(9), METHOD, **HERE).fit
    ss.save_fit(fit, tmp_path / "m.safetensors")
    recipe = ss.Recipe.load(tmp_path / "m.safetensors")
    made = batch(folder, recipe).finish()
    for name in ("a", "b", "below/c"):
        expected = fit.predict(read_image(folder / f"{name}.png").data, device="cpu")
        np.testing.assert_array_equal(tifffile.imread(made.folder / f"{name}.tif"), expected)
    assert batch(folder, recipe, resume=True).finish().entries[0].before
    ss.save_fit(ss.segment(picture(8), METHOD, **HERE).fit, tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="made by another recipe"):
        batch(folder, recipe, resume=True)


def test_resuming_does_what_is_left(folder):
    first = batch(folder)
    next(first)
    first.close()
    assert [each.state for each in first.entries] == ["done", "left", "left", "left"]
    before = (first.folder / "a.tif").stat().st_mtime_ns
    iio.imwrite(folder / "bad.png", picture(4))
    again = batch(folder, resume=True).finish()
    assert again.complete
    assert [each.before for each in again.entries] == [True, False, False, False]
    assert again.entries[0].labels == first.entries[0].labels
    assert (first.folder / "a.tif").stat().st_mtime_ns == before


def test_resuming_adds_tables_and_pictures_to_what_is_done(folder):
    how = {"pattern": "a.png", "objects": ".csv", "preview": True}
    anew = batch(folder, out="anew", **how).finish()
    first = batch(folder, pattern="a.png").finish()
    before = (first.folder / "a.tif").stat().st_mtime_ns
    again = batch(folder, resume=True, **how).finish()
    assert [each.before for each in again.entries] == [True]
    assert (first.folder / "a.tif").stat().st_mtime_ns == before
    for name in ("a.csv", "previews/a.png"):
        assert (again.folder / name).read_bytes() == (anew.folder / name).read_bytes(), name


def test_an_image_that_changed_is_done_again(folder):
    made = batch(folder, pattern="a.png").finish()
    iio.imwrite(folder / "a.png", picture(7))
    again = batch(folder, pattern="a.png", resume=True).finish()
    assert not again.entries[0].before
    expected = ss.segment(picture(7), METHOD, **HERE, precision="float32").labels()
    np.testing.assert_array_equal(tifffile.imread(made.folder / "a.tif"), expected)


def test_results_are_never_overwritten(folder):
    made = batch(folder).finish()
    with pytest.raises(ValueError, match="holds labels of 3 of these images: resume"):
        batch(folder)
    with pytest.raises(ValueError, match="was made by another recipe"):
        batch(folder, ss.Recipe(METHOD.replace(seed=1)), resume=True)
    tifffile.imwrite(made.folder / "a.tif", picture())
    with pytest.raises(ValueError, match=r"a\.tif was made by no recipe"):
        batch(folder, resume=True)


@pytest.fixture(params=["processes", "cluster"])
def elsewhere(request):
    """Work that is done in other processes, or by the worker of a cluster."""
    if request.param == "processes":
        yield ProcessRunner(1)
        return
    distributed = pytest.importorskip("distributed")
    how = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(processes=False, **how) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield ClusterRunner(client)


def test_work_done_elsewhere_gives_the_same_labels(folder, elsewhere):
    one = batch(folder).finish()
    other = batch(folder, out="other", runner=elsewhere).finish()
    assert [each.state for each in other.entries] == [each.state for each in one.entries]
    found, expected = labels_in(other.folder), labels_in(one.folder)
    assert found.keys() == expected.keys() == {"a.tif", "b.tif", "c.tif"}
    for name, labels in expected.items():
        np.testing.assert_array_equal(found[name], labels)


def test_a_stopped_image_is_left_and_not_half_done(folder):
    seen = []

    def see(number, step):
        seen.append((number, step.iteration, step.total))
        if seen[-1][:2] == (1, 1):
            made.stop()

    made = batch(folder, seen=see)
    assert [each.state for each in made] == ["done"]
    assert seen[:3] == [(0, 0, 2), (0, 1, 2), (0, 2, 2)]
    assert seen[-1] == (1, 1, 2)
    assert [each["state"] for each in table(made)] == ["done", "left", "left", "left"]
    assert list(labels_in(made.folder)) == ["a.tif"]
    assert batch(folder, resume=True).finish().entries[0].before


def test_an_interrupt_keeps_what_is_done(folder):
    def see(number, step):
        if number == 1:
            raise KeyboardInterrupt

    made = batch(folder, seen=see)
    with contextlib.suppress(KeyboardInterrupt):
        made.finish()
    assert [each["state"] for each in table(made)] == ["done", "left", "left", "left"]
    assert list(labels_in(made.folder)) == ["a.tif"]


def test_previews_are_no_images_of_the_next_batch(folder):
    made = ss.Batch([folder / "a.png"], RECIPE, folder, preview=True, **HERE).finish()
    assert (folder / "previews" / "a.png").is_file()
    found = sources([folder / "**/*.*"], folder)
    assert [each.name for each in found] == ["a", "b", "bad", "below/c"]
    assert made.complete


def test_images_in_memory_are_named(tmp_path):
    layer = ImageFile(picture(), None, (2.0, 3.0), "nm", None, "cells/1: raw", "yx")
    made = ss.Batch([layer], RECIPE, tmp_path / "out", **HERE).finish()
    assert made.entries[0].target.name == "cells-1- raw.tif"
    assert read_image(made.entries[0].target).spacing == (2.0, 3.0)
    assert read_record(made.entries[0].target)["images"][0]["name"] == layer.name


def test_names_count_from_the_fixed_part_of_a_pattern(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for pattern, names in {
        "in/**/*.png": ["a", "b", "bad", "below/c"],
        "in/*/c.png": ["below/c"],
        "**/c.png": ["in/below/c"],
        "in/below": ["c"],
        "in/a.png": ["a"],
        "in/[ab].png": ["a", "b"],
    }.items():
        assert [each.name for each in sources([pattern], tmp_path / "out")] == names
    both = sources(["in/a.png", "in/*.png"], tmp_path / "out")
    assert [each.name for each in both] == ["a", "b", "bad"]


def test_what_cannot_begin_is_said_before_any_work(folder, tmp_path):
    out = tmp_path / "out"
    iio.imwrite(folder / "a.jpg", picture())
    with pytest.raises(ValueError, match="have one name"):
        batch(folder, pattern="a.*")
    with pytest.raises(ValueError, match="No images match"):
        batch(folder, pattern="*.gif")
    with pytest.raises(ValueError, match="There are no images"):
        ss.Batch([], RECIPE, out)
    tifffile.imwrite(folder / "x.tif", picture())
    with pytest.raises(ValueError, match="would be overwritten"):
        targets_of(sources([folder / "x.tif"], folder), folder)
    assert not out.exists()
