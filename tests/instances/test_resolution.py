"""Objects are found in the resolution in which they stand out."""

import numpy as np
import pytest
from scipy import ndimage as ndi

import napari_selfseg as ss
from napari_selfseg.instances._finding import best_steps, look_at
from napari_selfseg.instances._plausible import Limits
from napari_selfseg.instances._resolution import (
    coarser_steps,
    enlarged,
    explaining,
    stands_out,
)
from napari_selfseg.instances._seen import Seen, Wanted

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
ANY = Wanted(0, None, Limits(), divide=True, at_border=True)
SHAPE = (300, 320)
MIDDLES = [(70, 70), (90, 220), (200, 120), (230, 250)]


def discs(middles, radius, shape=SHAPE):
    y, x = np.indices(shape)
    found = np.zeros(shape, np.int32)
    for number, (cy, cx) in enumerate(middles, 1):
        found[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = number
    return found


def textured(truth, seed=0):
    """Dark objects with a rim that is less sharp than the specks in them."""
    rng = np.random.default_rng(seed)
    specks = ndi.gaussian_filter(rng.normal(size=truth.shape), 2)
    specks = np.clip(specks / specks.std(), -1.5, 1.5) * 0.16
    image = 0.85 - ndi.gaussian_filter((truth > 0) * 0.5, 5) - (truth > 0) * specks
    image += rng.normal(scale=0.01, size=truth.shape)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def seen(image):
    x = image.astype(np.float32)[None] / 255
    return Seen(x, None, np.ones(image.ndim))


def steps_of(image):
    look, found = look_at(seen(image), ANY)
    return best_steps(seen(image), look, ANY, found)


def iou(labels, truth):
    found = []
    for number in range(1, truth.max() + 1):
        mask = truth == number
        here = labels == np.bincount(labels[mask]).argmax()
        found.append((mask & here).sum() / (mask | here).sum())
    return min(found)


def test_objects_with_a_texture_are_found_whole():
    truth = discs(MIDDLES, 45)
    image = textured(truth)
    assert max(steps_of(image)) > 1
    run = ss.segment(image, ss.Objects(), **QUICK)
    assert run.labels().max() == len(MIDDLES)
    assert iou(run.labels(), truth) > 0.85


def test_small_objects_on_a_shadow_are_seen_as_they_are():
    truth = discs([(y, x) for y in range(20, 300, 40) for x in range(20, 320, 40)], 6)
    y, x = np.indices(truth.shape)
    shadow = 0.5 * np.exp(-((y - 100) ** 2 + (x - 140) ** 2) / (2 * 50**2))
    rng = np.random.default_rng(1)
    image = 0.8 - shadow - ndi.gaussian_filter((truth > 0) * 0.2, 1)
    image += rng.normal(scale=0.01, size=image.shape)
    image = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    assert steps_of(image) == (1, 1)
    assert ss.segment(image, ss.Objects(), **QUICK).labels().max() == truth.max()


def test_what_is_learned_keeps_the_resolution():
    run = ss.segment(textured(discs(MIDDLES, 45)), ss.Objects(), **QUICK)
    truth = discs([(60, 200), (150, 70), (220, 230)], 45)
    labels, _ = ss.apply_fit(run.fit, textured(truth, seed=5), device="cpu", threads=1)
    assert labels.max() == truth.max()
    assert iou(labels, truth) > 0.85


def test_strokes_count_at_every_resolution():
    image = textured(discs(MIDDLES, 45))
    strokes = np.zeros(image.shape, np.int32)
    strokes[70, 40:100] = 2
    strokes[90, 190:250] = 1
    plain = ss.segment(image, ss.Objects(), **QUICK).labels()
    told = ss.segment(image, ss.Objects(), scribbles=strokes, **QUICK).labels()
    assert plain[70, 70] > 0
    assert plain[200, 120] > 0
    assert told[90, 220] > 0
    assert told.shape == image.shape


def test_where_there_are_no_data_there_is_no_object():
    image = textured(discs(MIDDLES, 45))
    mask = np.ones(image.shape, bool)
    mask[:150, :160] = False
    labels = ss.segment(image, ss.Objects(), mask=mask, **QUICK).labels()
    assert not labels[~mask].any()
    assert labels.max() == 3


@pytest.mark.parametrize(
    ("shape", "spacing", "steps"),
    [
        ((300, 300), (1, 1), [(2, 2), (4, 4), (8, 8)]),
        ((300, 100), (1, 1), [(2, 2), (4, 2), (8, 2)]),
        ((80, 300, 300), (4, 1, 1), [(1, 2, 2), (1, 4, 4), (2, 8, 8)]),
        ((40, 40), (1, 1), []),
    ],
)
def test_coarse_pixels_are_as_wide_as_long_and_leave_an_image(shape, spacing, steps):
    assert coarser_steps(shape, np.array(spacing, float)) == steps


def test_shadows_and_specks_explain_less_than_objects():
    truth = discs(MIDDLES, 30)
    u = ndi.gaussian_filter((truth > 0).astype(np.float32), 1)
    shifted = np.roll(truth, 25, axis=1)
    specks = np.where(np.indices(truth.shape).sum(axis=0) % 9 == 0, truth, 0)
    right = explaining(truth, u, None, (2, 2))
    for wrong in (shifted, specks):
        assert stands_out(explaining(wrong, u, None, (2, 2)), right) < 0.5
        assert stands_out(right, explaining(wrong, u, None, (2, 2))) > 2
    nothing = explaining(np.zeros_like(truth), u, None, (2, 2))
    assert nothing == (0, 0)
    assert stands_out(nothing, right) == 0


def test_labels_of_coarse_pixels_fill_the_image():
    labels = enlarged(np.arange(6, dtype=np.int32).reshape(2, 3), (3, 5), (2, 2))
    assert labels.tolist() == [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2], [3, 3, 4, 4, 5]]
