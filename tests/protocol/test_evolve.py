"""Starting a run: what is refused, what is resolved, several images, warm starts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import napari_selfseg as ss
from napari_selfseg.protocol import DeviceLost, OutOfMemory, Scaling

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
VOTED = ss.Backprop(iterations=4, channels=6, min_labels=1)
PIXELS = VOTED.replace(variant="continuity")
SHAPE = (20, 24)
TILES = np.arange(20)[:, None] // 4 * 6 + np.arange(24) // 4 + 1
HALF = np.zeros(SHAPE, bool)
HALF[:, 3:15] = True


def picture(seed=0, shape=SHAPE):
    rng = np.random.default_rng(seed)
    steps = np.add.outer(*(np.arange(n) // 7 for n in shape)) % 3
    return steps + rng.normal(scale=0.3, size=shape)


def segmented(image, method=PIXELS, **options):
    return ss.segment(image, method, **{**QUICK, **options})


def with_pixel(value):
    image = picture()
    image[3, 4] = value
    return image


def scribbled(label=1):
    drawn = np.zeros(SHAPE, int)
    drawn[2:4, 2:6] = label
    return drawn


@pytest.mark.parametrize(
    ("image", "options", "sentence"),
    [
        ([], {}, "[Nn]o image"),
        (with_pixel(np.nan), {}, "NaN or infinite values in 1 pixel: replace"),
        (with_pixel(np.inf), {}, "NaN or infinite values in 1 pixel"),
        (picture()[:0], {}, "The image is empty"),
        (np.full(SHAPE, 5), {}, r"constant \(every pixel is \[5\]\)"),
        (np.ones((1, 1)), {}, "constant"),
        (picture().astype(object), {}, "needs real numbers, not object"),
        (picture() + 1j, {}, "needs real numbers, not complex"),
        (picture()[0], {}, "has 1 spatial axes"),
        (picture(), {"channel_axis": 5}, "There is no axis 5"),
        (picture(), {"mask": HALF[1:]}, "The mask has shape"),
        (picture(), {"mask": ~HALF & HALF}, "The mask leaves no pixel"),
        (picture(), {"mask": [HALF, HALF]}, "1 images need as many mask arrays, not 2"),
        (picture(), {"scribbles": scribbled(7)}, "name class 7, the method has 6"),
        (picture(), {"scribbles": scribbled()[1:]}, "The scribbles have shape"),
        (picture(), {"scribbles": scribbled() / 2}, "whole numbers, 0 where"),
        (picture(), {"spacing": (-1, 1)}, "The spacing needs 2 positive numbers"),
        (picture(), {"spacing": (1, 1, 1)}, "The spacing needs 2 positive numbers"),
        (picture(), {"device": "gpu"}, "There is no device 'gpu'"),
        (picture(), {"precision": "half"}, "There is no precision 'half'"),
        (picture(), {"threads": 0}, "at least one thread"),
        (picture(), {"superpixels": ss.Slic()}, "Backprop uses no superpixels as it is set: leave"),
        ([picture(), picture()[None]], {}, "spatial axes|same channels, axes"),
        ([picture(), picture().astype(int)], {}, "need the same channels, axes and data type"),
        ([picture(), picture()], {"name": ["one"]}, "2 images need as many names, not 1"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(image, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        ss.evolve(image, PIXELS, **{**QUICK, **options})


@pytest.mark.parametrize(
    ("superpixels", "sentence"),
    [
        (TILES[1:], "The superpixels have shape"),
        (TILES / 2, "whole numbers"),
        (-TILES, "negative"),
        (0 * TILES, "0 everywhere|no pixel with data"),
        ([TILES, TILES], "1 images need as many superpixel arrays, not 2"),
        ("slic", "whole numbers"),
    ],
)
def test_superpixels_that_cannot_be_used(superpixels, sentence):
    with pytest.raises(ValueError, match=sentence):
        ss.evolve(picture(), VOTED, superpixels=superpixels, **QUICK)


def test_a_volume_is_refused_by_superpixels_for_planes():
    with pytest.raises(ValueError, match="Quick shift works on 2-D images, not on 3-D"):
        ss.evolve(np.arange(60.0).reshape(3, 4, 5), VOTED, superpixels=ss.Quickshift(), **QUICK)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float16, np.float32, float])
def test_any_numeric_type(dtype):
    image = (picture() * 40 + 50).astype(dtype)
    before = image.copy()
    labels = segmented(image).labels()
    assert labels.shape == SHAPE
    assert labels.dtype == np.uint8
    assert labels.min() == 1
    np.testing.assert_array_equal(image, before)


def test_other_arrays_than_numpys_and_other_layouts_give_the_same():
    labels = segmented(picture()).labels()
    for same in (torch.from_numpy(picture()), np.asfortranarray(picture()), picture()[::-1][::-1]):
        np.testing.assert_array_equal(segmented(same).labels(), labels)


def test_channels_may_lie_along_any_axis():
    image = np.stack([picture(seed) for seed in range(3)])
    labels = segmented(image, channel_axis=0).labels()
    for axis in (1, 2, -1):
        moved = np.moveaxis(image, 0, axis)
        np.testing.assert_array_equal(segmented(moved, channel_axis=axis).labels(), labels)


@pytest.mark.parametrize("superpixels", [None, TILES, ss.Slic(n_segments=30)])
def test_pixels_without_data_stay_zero_and_do_not_matter(superpixels):
    method = PIXELS if superpixels is None else VOTED
    runs = [
        segmented(np.where(HALF, picture(), other), method, superpixels=superpixels, mask=HALF)
        for other in (0, 1e6, np.nan)
    ]
    for run in runs:
        for t in run.iterations:
            np.testing.assert_array_equal(run.labels(t) > 0, HALF)
            np.testing.assert_array_equal(run.labels(t), runs[0].labels(t))
    assert len(np.unique(runs[0].labels())) > 2, "test invalid"


def test_a_mask_of_all_pixels_is_no_mask():
    labels = segmented(picture()).labels()
    np.testing.assert_array_equal(segmented(picture(), mask=np.ones(SHAPE)).labels(), labels)


def test_pixels_of_superpixel_zero_are_no_data():
    holes = np.where(HALF, TILES, 0)
    run = segmented(picture(), VOTED, superpixels=holes)
    np.testing.assert_array_equal(run.labels() > 0, HALF)
    assert run.superpixels[0].max() == len(np.unique(holes)) - 1


@pytest.mark.parametrize("superpixels", [TILES, ss.Slic(n_segments=30)])
def test_prediction_with_the_same_mask_and_superpixels_is_the_runs(superpixels):
    run = segmented(picture(), VOTED, superpixels=superpixels, mask=HALF)
    given = TILES if superpixels is TILES else run.superpixels[0]
    again = run.fit.predict(picture(), mask=HALF, superpixels=given, **HERE)
    np.testing.assert_array_equal(again, run.labels())


@pytest.mark.parametrize("mask", [None, np.roll(HALF, 4, axis=1)])
def test_prediction_with_superpixels_that_leave_pixels_out_is_the_runs(mask):
    holes = np.where(HALF, TILES, 0)
    run = segmented(picture(), VOTED, superpixels=holes, mask=mask)
    for superpixels in (holes, run.superpixels[0]):
        again = run.fit.predict(picture(), mask=mask, superpixels=superpixels, **HERE)
        np.testing.assert_array_equal(again, run.labels())


def test_spacing_reaches_the_superpixels():
    runs = [
        segmented(picture(), VOTED, superpixels=ss.Slic(n_segments=30), spacing=spacing)
        for spacing in ((1, 1), (3, 1), (6, 2))
    ]
    flat, tall, same = (run.superpixels[0] for run in runs)
    assert (flat != tall).any()
    np.testing.assert_array_equal(tall, same)
    assert runs[1].record()["spacing"] == [3.0, 1.0]


def test_scribbles_without_data_do_not_matter():
    inside = scribbled(2) * HALF
    outside = inside + 2 * ~HALF
    runs = [segmented(picture(), mask=HALF, scribbles=each) for each in (inside, outside)]
    assert runs[0].losses["scribbles"] == runs[1].losses["scribbles"]
    np.testing.assert_array_equal(runs[0].labels(), runs[1].labels())


SEVERAL = [picture(0), picture(1, (13, 24)), picture(2, (20, 9))]


@pytest.mark.parametrize("variant", ["superpixels", "continuity"])
def test_several_images_share_one_fit_and_its_class_ids(variant):
    method = PIXELS.replace(variant=variant)
    superpixels = ss.Slic(n_segments=30) if variant == "superpixels" else None
    run = segmented(SEVERAL, method, superpixels=superpixels)
    for k, image in enumerate(SEVERAL):
        assert run.labels(0, image=k).shape == image.shape
        assert run.labels(image=k).all()
        own = run.superpixels[k] if superpixels else None
        again = run.fit.predict(image, superpixels=own, **HERE)
        np.testing.assert_array_equal(again, run.labels(image=k))
    with pytest.raises(ValueError, match="There is no image 3: the run has 3"):
        run.labels(image=3)


def test_images_of_one_shape_need_no_padding():
    run = segmented([picture(0), picture(1)])
    for k in range(2):
        again = run.fit.predict(picture(k), **HERE)
        np.testing.assert_array_equal(again, run.labels(image=k))
    assert set(run.fit.classes) == {*np.unique(run.labels()), *np.unique(run.labels(image=1))}


def test_each_of_several_images_has_its_own_mask_superpixels_and_scribbles():
    run = segmented(
        [picture(0), picture(1)],
        VOTED,
        superpixels=[TILES, TILES[::-1]],
        mask=[None, HALF],
        scribbles=[None, scribbled()],
        name=["one", "other"],
    )
    assert run.labels(image=0).all()
    np.testing.assert_array_equal(run.labels(image=1) > 0, HALF)
    assert "scribbles" in run.losses
    assert [each["name"] for each in run.record()["images"]] == ["one", "other"]


def test_images_are_several_when_in_a_list_or_tuple():
    for images in ([picture()], (picture(),)):
        run = segmented(images)
        assert run.record()["several"]
        np.testing.assert_array_equal(run.labels(), segmented(picture()).labels())
    assert not segmented(picture()).record()["several"]


def test_warm_start_goes_on_from_a_fit():
    first = segmented(picture())
    run = ss.evolve(picture(1), PIXELS, start=first.fit, **QUICK)
    run.stop()
    run.finish()
    weights = run.fit.weights
    for name, each in first.fit.weights.items():
        if not name.endswith(("mean", "var")):
            assert torch.equal(weights[name], each)
    assert run.fit.scaling == first.fit.scaling
    assert run.record()["start"]
    assert (first.labels() == ss.evolve(picture(), PIXELS, **QUICK).finish().labels()).all()


def test_warm_start_on_the_same_image_shows_its_labels_at_once():
    first = segmented(picture())
    run = ss.evolve(picture(), PIXELS, start=first.fit, **QUICK)
    next(run)
    np.testing.assert_array_equal(run.labels(), first.labels())


def test_warm_start_leaves_the_fit_alone():
    fit = segmented(picture()).fit
    before = {name: each.clone() for name, each in fit.weights.items()}
    segmented(picture(1), start=fit)
    assert all(torch.equal(fit.weights[name], each) for name, each in before.items())


@pytest.mark.parametrize("method", [PIXELS.replace(channels=7), PIXELS.replace(depth=1)])
def test_warm_start_with_another_network_is_refused(method):
    fit = segmented(picture()).fit
    with pytest.raises(ValueError, match=r"The fit to start from \(Backprop, 1 channels, 2-D\)"):
        ss.evolve(picture(), method, start=fit, **QUICK)
    with pytest.raises(ValueError, match="The fit to start from"):
        ss.evolve(np.stack([picture()] * 2), PIXELS, channel_axis=0, start=fit, **QUICK)


@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_closing_labels_are_the_fits_in_every_precision(precision):
    run = segmented(picture(), precision=precision)
    assert run.record()["precision"] in ("float32", "bfloat16")
    np.testing.assert_array_equal(run.fit.predict(picture(), **HERE), run.labels())
    assert all(each.dtype == torch.float32 for each in run.fit.weights.values())


def test_record_names_what_was_resolved():
    run = ss.evolve(picture(), PIXELS, name="cells")
    found = run.record()
    assert found["device"] in ("cpu", "cuda", "mps")
    assert found["precision"] in ("float32", "bfloat16")
    assert found["threads"] == torch.get_num_threads()
    assert found["images"][0]["name"] == "cells"
    assert found["stop"] is None


REFUSALS = [
    (MemoryError(), OutOfMemory, "Not enough memory for this run: use fewer channels, a smaller"),
    (torch.OutOfMemoryError("CUDA out of memory."), OutOfMemory, "Not enough memory for this run"),
    (
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        OutOfMemory,
        "Not enough memory for this run",
    ),
    (
        RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable"),
        DeviceLost,
        r"busy or unavailable\): choose the CPU, or restart the program",
    ),
]


@pytest.mark.parametrize("place", ["scaling", "superpixels", "network", "inputs"])
@pytest.mark.parametrize(("error", "kind", "sentence"), REFUSALS)
def test_a_machine_that_refuses_at_the_start_is_explained(
    monkeypatch, place, error, kind, sentence
):
    def refuse(*args, **options):
        raise error

    targets = {
        "scaling": (Scaling, "__call__"),
        "superpixels": (ss.Slic, "over_segment"),
        "network": (torch.nn.Module, "to"),
        "inputs": (torch, "from_numpy"),
    }
    monkeypatch.setattr(*targets[place], refuse)
    image = picture()
    with pytest.raises(kind, match=sentence) as caught:
        ss.evolve(image, VOTED, superpixels=ss.Slic(n_segments=30), **QUICK)
    assert caught.value.__cause__ is error
    np.testing.assert_array_equal(image, picture())


def test_an_array_too_large_for_the_computer_is_a_sentence(monkeypatch):
    """Not a simulation: a petabyte is asked for."""

    def huge(self, image, spacing, mask):
        return np.zeros(1 << 50)

    monkeypatch.setattr(ss.Slic, "over_segment", huge)
    with pytest.raises(OutOfMemory, match="Not enough memory for this run"):
        ss.evolve(picture(), VOTED, superpixels=ss.Slic(n_segments=30), **QUICK)


def test_a_warm_start_on_other_grey_values_is_refused():
    fit = segmented(np.rint(picture() * 40 + 100).astype(np.uint8)).fit
    with pytest.raises(ValueError, match="far from those the fit was made on"):
        ss.evolve(np.clip(picture() / 4 + 0.3, 0, 1), PIXELS, start=fit, **QUICK)
