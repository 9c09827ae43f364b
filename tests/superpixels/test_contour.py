"""Contours and histograms by slabs are those of filters over the whole image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_selfseg.superpixels._watersheds import _contour
from napari_selfseg.superpixels._watersheds._contour import contours, histograms


def shares(colours):
    """Share of each pixel in each bin of each channel, by the formula."""
    for channel in np.moveaxis(colours.astype(np.float64), -1, 0):
        place = (channel - channel.min()) / 12
        for k in range(int(np.ceil(place.max())) + 1):
            yield np.maximum(1 - np.abs(place - k), 0) / np.sqrt(colours.shape[-1])


def expected(colours, spacing, width):
    square = np.zeros(colours.shape[:-1])
    for share in shares(colours):
        smooth = ndimage.gaussian_filter(share, width / spacing, truncate=3.0)
        for axis, step in enumerate(spacing / width):
            if smooth.shape[axis] > 2:
                inner = np.moveaxis(square, axis, 0)[1:-1]
                inner += np.moveaxis(np.gradient(smooth, step, axis=axis), axis, 0)[1:-1] ** 2
    return np.sqrt(square)


@st.composite
def cases(draw):
    ndim = draw(st.sampled_from([2, 3]))
    shape = draw(st.tuples(*[st.integers(1, 40 if ndim == 2 else 9)] * ndim))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    colours = rng.random((*shape, draw(st.integers(1, 4)))) * 100
    return colours.astype(np.float32), rng.choice([1.0, 2.5], ndim)


@settings(max_examples=60, deadline=None)
@given(cases(), st.sampled_from([0.3, 1.0, 6.0]), st.sampled_from([16, 2**17]))
def test_contours_are_slopes_of_smoothed_shares(case, sigma, slab):
    colours, spacing = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_contour, "_SLAB", slab)
        fine, whole = contours(colours, spacing, sigma)
    scales = [expected(colours, spacing, octave * sigma) for octave in (1, 2, 4)]
    np.testing.assert_allclose(fine, scales[0], atol=2e-6)
    np.testing.assert_allclose(whole, sum(scales), atol=6e-6)
    assert fine.shape == whole.shape == colours.shape[:-1]


@settings(max_examples=40, deadline=None)
@given(cases())
def test_histograms_are_sums_of_shares(case):
    colours, _ = case
    labels = np.random.default_rng(0).integers(0, 5, colours.shape[:-1]).astype(np.int32)
    sizes, sums = histograms(colours, labels)
    n = labels.max() + 1
    np.testing.assert_array_equal(sizes, [np.count_nonzero(labels == k) for k in range(n)])
    each = [np.bincount(labels.ravel(), share.ravel(), n) for share in shares(colours)]
    np.testing.assert_allclose(sums, np.stack(each, axis=1), atol=1e-4)
    assert sums.sum() > 0


def test_flat_ground_has_no_contour():
    colours = np.full((60, 50, 3), [30.0, -7.0, 80.1], dtype=np.float32)
    colours[20:30, 20:30] += 40
    fine, whole = contours(colours, np.ones(2), 1.0)
    assert not whole[:6].any()
    assert whole[:8].any()
    assert fine.max() > 0.1
