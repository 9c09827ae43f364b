"""A fit gives the same class the same number, on this image and on the next."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import napari_selfseg as ss

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
HERE = {"device": "cpu", "threads": 1}
PIXELS = ss.Backprop(iterations=4, channels=6, min_labels=1, variant="continuity")
TILES = np.arange(20)[:, None] // 4 * 6 + np.arange(24) // 4 + 1


def picture(seed=0, shape=(20, 24)):
    rng = np.random.default_rng(seed)
    steps = np.add.outer(*(np.arange(n) // 7 for n in shape)) % 3
    return steps + rng.normal(scale=0.3, size=shape)


@pytest.fixture(scope="module")
def run():
    return ss.segment(picture(), PIXELS, **QUICK)


def test_prediction_is_the_runs_labels(run):
    np.testing.assert_array_equal(run.fit.predict(picture(), **HERE), run.labels())
    assert len(np.unique(run.labels())) > 2, "test invalid"


def test_prediction_depends_on_the_image(run):
    assert (run.fit.predict(picture(1), **HERE) != run.labels()).any()


def test_a_method_that_smooths_nothing_says_which_does(run):
    with pytest.raises(ValueError, match="Backprop smooths no images; DSC, for one, does"):
        run.fit.smoothed(picture(), **HERE)


def test_prediction_is_votable(run):
    raw = run.fit.predict(picture(), **HERE)
    voted = run.fit.predict(picture(), superpixels=TILES, **HERE)
    for k in range(1, TILES.max() + 1):
        most = np.bincount(raw[k == TILES]).argmax()
        assert (voted[k == TILES] == most).all()


def test_superpixels_may_have_any_numbers(run):
    voted = run.fit.predict(picture(), superpixels=TILES, **HERE)
    again = run.fit.predict(picture(), superpixels=TILES * 1000 - 7, **HERE)
    np.testing.assert_array_equal(again, voted)


def test_pixels_without_data_or_superpixel_are_zero(run):
    mask, holes = np.ones((20, 24), bool), TILES.copy()
    mask[:, 5:9] = False
    holes[3:6] = 0
    assert ((run.fit.predict(picture(), mask=mask, **HERE) > 0) == mask).all()
    assert ((run.fit.predict(picture(), superpixels=holes, **HERE) > 0) == (holes > 0)).all()
    both = run.fit.predict(picture(), superpixels=holes, mask=mask, **HERE)
    assert ((both > 0) == (mask & (holes > 0))).all()


def test_pixels_without_data_have_no_vote(run):
    mask = np.ones((20, 24), bool)
    mask[:, 1::2] = mask[:, 2::4] = False
    raw = run.fit.predict(picture(), mask=mask, **HERE)
    voted = run.fit.predict(picture(), mask=mask, superpixels=TILES, **HERE)
    for k in range(1, TILES.max() + 1):
        inside = (k == TILES) & mask
        assert (voted[inside] == np.bincount(raw[inside]).argmax()).all()


def test_what_the_mask_hides_is_not_read(run):
    mask, image = np.ones((20, 24), bool), picture()
    mask[4:7] = False
    expected = run.fit.predict(image, mask=mask, **HERE)
    image[4:7] = np.nan
    np.testing.assert_array_equal(run.fit.predict(image, mask=mask, **HERE), expected)


@pytest.mark.parametrize(
    ("image", "options", "sentence"),
    [
        (np.stack([picture()] * 4), {}, "has 3 spatial axes where 2 can be used"),
        (np.stack([picture()] * 2), {"channel_axis": 0}, "has 2 channels, the fit was made with 1"),
        (picture() + np.nan, {}, "NaN or infinite values in 480 pixels: replace"),
        (picture()[:0], {}, "The image is empty"),
        (picture().astype(object), {}, "An image needs real numbers, not object"),
        (picture(), {"mask": np.ones((3, 3))}, "The mask has shape"),
        (picture(), {"superpixels": TILES[1:]}, r"The superpixels have shape \(19, 24\)"),
        (picture(), {"superpixels": TILES / 2}, "whole numbers"),
        (picture(), {"superpixels": -TILES}, "negative"),
        (picture(), {"device": "gpu"}, "There is no device 'gpu'"),
        (picture(), {"threads": 0}, "at least one thread"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(run, image, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        run.fit.predict(image, **{**HERE, **options})


def test_a_constant_image_and_one_pixel_are_labelled(run):
    for image in (np.full((9, 7), 1.5), np.zeros((1, 1))):
        labels = run.fit.predict(image, **HERE)
        assert labels.shape == image.shape
        assert labels.all()


def test_classes_are_those_of_the_labels_before_the_vote(run):
    assert run.fit.classes == tuple(np.unique(run.labels()))
    voted = ss.segment(picture(), PIXELS.replace(variant="superpixels"), superpixels=TILES, **QUICK)
    raw = voted.fit.predict(picture(), **HERE)
    assert voted.fit.classes == tuple(np.unique(raw))


def test_classes_leave_out_what_only_occurs_without_data(monkeypatch):
    """A class that only pixels without data have is no class of the fit."""
    mask = np.zeros((20, 24), bool)
    mask[:6, :6] = True
    freeze = ss.Backprop.freeze

    def elsewhere(self, network, inputs):
        raw = freeze(self, network, inputs)
        assert inputs.valid is not None
        return raw.masked_fill(~inputs.valid[:, 0], 5).masked_fill(
            inputs.valid[:, 0] & (raw == 5), 4
        )

    monkeypatch.setattr(ss.Backprop, "freeze", elsewhere)
    masked = ss.segment(picture(), PIXELS, mask=mask, **QUICK)
    assert masked.fit.classes == tuple(np.unique(masked.labels()[mask]))
    assert 6 not in masked.fit.classes


def test_a_fit_is_frozen_and_on_the_cpu(run):
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.fit.ndim = 3
    assert {each.device.type for each in run.fit.weights.values()} == {"cpu"}
    assert (run.fit.reach, run.fit.stride) == (2, 1)


def test_predicting_leaves_the_fit_and_torch_alone(run):
    before = {name: each.clone() for name, each in run.fit.weights.items()}
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    run.fit.predict(picture(1), device="cpu", threads=threads + 1)
    assert all(torch.equal(run.fit.weights[name], each) for name, each in before.items())
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(("channels", "dtype"), [(6, np.uint8), (255, np.uint8), (256, np.uint16)])
def test_labels_have_the_smallest_type(channels, dtype):
    method = PIXELS.replace(channels=channels, iterations=1)
    run = ss.segment(picture(shape=(9, 8)), method, **QUICK)
    assert run.fit.predict(picture(shape=(9, 8)), **HERE).dtype == dtype
    assert run.labels().dtype == dtype
    np.testing.assert_array_equal(run.fit.predict(picture(shape=(9, 8)), **HERE), run.labels())


@pytest.mark.parametrize(
    ("fitted", "other", "sentence"),
    [
        (np.uint8, lambda i: i / 255, r"\(0.\d+ to 0.\d+\) are far from .* \(0 to 255\): convert"),
        (np.uint16, lambda i: i / 65535, r"made on \(40 to \d+.*\): convert the image first"),
        (float, lambda i: np.rint(i * 255).astype(np.uint8), r"made on \(0.\d+ to 0.\d+\): conv"),
    ],
)
def test_an_image_in_other_units_is_refused(fitted, other, sentence):
    image = (picture() - picture().min()) / 5
    if fitted is not float:
        image = np.rint(np.maximum(image, 0.1) * 200 + 20).astype(fitted)
    fit = ss.segment(image, PIXELS, **QUICK).fit
    with pytest.raises(ValueError, match=sentence):
        fit.predict(other(image), **HERE)
    dark = (image * 0.01).astype(fitted)
    assert fit.predict(dark, **HERE).all()
