"""Objects on made images: all found, told apart, with borders where they are."""

import numpy as np
import pytest
import torch
from scipy import ndimage as ndi
from skimage.measure import label

import napari_selfseg as ss
from napari_selfseg.instances._dividing._maxima import deep_maxima
from napari_selfseg.instances._dividing._splitting import divided
from napari_selfseg.instances._filters import features
from napari_selfseg.instances._grey import is_bright
from napari_selfseg.instances._shapes import at_edges, filled, without

QUICK = {"device": "cpu", "threads": 1, "precision": "float32"}
ONES = np.ones(2)


def discs(middles, radius, shape=(120, 140)):
    y, x = np.indices(shape)
    found = np.zeros(shape, np.int32)
    for number, (cy, cx) in enumerate(middles, 1):
        found[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = number
    return found


APART = [(20, 20), (20, 70), (30, 115), (60, 40), (65, 95), (100, 20), (98, 66), (95, 118)]
TOUCHING = [(30, 30), (30, 47), (30, 100), (45, 109), (80, 40), (97, 40), (60, 70), (90, 110)]


def picture(truth, *, dark=False, blur=1.0, noise=0.02, seed=0):
    image = ndi.gaussian_filter((truth > 0).astype(float), blur) * 0.5 + 0.2
    image += np.random.default_rng(seed).normal(scale=noise, size=truth.shape)
    return (np.clip(1 - image if dark else image, 0, 1) * 255).astype(np.uint8)


def matched(labels, truth):
    """Smallest IoU of the true objects, each with the label it shares most pixels with."""
    found = []
    for number in range(1, truth.max() + 1):
        mask = truth == number
        best = np.bincount(labels[mask]).argmax()
        here = labels == best
        found.append((mask & here).sum() / (mask | here).sum() if best else 0)
    return min(found)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("middles", [APART, TOUCHING], ids=["apart", "touching"])
def test_every_disc_is_an_object(middles, dark):
    truth = discs(middles, 9)
    labels = ss.segment(picture(truth, dark=dark), ss.Objects(), **QUICK).labels()
    assert labels.max() == len(middles)
    assert matched(labels, truth) > 0.8


def test_live_labels_divide_what_the_final_ones_do():
    truth = discs(TOUCHING, 9)
    run = ss.segment(picture(truth), ss.Objects(iterations=41), **QUICK)
    for t in (20, 40):
        live = run.labels(t)
        assert live.max() == len(TOUCHING)
        assert matched(live, truth) > 0.7
    whole = ss.segment(picture(truth), ss.Objects(iterations=41, divide=False), **QUICK)
    assert whole.labels(40).max() < len(TOUCHING), "test invalid"


def test_touching_discs_are_one_object_where_nobody_divides():
    truth = discs(TOUCHING, 9)
    run = ss.segment(picture(truth), ss.Objects(divide=False), **QUICK)
    assert run.labels().max() == label(truth > 0).max() < len(TOUCHING)


def test_sizes_and_the_border_are_kept_to():
    truth = discs([(20, 20), (60, 60), (0, 100), (100, 30)], 9)
    truth[discs([(20, 60), (100, 80), (60, 120)], 4) > 0] = 9
    image = picture(truth, noise=0.01)
    every = ss.segment(image, ss.Objects(), **QUICK).labels()
    assert every.max() == 7
    large = ss.segment(image, ss.Objects(smallest=100), **QUICK).labels()
    assert np.bincount(large.ravel())[1:].min() >= 100
    assert large.max() == 4
    small = ss.segment(image, ss.Objects(largest=100), **QUICK).labels()
    assert 0 < np.bincount(small.ravel())[1:].max() <= 100
    inner = ss.segment(image, ss.Objects(at_border=False), **QUICK).labels()
    assert inner.max() == 6
    assert not inner[0].any()


def test_what_is_no_data_is_no_object():
    truth = discs(APART, 9)
    mask = np.ones(truth.shape, bool)
    mask[:, 80:] = False
    labels = ss.segment(picture(truth), ss.Objects(), mask=mask, **QUICK).labels()
    assert not labels[~mask].any()
    assert labels.max() == len(np.unique(truth[:, :80])) - 1


def test_an_image_without_objects_says_so():
    noise = np.random.default_rng(0).normal(100, 1, (64, 64)).astype(np.float32)
    image = np.full((64, 64), 7, np.uint8)
    image[:, 32:] = 8
    run = ss.segment(image, ss.Objects(), **QUICK)
    assert not run.labels().any()
    assert run.stop_reason.startswith("No object was found: choose")
    assert ss.segment(noise, ss.Objects(), **QUICK).labels().shape == (64, 64)


def test_a_volume_of_touching_balls_with_unequal_spacing_is_counted():
    shape, spacing = (18, 80, 90), (3.0, 1.0, 1.0)
    z, y, x = np.indices(shape)
    middles = [(9, 18, 18), (9, 18, 35), (9, 55, 20), (8, 60, 60), (10, 43, 60), (9, 20, 70)]
    truth = np.zeros(shape, np.int32)
    for number, (a, b, c) in enumerate(middles, 1):
        truth[((z - a) * 3) ** 2 + (y - b) ** 2 + (x - c) ** 2 <= 81] = number
    run = ss.segment(picture(truth, blur=(0.3, 1, 1)), ss.Objects(), spacing=spacing, **QUICK)
    assert run.labels().max() == len(middles)
    assert matched(run.labels(), truth) > 0.7


def test_a_fit_finds_the_same_kind_of_object_in_another_image():
    truth = discs(TOUCHING, 9)[::-1, ::-1]
    fit = ss.segment(picture(discs(APART, 9)), ss.Objects(), **QUICK).fit
    labels = fit.predict(picture(truth, seed=1), device="cpu", threads=1)
    assert labels.max() == len(TOUCHING)
    assert matched(labels, np.ascontiguousarray(truth)) > 0.8


def test_strokes_say_what_is_no_object():
    truth = discs(APART, 9)
    image = picture(truth).astype(np.float32)
    other = np.where(truth > 4, 1.0, 0.0)
    colour = np.stack([image, image * (1 - other), image], axis=-1).astype(np.uint8)
    strokes = np.zeros(truth.shape, np.int64)
    strokes[truth == 1] = strokes[truth == 2] = 1
    strokes[truth == 5] = strokes[truth == 6] = strokes[truth == 7] = 2
    run = ss.segment(colour, ss.Objects(), scribbles=strokes, channel_axis=-1, **QUICK)
    labels = run.labels()
    assert all(labels[truth == k].any() for k in (1, 2, 3, 4))
    assert not any(labels[truth == k].any() for k in (5, 6, 7, 8))


def test_of_grey_values_the_skewed_side_is_that_of_objects():
    image = picture(discs(APART, 9)) / 255
    assert is_bright(image, None, ONES)
    assert not is_bright(1 - image, None, ONES)


def test_the_better_shape_wins():
    truth = discs([(30, 30), (30, 47)], 9)
    one = discs([(80, 80)], 14)
    both = np.where(one > 0, 3, (truth > 0).astype(np.int32))
    u = ndi.gaussian_filter((both > 0).astype(np.float32), 1)
    found = divided(both, u, 254, ONES)
    assert len(np.unique(found[truth > 0])) == 2
    assert len(np.unique(found[one > 0])) == 1


def test_maxima_of_less_than_the_depth_are_none():
    height = np.zeros((3, 21), np.float32)
    height[1] = 10 - np.abs(np.arange(21) - 5.0)
    height[1, 15:] = [4.0, 5.0, 4.5, 4.0, 3.0, 2.0]
    inside = height > 0
    assert deep_maxima(height, 5.0, inside).max() == 1
    assert deep_maxima(height, 0.5, inside).max() == 2


def test_outlines_move_to_the_slope():
    truth = discs([(40, 40), (40, 90)], 12)
    image = ndi.gaussian_filter((truth > 0).astype(np.float32), 1)
    shrunk = discs([(40, 40), (40, 90)], 10)
    found = at_edges(shrunk, image, 450, ONES)
    assert matched(shrunk, truth) < 0.75
    assert matched(found, truth) > 0.93


def test_holes_are_filled_but_for_objects_in_them():
    labels = discs([(40, 40)], 12)
    labels[38:42, 38:42] = 0
    labels[45:47, 38:40] = 2
    found = filled(labels)
    assert (found[38:42, 38:42] == 1).all()
    assert (found[45:47, 38:40] == 2).all()
    assert without(found, np.array([False, True, False])).max() == 1


def test_features_do_not_change_when_the_image_is_turned():
    image = np.random.default_rng(0).random((1, 40, 40)).astype(np.float32)
    turned = np.ascontiguousarray(np.rot90(image, axes=(1, 2)))
    found = np.rot90(features(image, ONES), axes=(0, 1))
    np.testing.assert_allclose(features(turned, ONES), found, atol=1e-5)


@pytest.mark.parametrize("carry", ["independent", "warm", "joint"])
def test_an_object_keeps_its_number_along_a_stack(carry):
    """Numbered anew in each plane, its number alone would say nothing in the next one."""
    planes = []
    for t in range(4):
        middles = [(y + 2 * t, x) for y, x in APART]
        more = [(18, 45), (60, 68), (66, 12)] if t % 2 else []
        planes.append(discs(more + middles, 9, (140, 140)))
    stack = np.stack([picture(each, seed=t) for t, each in enumerate(planes)])
    out = np.zeros(stack.shape, np.uint32)
    run = ss.over_stack(stack, ss.Objects(iterations=40), carry=carry, out=out, **QUICK)
    for _ in run:
        pass
    for y, x in APART:
        numbers = {int(out[t, y + 2 * t, x]) for t in range(4)}
        assert len(numbers) == 1
        assert numbers != {0}


def test_a_run_says_how_many_objects_there_are():
    run = ss.segment(picture(discs(APART, 9)), ss.Objects(iterations=21), **QUICK)
    assert run.stop_reason == "8 objects. All 21 iterations are done."


def test_a_channel_that_is_not_there_is_refused():
    image = picture(discs(APART, 9))
    with pytest.raises(ValueError, match=r"There is no channel 2: the image has 1\. Choose"):
        ss.segment(image, ss.Objects(channel=2), **QUICK)


def test_more_objects_than_labels_are_refused_and_none_are_made_one(monkeypatch):
    monkeypatch.setattr("napari_selfseg.instances._learning._votes.MOST", 7)
    with pytest.raises(ValueError, match="There are 8 objects, and labels name 7 at most"):
        ss.segment(picture(discs(APART, 9)), ss.Objects(), **QUICK)


def test_a_network_has_nothing_that_devices_without_float64_refuse():
    network = ss.Objects().network(1, 2, torch.Generator().manual_seed(0))
    assert {each.dtype for each in network.state_dict().values()} == {torch.float32}
