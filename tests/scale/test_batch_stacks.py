"""Batches with stacks among their images: gone along plane by plane where the recipe says so."""

import contextlib

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

import napari_selfseg as ss
from napari_selfseg.io import open_labels, read_image, read_label_image, read_record
from napari_selfseg.record import dumps, loads

HERE = {"device": "cpu", "threads": 1}
METHOD = ss.Backprop(iterations=3, channels=6, min_labels=1)
SLIC = ss.Slic(n_segments=30)
WARM = ss.Recipe(METHOD, SLIC, precision="float32", carry="warm", axis="z", stack_iterations=2)


def stack(black=None, n=3):
    planes = np.random.default_rng(0).integers(0, 40, (n, 20, 24))
    planes[:, :, 12:] += 150
    if black is not None:
        planes[black] = 0
    return planes.astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """A stack, one with a black plane, and a single plane."""
    where = tmp_path / "in"
    where.mkdir()
    for name, data in (("a", stack()), ("b", stack(black=1))):
        tifffile.imwrite(where / f"{name}.ome.tif", data, metadata={"axes": "ZYX"})
    iio.imwrite(where / "c.png", stack()[0])
    return where


def batch(folder, recipe=WARM, out="out", pattern="*.*", **options):
    return ss.Batch([folder / pattern], recipe, folder.parent / out, **HERE, **options)


@pytest.mark.parametrize("suffix", [".tif", ".ome.zarr"])
def test_stacks_go_plane_by_plane_and_a_single_plane_is_segmented(folder, suffix):
    made = batch(folder, suffix=suffix, preview=True).finish()
    how = {"superpixels": SLIC, "precision": "float32", **HERE}
    run = ss.over_stack(stack(), METHOD, carry="warm", iterations=2, **how).finish()
    np.testing.assert_array_equal(read_label_image(made.entries[0].target), run.out)
    plane = ss.segment(stack()[0], METHOD, **how).labels()
    np.testing.assert_array_equal(read_label_image(made.entries[2].target), plane)
    record = read_record(made.entries[0].target)
    assert record["stack"]["carry"] == "warm"
    assert made.entries[0].labels == len(np.unique(run.out))
    assert ss.Recipe.from_record(record) == WARM
    for name in ("a.ome", "b.ome", "c"):
        assert iio.imread(made.folder / "previews" / f"{name}.png").shape == (20, 54, 3)
    if suffix == ".ome.zarr":
        assert open_labels(made.entries[0].target).chunks == (1, 20, 24)


@pytest.mark.parametrize("suffix", [".tif", ".ome.zarr"])
def test_resuming_adds_the_rows_of_a_stack(folder, suffix):
    how = {"pattern": "a.*", "suffix": suffix}
    anew = batch(folder, out="anew", objects=".csv", **how).finish()
    batch(folder, **how).finish()
    again = batch(folder, resume=True, objects=".csv", **how).finish()
    assert again.entries[0].before
    assert (again.folder / "a.ome.csv").read_bytes() == (anew.folder / "a.ome.csv").read_bytes()


def test_planes_are_on_disk_before_the_last_is_done(folder):
    written = []

    def see(number, step):
        if step.done == 1:
            written.append(len(list(made.folder.glob(".*.part/*/0/c/*"))))

    made = batch(folder, pattern="a.*", suffix=".ome.zarr", seen=see)
    assert made.finish().complete
    assert written[-1] == 1


def test_a_plane_that_failed_is_said_and_stays_said(folder):
    made = batch(folder, pattern="[ab].*").finish()
    why = "1 of 3 planes failed, plane 1 with: The image is constant"
    for each, before in ((made, False), (batch(folder, pattern="[ab].*", resume=True), True)):
        one, other = each.finish().entries
        assert (one.state, one.error, one.before) == ("done", "", before)
        assert (other.state, other.before) == ("done", before)
        assert other.error.startswith(why)
        assert not each.complete
        assert each.summary.startswith("2 of 2 done, 1 not in all planes, see ")
        assert why in each.table.read_text()
    assert not read_label_image(made.entries[1].target)[1].any()


@pytest.mark.parametrize("carry", ["independent", "warm", "joint"])
def test_labels_of_a_stack_are_a_recipe_that_gives_them_again(folder, carry):
    fitted = {"planes_fitted": 2} if carry == "joint" else {}
    run = ss.over_stack(stack(), METHOD, carry=carry, axis=-3, superpixels=SLIC, **fitted, **HERE)
    record = loads(dumps(run.finish().record()))
    found = ss.Recipe.from_record(record)
    assert (found.carry, found.axis) == (carry, "0")
    assert found.planes_fitted == fitted.get("planes_fitted")
    made = batch(folder, found, pattern="a.*").finish()
    np.testing.assert_array_equal(read_label_image(made.entries[0].target), run.out)


def test_given_arrays_make_a_stack_no_recipe():
    regions = np.arange(3 * 20 * 24).reshape(3, 20, 24) // 40 + 1
    given = {"superpixels": (regions, "came from a layer"), "mask": (stack() > 2, "no data")}
    for key, (array, words) in given.items():
        run = ss.over_stack(stack(), METHOD, **{key: array}, **HERE).finish()
        with pytest.raises(ValueError, match=words):
            ss.Recipe.from_record(run.record())


def test_objects_of_a_stack_are_made_of_the_whole_and_again(folder):
    recipe = ss.Recipe(METHOD, SLIC, carry="joint", connected=True, minimum_size=3)
    made = batch(folder, recipe, pattern="a.*", suffix=".ome.zarr", objects=".csv").finish()
    assert made.complete, made.entries[0].error
    labels = read_label_image(made.entries[0].target)
    assert labels.max() == made.entries[0].labels
    assert (made.folder / "a.ome.csv").is_file()
    again = ss.replay_stack(read_record(made.entries[0].target), stack())
    np.testing.assert_array_equal(again, labels)


def test_what_cannot_be_gone_along_is_one_sentence(folder):
    tifffile.imwrite(
        folder / "d.ome.tif", np.zeros((4, 20, 24), np.uint8), metadata={"axes": "ZYX"}
    )
    recipe = ss.Recipe(METHOD, carry="independent", axis="t")
    made = batch(folder, recipe, pattern="[ac].*").finish()
    assert made.entries[0].error == "There is no axis t: the axes are z, y, x, or 0 to 2."
    assert made.entries[1].state == "done"
    black = batch(folder, ss.Recipe(METHOD, carry="independent"), "black", "d.*").finish()
    assert black.entries[0].state == "failed"
    assert "constant" in black.entries[0].error
    assert not black.entries[0].target.exists()


def test_planes_that_do_not_fit_are_refused(folder):
    made = batch(folder, memory=1000, pattern="a.*").finish()
    assert "A plane of 20 x 24 pixels would take about" in made.entries[0].error
    enough = batch(folder, memory=10**9, pattern="a.*").finish()
    assert enough.complete


@pytest.mark.parametrize("suffix", [".tif", ".ome.zarr"])
def test_a_stack_that_was_ended_is_left_and_not_half_done(folder, suffix):
    def see(number, step):
        if step.done == 1:
            raise KeyboardInterrupt

    made = batch(folder, pattern="a.*", suffix=suffix, seen=see)
    with contextlib.suppress(KeyboardInterrupt):
        made.finish()
    assert not made.entries[0].target.exists()
    assert not list(made.folder.glob(".*.part"))

    def stop(number, step):
        if step.done == 1:
            again.stop()

    again = batch(folder, pattern="a.*", suffix=suffix, seen=stop)
    assert [each.state for each in again.finish().entries] == ["left"]
    assert not again.entries[0].target.exists()
    assert batch(folder, pattern="a.*", suffix=suffix).finish().complete


def test_without_a_carry_a_stack_is_one_volume(folder):
    made = batch(folder, ss.Recipe(METHOD, SLIC), pattern="a.*").finish()
    assert "stack" not in read_record(made.entries[0].target)
    assert read_image(made.entries[0].target).shape == (3, 20, 24)


def test_labels_in_memory_need_room_and_rows_of_them_none(tmp_path):
    tifffile.imwrite(tmp_path / "tall.ome.tif", stack(n=1200), metadata={"axes": "ZYX"})
    how = {"memory": 1_000_000, "objects": ".csv", **HERE}
    [entry] = ss.Batch([tmp_path / "tall.ome.tif"], WARM, tmp_path / "out", **how).finish().entries
    # Labels of 2 bytes.
    assert "would take 1 MB, and 1 MB are allowed: write OME-Zarr, without" in entry.error
