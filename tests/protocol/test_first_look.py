"""A first look at a small picture of a large image."""

import numpy as np
import pytest
from scipy import ndimage

import napari_selfseg as ss
from napari_selfseg.protocol import _first_look as module
from napari_selfseg.protocol import first_look

QUICK = {"device": "cpu", "threads": 1}


def halves(shape=(96, 120), dtype=np.uint8):
    """Return a picture of two grey halves with noise, brightest on the right."""
    rng = np.random.default_rng(0)
    image = 60.0 + 120 * (np.indices(shape)[-1] >= shape[-1] // 2)
    noise = ndimage.gaussian_filter(rng.normal(size=shape), 1)
    return (image + 20 * noise / noise.std()).astype(dtype)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """Take small images for large ones."""
    monkeypatch.setattr(module, "LARGE", 5000)
    monkeypatch.setattr(module, "FEWER", 4)


def test_two_halves_are_two_at_once():
    image = halves()
    look = first_look(image, ss.Consensus(n_segments=2), **QUICK)
    assert look.steps == (2, 2)
    look.run.finish()
    labels = look.labels()
    assert labels.shape == image.shape
    truth = np.indices(image.shape)[1] >= 60
    assert (labels == labels[0, 0]).sum() == pytest.approx(truth.size / 2, rel=0.1)
    assert labels[0, 0] != labels[-1, -1]


@pytest.mark.parametrize("slab", [1, 700, 2**22])
@pytest.mark.parametrize("axis", [None, 0, -1, 1])
def test_a_small_picture_is_the_mean_whatever_is_read_at_once(monkeypatch, slab, axis):
    monkeypatch.setattr(module, "_SLAB", slab)
    rng = np.random.default_rng(1)
    image = rng.integers(0, 255, (3, 23, 50)).astype(np.uint16) + 4000
    given = image[0] if axis is None else np.moveaxis(image, 0, axis)
    mask = rng.random((23, 50)) > 0.3
    positive = None if axis is None else axis % 3
    small, valid = module._smaller(given, positive, mask, (4, 5))
    assert small.dtype == image.dtype
    assert small.shape == (1 if axis is None else 3, 6, 10)
    for y, x in np.ndindex(6, 10):
        box = np.s_[4 * y : 4 * y + 4, 5 * x : 5 * x + 5]
        seen = image[0][box][mask[box]]
        assert valid[y, x] == (len(seen) > 0)
        if len(seen):
            assert small[0, y, x] == pytest.approx(seen.mean(), abs=0.51)


def test_large_numbers_keep_their_grey_levels():
    image = 2**30 + halves(dtype=np.int64)
    small, _ = module._smaller(image, None, None, (2, 2))
    expected = image.reshape(48, 2, 60, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(small[0], expected, rtol=0, atol=0.51)


def test_what_has_no_data_has_no_label():
    image, mask = halves().astype(np.float32), np.ones((96, 120), bool)
    mask[:, :41] = False  # half of some pixels of the small picture
    image[~mask] = np.nan
    look = first_look(image, ss.Consensus(), mask=mask, **QUICK)
    look.run.finish()
    found = look.labels() > 0
    assert not found[:, :40].any()
    assert found[:, 40:].all()


def test_strokes_keep_their_classes():
    image, strokes = halves(), np.zeros((96, 120), int)
    strokes[10, 5:50], strokes[80, 70:110] = 7, 3
    look = first_look(image, ss.Consensus(), scribbles=strokes, **QUICK)
    look.run.finish()
    labels = look.labels()
    assert (labels[10, 6:48] == 7).all()
    assert (labels[80, 72:108] == 3).all()


def test_nothing_where_networks_learn_or_the_image_is_small_or_too_large(monkeypatch):
    image = halves()
    assert first_look(image, ss.Backprop(), **QUICK) is None
    assert first_look(image, ss.Consensus(networks="both"), **QUICK) is None
    assert first_look(image[:40], ss.Consensus(), **QUICK) is None
    monkeypatch.setattr(module, "MOST", image.size - 1)
    assert first_look(image, ss.Consensus(), **QUICK) is None


def test_labels_at_another_size_are_those_at_full_size():
    look = first_look(halves(), ss.Consensus(n_segments=6), **QUICK)
    look.run.finish()
    full = look.labels()
    np.testing.assert_array_equal(look.labels((32, 24)), full[1::3, 2::5])
    np.testing.assert_array_equal(look.labels(full.shape), full)


def test_the_smallest_object_is_as_large_in_the_world():
    assert ss.Consensus(smallest=900).smaller((3, 4)).smallest == 75
    assert ss.Consensus(smallest=1).smaller((3, 4)).smallest == 1
    assert ss.Consensus().smaller((3, 4)).smallest == 0
    assert ss.Backprop().smaller((3, 4)) == ss.Backprop()


def test_a_thin_volume_keeps_its_planes():
    assert module._steps((4, 200, 200)) == (1, 2, 2)
