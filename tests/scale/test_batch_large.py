"""Batches within a memory limit: what does not fit goes tile by tile, and is gone on with."""

import contextlib

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

import napari_selfseg as ss
from napari_selfseg.io import ImageFile, read_image, read_label_image, read_record
from napari_selfseg.io._pixels._lazy import View
from napari_selfseg.objects import connected
from napari_selfseg.scale import MeasureRun
from napari_selfseg.scale._tiles import _tile_work as tile_work
from napari_selfseg.work import seeing

HERE = {"device": "cpu", "threads": 1}
METHOD = ss.Backprop(iterations=2, channels=6, min_labels=1, variant="continuity")
RECIPE = ss.Recipe(METHOD, precision="float32")
# A run on the long picture would take 32 MB, on samples of it 11, and to predict a tile 20 at most.
MEMORY = 20_000_000
LONG = (32, 3000)


def picture(seed=0, shape=LONG):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    waves = 60 * np.sin(rows / 9) + 60 * np.sin(columns / 31)
    return (125 + waves + rng.normal(scale=8, size=shape)).clip(1, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """A long picture that does not fit, and a small one that does."""
    where = tmp_path / "in"
    where.mkdir()
    tifffile.imwrite(where / "long.tif", picture(), tile=(32, 64), photometric="minisblack")
    iio.imwrite(where / "small.png", picture(1, (20, 24)))
    return where


def batch(folder, recipe=RECIPE, out="out", memory=MEMORY, **options):
    images = [folder / "long.tif", folder / "small.png"]
    return ss.Batch(images, recipe, folder.parent / out, memory=memory, **HERE, **options)


@pytest.fixture
def model(tmp_path):
    ss.save_fit(ss.segment(picture(2, (60, 80)), METHOD, **HERE).fit, tmp_path / "m.safetensors")
    return ss.Recipe.load(tmp_path / "m.safetensors")


@pytest.fixture
def predicted(monkeypatch):
    """Count the tiles that are predicted."""
    predict, numbers = tile_work._predict, []

    def counting(plan, number):
        numbers.append(number)
        return predict(plan, number)

    monkeypatch.setattr(tile_work, "_predict", counting)
    return numbers


def interrupted(made, after=3):
    """Run until so many tiles are done, and end as Ctrl-C ends."""
    seen = []

    def see(step):
        if type(step).__name__ == "TileStep":
            seen.append(step)
            if len(seen) == after:
                raise KeyboardInterrupt

    made._tasks[0].observer._watch = seeing(see)
    with contextlib.suppress(KeyboardInterrupt):
        made.finish()
    return made


@pytest.mark.parametrize("suffix", [".tif", ".ome.zarr"])
def test_a_model_by_tiles_equals_the_whole(folder, model, suffix, predicted):
    made = batch(folder, model, suffix=suffix).finish()
    assert len(predicted) > 2, "test invalid: it is not taken apart"
    fit = ss.load_fit(model.model)
    for name, entry in zip(("long.tif", "small.png"), made.entries, strict=True):
        expected = fit.predict(read_image(folder / name).data, **HERE)
        np.testing.assert_array_equal(read_label_image(entry.target), expected)
        assert entry.labels == len(np.unique(expected))
        assert ss.Recipe.load(entry.target) == model
    names = {each.name for each in made.folder.iterdir()}
    assert names == {"batch.csv", f"long{suffix}", "recipe.json", f"small{suffix}"}


def test_a_method_learns_from_samples_and_never_reads_the_whole(folder, monkeypatch):
    sizes, get = [], View.__getitem__

    def measured(self, key):
        found = get(self, key)
        sizes.append(found.size)
        return found

    monkeypatch.setattr(View, "__getitem__", measured)
    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", lambda series: 1 / 0)
    made = batch(folder, preview=True).finish()
    assert made.complete
    assert 0 < max(sizes) < LONG[0] * LONG[1] / 2
    monkeypatch.undo()
    record = read_record(made.folder / "long.tif")
    assert record["fitted"] == METHOD.as_dict()
    assert ss.Recipe.from_record(record) == RECIPE
    small = ss.segment(picture(1, (20, 24)), METHOD, **HERE, precision="float32").labels()
    np.testing.assert_array_equal(tifffile.imread(made.folder / "small.tif"), small)
    assert iio.imread(made.folder / "previews" / "long.png").shape == (11, 2006, 3)


def test_without_a_limit_it_is_done_whole(folder, predicted):
    made = batch(folder, memory=None).finish()
    assert not predicted
    assert "method" in read_record(made.folder / "long.tif")


@pytest.mark.parametrize("suffix", [".tif", ".ome.zarr"])
def test_an_interrupted_image_goes_on_where_it_was(folder, predicted, suffix):
    whole = batch(folder, out="whole", suffix=suffix).finish()
    count = len(predicted)
    predicted.clear()
    interrupted(batch(folder, suffix=suffix))
    assert predicted == [0, 1, 2]
    with pytest.raises(ValueError, match="holds labels of 1 of these images: resume"):
        batch(folder, suffix=suffix)
    with pytest.raises(ValueError, match="was made by another recipe"):
        batch(folder, ss.Recipe(METHOD.replace(seed=1)), suffix=suffix, resume=True)
    again = batch(folder, suffix=suffix, resume=True).finish()
    assert again.complete
    assert sorted(predicted) == list(range(count)), "none is done twice"
    for one, other in zip(whole.entries, again.entries, strict=True):
        assert one.labels == other.labels
        np.testing.assert_array_equal(read_label_image(one.target), read_label_image(other.target))
    assert not list(again.folder.glob("*.work"))
    third = batch(folder, suffix=suffix, resume=True).finish()
    assert all(each.before for each in third.entries)
    assert len(predicted) == count


def test_what_was_begun_of_another_image_begins_anew(folder, predicted):
    interrupted(batch(folder))
    predicted.clear()
    tifffile.imwrite(folder / "long.tif", picture(5), tile=(32, 64), photometric="minisblack")
    made = batch(folder, resume=True).finish()
    assert predicted[0] == 0
    other = batch(folder, out="other").finish()
    assert all(each.complete for each in (made, other))
    found, expected = (tifffile.imread(each.folder / "long.tif") for each in (made, other))
    np.testing.assert_array_equal(found, expected)


def test_an_image_that_changed_since_is_done_again(folder, predicted):
    batch(folder).finish()
    predicted.clear()
    tifffile.imwrite(folder / "long.tif", picture(5), tile=(32, 64), photometric="minisblack")
    again = batch(folder, resume=True).finish()
    assert [each.before for each in again.entries] == [False, True]
    assert predicted


def test_a_stopped_image_keeps_its_tiles(folder, predicted):
    def see(number, step):
        if type(step).__name__ == "TileStep":
            made.stop()

    made = batch(folder, seen=see)
    assert [each.state for each in made.finish().entries] == ["left", "left"]
    assert predicted == [0]
    assert batch(folder, resume=True).finish().complete
    assert predicted.count(0) == 1


def test_a_plan_that_was_never_whole_is_made_anew(folder):
    made = interrupted(batch(folder, suffix=".ome.zarr"))
    (made.folder / "long.ome.zarr.work" / "plan.json").unlink()
    assert batch(folder, suffix=".ome.zarr", resume=True).finish().complete


def test_what_is_begun_is_no_image_of_the_next_batch(folder):
    made = interrupted(batch(folder))
    left = {each.name for each in made.folder.glob("long*")}
    assert left == {"long.tif.zarr", "long.tif.zarr.work"}
    with pytest.raises(ValueError, match="There are no images"):
        ss.Batch([made.folder / "*.zarr"], RECIPE, made.folder, resume=True)


def test_objects_are_joined_across_tiles(folder, model):
    recipe = ss.Recipe(model=model.model, connected=True)
    made = batch(folder, recipe, suffix=".ome.zarr").finish()
    found = read_label_image(made.entries[0].target)
    whole = connected(ss.load_fit(model.model).predict(picture(), **HERE))
    pairs = np.unique(np.stack([found.ravel(), whole.ravel()]), axis=1).shape[1]
    assert pairs == found.max() == whole.max() == made.entries[0].labels


def test_a_table_of_tiles_is_made_where_a_batch_was_killed_before_it(folder, monkeypatch):
    with monkeypatch.context() as context:
        context.setattr(MeasureRun, "_part", lambda *given: 1 / 0)
        made = batch(folder, suffix=".ome.zarr", objects=".csv").finish()
    assert made.entries[0].state == "failed"
    again = batch(folder, suffix=".ome.zarr", objects=".csv", resume=True).finish()
    assert again.complete
    objects = connected(read_label_image(again.entries[0].target))
    assert len((made.folder / "long.csv").read_text("utf-8").splitlines()) == objects.max() + 1


@pytest.mark.parametrize(
    ("recipe", "options", "words"),
    [
        (
            ss.Recipe(METHOD, segments=4),
            {},
            "there are no segments of this method: allow more memory",
        ),
        (ss.Recipe(METHOD, minimum_size=4), {}, "no merged small pieces"),
        (RECIPE, {"memory": 600_000}, "allow more memory, or train a smaller network"),
    ],
)
def test_what_cannot_be_done_by_tiles_is_said_and_stops_nothing(folder, recipe, options, words):
    made = batch(folder, recipe, **options).finish()
    assert [each.state for each in made.entries] == ["failed", "done"]
    assert words in made.entries[0].error


def test_a_layer_in_memory_goes_by_tiles_as_well(tmp_path, predicted):
    layer = ImageFile(picture(), None, (2.0, 3.0), "nm", None, "strip", "yx")
    how = {"memory": MEMORY, **HERE}
    interrupted(ss.Batch([layer], RECIPE, tmp_path / "out", **how))
    made = ss.Batch([layer], RECIPE, tmp_path / "out", resume=True, **how).finish()
    assert made.complete
    assert predicted.count(0) == 1
    assert read_image(tmp_path / "out" / "strip.tif").spacing == (2.0, 3.0)
    assert read_record(tmp_path / "out" / "strip.tif")["images"][0]["name"] == "strip"
    again = ss.Batch([layer], RECIPE, tmp_path / "out", resume=True, **how).finish()
    assert again.entries[0].before


def test_a_geotiff_by_tiles_stays_in_its_place(model, tmp_path):
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "map.tif"
    size = {"width": LONG[1], "height": LONG[0], "count": 1, "dtype": "uint8"}
    place = {"crs": "EPSG:32640", "transform": rasterio.Affine(0.5, 0, 7000, 0, -0.5, 9000)}
    with rasterio.open(path, "w", "GTiff", **size, **place) as file:
        file.write(picture()[np.newaxis])
    made = ss.Batch([path], model, tmp_path / "out", memory=MEMORY, **HERE).finish()
    assert "tile" in read_record(made.entries[0].target)
    with rasterio.open(made.entries[0].target) as file:
        assert file.crs == place["crs"]
        assert file.transform == place["transform"]


def test_a_limit_below_what_the_process_holds_is_that_of_the_run(folder):
    made = batch(folder, memory=5_000_000).finish()
    assert made.complete
    assert "tile" in read_record(folder.parent / "out" / "long.tif")


def test_what_lies_beside_labels_and_is_not_ours_stays(folder):
    batch(folder).finish()
    foreign = folder.parent / "out" / "small.tif.zarr"
    foreign.mkdir()
    (foreign / "mine.txt").write_text("keep me")
    assert batch(folder, resume=True).finish().complete
    assert (foreign / "mine.txt").exists()
