from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_selfseg.metrics import (
    adjusted_rand_index,
    boundary_strength,
    contingency,
    contrast,
    stability,
    variation_of_information,
)

LABELS = arrays(np.int64, (4, 5), elements=st.integers(0, 3))
IMAGES = arrays(np.float64, (4, 5, 2), elements=st.integers(0, 255))
MAPS = arrays(np.int64, (3, 4, 5), elements=st.integers(0, 3))


def neighbours(labels):
    """Pairs of pixels that share a face."""
    for p in np.ndindex(labels.shape):
        for axis in range(labels.ndim):
            q = tuple(c + (k == axis) for k, c in enumerate(p))
            if q[axis] < labels.shape[axis]:
                yield p, q


def brute_contrast(image, labels):
    means = {v: image[labels == v].mean(axis=0) for v in np.unique(labels)}
    spread = [((image[p] - means[labels[p]]) ** 2).sum() for p in np.ndindex(labels.shape)]
    steps = [
        ((means[labels[p]] - means[labels[q]]) ** 2).sum()
        for p, q in neighbours(labels)
        if labels[p] != labels[q]
    ]
    return np.mean(spread), np.mean(steps) if steps else 0


def brute_strength(image, labels):
    steps = {True: [], False: []}
    for p, q in neighbours(labels):
        steps[bool(labels[p] != labels[q])].append(np.linalg.norm(image[p] - image[q]))
    return [np.mean(steps[across]) if steps[across] else 0 for across in (True, False)]


@given(IMAGES, LABELS)
def test_figures_are_their_definitions(image, labels):
    assert contrast(image, labels, channel_axis=-1) == pytest.approx(brute_contrast(image, labels))
    strength = boundary_strength(image, labels, channel_axis=-1)
    assert strength == pytest.approx(brute_strength(image, labels))


@given(IMAGES, LABELS)
def test_names_of_labels_and_the_place_of_channels_do_not_matter(image, labels):
    for figure in (contrast, boundary_strength):
        found = figure(image, labels, channel_axis=-1)
        moved = figure(np.moveaxis(image, -1, 0), labels * -5 + 3, channel_axis=0)
        assert moved == pytest.approx(found)
        assert 0 <= found.ratio <= 1


def test_grey_volumes_of_any_type():
    labels = np.zeros((3, 4, 5), int)
    labels[:, :, 2:] = 8
    image = (labels * 25).astype(np.uint8)
    assert contrast(image, labels) == (0, 200**2)
    assert boundary_strength(image, labels) == (200, 0)


def test_pixels_without_data_are_left_out():
    labels = np.array([[1, 1, 2, 2, 3]])
    image = np.array([[0.0, 2, 10, np.nan, np.inf]])
    assert contrast(image, labels) == pytest.approx((2 / 3, 81))
    assert boundary_strength(image, labels) == (8, 2)


def test_flat_images_and_single_segments_have_no_contrast():
    flat, one = np.zeros((3, 3)), np.ones((3, 3), int)
    assert contrast(flat, one).ratio == boundary_strength(flat, one).ratio == 0
    noise = np.arange(9.0).reshape(3, 3)
    assert contrast(noise, one) == (pytest.approx(noise.var()), 0)
    assert boundary_strength(noise, one) == (0, 2)


def test_borders_on_edges_are_stronger_than_borders_anywhere():
    random = np.random.default_rng(0)
    labels = np.repeat([1, 2], 20)[None].repeat(40, 0)
    image = labels * 50 + random.normal(size=labels.shape)
    aside = np.roll(labels, 7, axis=1)
    assert contrast(image, labels).ratio > 0.99 > contrast(image, aside).ratio
    assert boundary_strength(image, labels).ratio > 0.9 > boundary_strength(image, aside).ratio


@given(MAPS)
def test_stability_is_the_mean_over_pairs(maps):
    tables = [contingency(maps[i], maps[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    found = stability(list(maps))
    assert found.n_pairs == 3
    assert found.adjusted_rand == pytest.approx(np.mean([adjusted_rand_index(t) for t in tables]))
    voi = np.mean([variation_of_information(t).total for t in tables])
    assert found.voi == pytest.approx(voi)


def test_renamed_maps_agree():
    labels = np.random.default_rng(0).integers(0, 4, (6, 6))
    assert stability([labels, 9 - labels]) == (1, 0, 1)


def test_what_cannot_be_compared_is_refused():
    labels = np.ones((2, 3), int)
    with pytest.raises(ValueError, match="two label maps"):
        stability([labels])
    with pytest.raises(ValueError, match="different shapes"):
        stability([labels, labels.T])
    for figure in (contrast, boundary_strength):
        with pytest.raises(ValueError, match=r"shape \(2, 3\) and the image \(3, 2\)"):
            figure(np.zeros((3, 2)), labels)
        with pytest.raises(ValueError, match="finite"):
            figure(np.full((2, 3), np.nan), labels)
        with pytest.raises(ValueError, match="whole numbers"):
            figure(np.zeros((2, 3)), labels / 2)
