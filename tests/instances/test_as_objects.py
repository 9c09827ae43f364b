"""Segments of any method finished as objects: made images, limits, runs, stacks and replay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

import napari_selfseg as ss
from napari_selfseg import record
from napari_selfseg.instances import as_size
from napari_selfseg.replaying import replay

HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
QUICK = ss.Backprop(iterations=3, channels=8)
APART = [(20, 20), (20, 70), (30, 115), (60, 40), (65, 95), (100, 20), (98, 66), (95, 118)]
RADIUS = 9
SHAPE = (120, 140)


def discs(middles, radius=RADIUS, shape=SHAPE):
    y, x = np.indices(shape)
    found = np.zeros(shape, np.int32)
    for number, (cy, cx) in enumerate(middles, 1):
        found[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = number
    return found


def picture(truth, level=0.5, seed=0):
    image = ndi.gaussian_filter((truth > 0).astype(float), 1.0) * level + 0.4 - min(level, 0) / 2
    image += np.random.default_rng(seed).normal(scale=0.02, size=truth.shape)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def segments(truth, bands=3):
    """Segments as a method makes them: the ground is broken into bands, and none is 0."""
    band = np.broadcast_to(np.arange(truth.shape[-1]) * bands // truth.shape[-1], truth.shape)
    return np.where(truth > 0, truth + bands, band + 1).astype(np.int32)


def overlaps(found, truth):
    """IoU of each true object with the label it shares most pixels with."""
    pairs = []
    for number in range(1, truth.max() + 1):
        mask = truth == number
        best = np.bincount(found[mask]).argmax()
        pairs.append(((found == best) & mask).sum() / ((found == best) | mask).sum() * (best > 0))
    return pairs


def count(labels):
    return len(np.unique(labels[labels > 0]))


@pytest.mark.parametrize("level", [0.5, -0.4], ids=["bright", "dark"])
def test_the_image_says_which_segments_are_background(level):
    truth = discs(APART)
    found = ss.objects_of_segments(segments(truth), picture(truth, level))
    assert count(found) == len(APART)
    assert min(overlaps(found, truth)) > 0.85


def test_objects_of_a_channel_are_found_there():
    truth, flat = discs(APART), np.zeros(SHAPE, np.int32)
    image = np.stack([picture(flat, seed=k) for k in range(3)], axis=-1)
    image[..., 2] = picture(truth)
    found = ss.objects_of_segments(segments(truth), image, channel_axis=-1)
    assert count(found) == len(APART)
    assert min(overlaps(found, truth)) > 0.85


def test_two_kinds_of_objects_are_both_found():
    bright, dark = discs(APART[:5]), discs(APART[5:])
    image = picture(bright).astype(int) - picture(dark, seed=1) // 2 + 80
    both = np.where(bright > 0, bright, np.where(dark > 0, dark + 5, 0))
    found = ss.objects_of_segments(segments(both), image.clip(0, 255).astype(np.uint8))
    assert count(found) == len(APART)
    assert min(overlaps(found, both)) > 0.8
    only = ss.objects_of_segments(
        segments(both), image.clip(0, 255).astype(np.uint8), ss.AsObjects(contrast="bright")
    )
    assert count(only) == 5


def test_touching_ones_are_told_apart_where_that_is_wanted():
    touching = discs([*APART[:6], (98, 66), (98, 83)])
    one = np.where(touching == 8, 7, touching)
    image = picture(touching)
    found = ss.objects_of_segments(segments(one), image)
    assert count(found) == 8
    assert min(overlaps(found, touching)) > 0.75
    whole = ss.objects_of_segments(segments(one), image, ss.AsObjects(divide=False))
    assert count(whole) == 7


def test_holes_are_filled():
    truth, holes = discs(APART, 11), discs(APART, 5)
    rings = np.where(holes > 0, 0, truth)
    found = ss.objects_of_segments(segments(rings), picture(rings), ss.AsObjects(divide=False))
    assert count(found) == len(APART)
    assert (found[holes > 0] > 0).all()


def test_objects_in_a_segment_with_background_are_taken_for_themselves():
    truth = discs(APART)
    mixed = segments(np.where(truth > 4, truth, 0), bands=1)
    found = ss.objects_of_segments(mixed, picture(truth))
    assert count(found) == len(APART)
    assert min(overlaps(found, truth)) > 0.8


def test_no_data_are_no_object():
    truth = discs(APART)
    mask = np.ones(SHAPE, bool)
    mask[:, :66] = False  # through two objects
    found = ss.objects_of_segments(segments(truth), picture(truth), mask=mask)
    assert not found[~mask].any()
    assert found[20, 74] > 0
    assert count(found) == 5


def test_a_volume_with_flat_voxels():
    spacing = (3.0, 1.0, 1.0)
    z, y, x = np.indices((14, 44, 60)) * np.reshape(spacing, (3, 1, 1, 1))
    truth = np.zeros(z.shape, np.int32)
    # The last two touch.
    for number, (a, b, c) in enumerate([(12, 12, 12), (28, 30, 14), (20, 20, 36), (20, 20, 50)], 1):
        truth[(z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 <= 7.4**2] = number
    one = np.where(truth == 4, 3, truth)
    image = picture(truth)
    found = ss.objects_of_segments(segments(one, bands=1), image, spacing=spacing)
    assert count(found) == 4
    assert min(overlaps(found, truth)) > 0.6
    small = ss.AsObjects(smallest="3000 µm³")
    assert ss.in_pixels(small, spacing, "µm").smallest == 1000


# Limits


def test_limits_take_away_and_the_others_keep_their_numbers():
    truth = discs([(2, 30), (40, 40)], 6) + 2 * discs([(80, 80)], 14)
    truth[100:103, 10:13] = 9
    sizes = np.bincount(truth.ravel())
    limited = ss.AsObjects(smallest=int(sizes[2]), largest=int(sizes[2])).limited(truth)
    assert set(np.unique(limited)) == {0, 2}
    np.testing.assert_array_equal(limited == 2, truth == 2)
    inner = ss.AsObjects(at_border=False).limited(truth)
    assert set(np.unique(inner)) == set(np.unique(truth)) - {1}
    np.testing.assert_array_equal(ss.AsObjects().limited(truth), truth)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (0, 0),
        ("120", 120),
        (120.0, 120),
        ("30 px", 30),
        ("20um2", "20 um²"),
        ("20 µm^2", "20 µm²"),
        ("1.5e3 nm³", "1500 nm³"),
        ("0 um2", 0),
    ],
)
def test_sizes_are_read(given, read):
    assert as_size(given) == read
    assert ss.AsObjects(smallest=given).smallest == read
    assert as_size(read) == read


@pytest.mark.parametrize(
    "given", ["", "20um", "-3", "um2", "20 um4", "1.5", "nan", True, None, "9e9"]
)
def test_other_sizes_are_refused(given):
    with pytest.raises(ValueError, match=r"Objects: smallest must be a (whole )?number of pixels"):
        ss.AsObjects(smallest=given)


def test_sizes_in_a_unit_are_exact_numbers_of_pixels():
    wanted = ss.AsObjects(smallest="20 µm²", largest="0.0001 mm2")
    found = ss.in_pixels(wanted, (0.5, 0.5), "um")
    assert (found.smallest, found.largest) == (80, 400)
    odd = ss.in_pixels(wanted, (0.3, 0.3), "µm")
    assert (odd.smallest - 1) * 0.09 < 20 <= odd.smallest * 0.09
    assert odd.largest * 0.09 <= 100 < (odd.largest + 1) * 0.09
    assert ss.in_pixels(found, (9, 9), "pixel") is not None


@pytest.mark.parametrize(
    ("size", "spacing", "unit", "said"),
    [
        ("20um2", (1, 1), "pixel", "does not say how large its pixels are"),
        ("20um2", (1, 1, 1), "µm", "is an area, and the image has 3 axes"),
        ("20um3", (1, 1), "µm", "is a volume, and the image has 2 axes"),
        ("20parsnip2", (1, 1), "µm", "is no unit of length"),
    ],
)
def test_sizes_that_mean_nothing_in_an_image_are_refused(size, spacing, unit, said):
    with pytest.raises(ValueError, match=said):
        ss.in_pixels(ss.AsObjects(largest=size), spacing, unit)


def test_a_run_takes_pixels_alone():
    wanted = ss.AsObjects(smallest="20 um2")
    with pytest.raises(ValueError, match="needs the size of a pixel"):
        ss.segment(picture(discs(APART)), QUICK, finish=wanted, **HERE)


# Runs


def ran(image=None, **options):
    given = picture(discs(APART)) if image is None else image
    return ss.segment(given, QUICK, superpixels=ss.Patches(size=6), **HERE, **options)


def test_a_run_is_finished_and_replayed():
    image = picture(discs(APART))
    wanted = ss.AsObjects(smallest=30, at_border=False)
    run = ran(image, finish=wanted)
    plain = run.labels(finish=None)
    found = run.labels()
    np.testing.assert_array_equal(found, ss.objects_of_segments(plain, image, wanted))
    assert (found == 0).any()
    assert plain.min() == 1
    assert count(found) > 3
    told = record.loads(record.dumps(run.record()))
    assert told["finish"]["name"] == "objects"
    np.testing.assert_array_equal(replay(told, image), found)
    assert "finish" not in run.record(finish=None)
    cut = record.loads(record.dumps(run.record(n_segments=20)))
    np.testing.assert_array_equal(replay(cut, image), run.cut(20))
    assert (run.cut(20) == 0).any()


def test_a_run_is_finished_afterwards_and_goes_on_so():
    image = picture(discs(APART))
    run = ran(image)
    wanted = ss.AsObjects()
    assert run.labels().min() == 1
    assert run.labels(finish=wanted).min() == 0
    assert run.record(finish=wanted)["finish"] == wanted.as_dict()
    on = ss.go_on(run, image, iterations=4, finish=wanted).finish()
    assert on.labels().min() == 0
    told = record.loads(record.dumps(on.record()))
    np.testing.assert_array_equal(replay(told, image), on.labels())


def test_objects_of_the_method_for_them_are_only_limited():
    image = picture(discs(APART[:7]) + 8 * discs(APART[7:], 5))
    run = ss.segment(image, finish="objects", **HERE)
    assert isinstance(run.method, ss.Objects)
    sizes = np.bincount(run.labels().ravel())
    limited = run.labels(finish=ss.AsObjects(smallest=int(np.sort(sizes)[1])))
    assert count(limited) == count(run.labels()) - 1
    kept = limited > 0
    np.testing.assert_array_equal(limited[kept], run.labels()[kept])


def test_unknown_finishes_are_refused():
    with pytest.raises(ValueError, match="no way to finish labels 'cells'"):
        ran(finish="cells")


@pytest.mark.parametrize("carry", ["independent", "warm", "joint"])
def test_along_a_stack_ids_follow_and_it_is_replayed(carry):
    stack = np.stack([picture(discs([(y + k, x + k) for y, x in APART]), seed=k) for k in range(3)])
    run = ss.over_stack(
        stack, QUICK, carry=carry, superpixels=ss.Patches(size=6), finish="objects", **HERE
    ).finish()
    assert not run.failed
    assert (run.out == 0).any()
    for k in (1, 2):
        before, here = run.out[k - 1], run.out[k]
        both = (before > 0) & (here > 0)
        assert (before[both] == here[both]).mean() > 0.9
    told = record.loads(record.dumps(run.record()))
    np.testing.assert_array_equal(ss.replay_stack(told, stack), run.out)


def test_a_fit_is_applied_and_finished():
    image = picture(discs(APART))
    fit = ran(image).fit
    labels, told = ss.apply_fit(fit, image, finish=ss.AsObjects(), device="cpu", threads=1)
    bare, _ = ss.apply_fit(fit, image, device="cpu", threads=1)
    np.testing.assert_array_equal(labels, ss.objects_of_segments(bare, image))
    assert told["finish"]["name"] == "objects"


def test_a_recipe_holds_sizes_in_a_unit(tmp_path):
    recipe = ss.Recipe(QUICK, finish=ss.AsObjects(smallest="20um2", divide=False))
    recipe.save(tmp_path / "a.json")
    assert ss.Recipe.load(tmp_path / "a.json") == recipe
    again = ss.Recipe.from_record(record.loads(record.dumps(ran(finish="objects").record())))
    assert again.finish == ss.AsObjects()
    with pytest.raises(ValueError, match="choose one of them"):
        ss.Recipe(QUICK, connected=True, finish=ss.AsObjects())


def test_a_script_makes_the_same_objects():
    image = picture(discs(APART))
    run = ran(image, finish=ss.AsObjects(largest=400), name="nuclei.tif")
    script = ss.as_script(run.record())
    assert "finish=ss.AsObjects(largest=400)" in script
    cut = ss.as_script(run.record(n_segments=9))
    assert "finish=ss.AsObjects(largest=400)" in cut
