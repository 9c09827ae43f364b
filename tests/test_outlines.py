"""Borders follow the image, and labels stay what they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label

from napari_selfseg.outlines import refined


def ball(shape, radius):
    grid = np.indices(shape) - (np.array(shape).reshape(-1, *[1] * len(shape)) - 1) / 2
    return (grid**2).sum(axis=0) <= radius**2


def noisy(inside, contrast=20.0, noise=0.5):
    rng = np.random.default_rng(0)
    return (contrast * inside + noise * rng.standard_normal(inside.shape))[..., None]


@pytest.mark.parametrize("shape", [(48, 48), (22, 24, 24)])
def test_tabs_on_flat_ground_go_and_the_edge_stays(shape):
    inside = ball(shape, 7.5)
    tab = np.zeros(shape, bool)
    middle = tuple(size // 2 for size in shape[:-1])
    tab[(*(slice(k - 1, k + 2) for k in middle), slice(shape[-1] // 2, -2))] = True
    labels = np.where(inside | tab, 2, 1)
    found = refined(labels, noisy(inside))
    assert np.count_nonzero(labels != inside + 1) > 8
    np.testing.assert_array_equal(found, inside + 1)


def test_a_border_beside_an_edge_moves_to_it():
    inside = np.zeros((30, 40), bool)
    inside[:, 20:] = True
    labels = np.roll(inside, 3, axis=1) + 1
    labels[:, :3] = 1
    np.testing.assert_array_equal(refined(labels, noisy(inside)), inside + 1)


def test_what_is_thin_in_the_image_too_stays():
    inside = ball((48, 48), 9.5)
    inside[23:26, 24:46] = True
    np.testing.assert_array_equal(refined(inside + 1, noisy(inside)), inside + 1)


def test_spacing_says_who_is_near():
    inside = ball((9, 40, 40), 9.5)
    tab = np.zeros_like(inside)
    tab[4, 19:22, 20:38] = True
    labels = np.where(inside | tab, 2, 1)
    apart = refined(labels, noisy(inside), spacing=(50.0, 1.0, 1.0))
    plane = refined(labels[4], noisy(inside)[4])
    assert plane[20, 36] == 1
    assert apart[4, 20, 36] == 1


@st.composite
def cases(draw):
    ndim = draw(st.sampled_from([2, 3]))
    shape = draw(st.tuples(*[st.integers(1, 16 if ndim == 2 else 6)] * ndim))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    coarse = rng.integers(1, 5, [-(-size // 3) for size in shape])
    for axis in range(ndim):
        coarse = coarse.repeat(3, axis)
    labels = np.where(
        rng.random(shape) < 0.15, rng.integers(0, 5, shape), coarse[*map(slice, shape)]
    )
    return labels, rng.random((*shape, draw(st.integers(1, 3)))) * draw(st.sampled_from([0, 30]))


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_labels_keep_their_pieces_and_pixels_that_are_kept_their_label(case, data):
    labels, colours = case
    before = labels.copy()
    strokes = np.random.default_rng(data.draw(st.integers(0, 2**32))).random(labels.shape) < 0.2
    keep = data.draw(st.sampled_from([None, strokes, 3 * strokes]))
    found = refined(labels, colours, keep=keep)
    np.testing.assert_array_equal(labels, before)
    if keep is not None:
        np.testing.assert_array_equal(found[strokes], labels[strokes])
    np.testing.assert_array_equal(found == 0, labels == 0)
    for each in np.unique(labels):
        pieces = [label(array == each, connectivity=1).max() for array in (labels, found)]
        assert 1 <= pieces[1] <= pieces[0]
