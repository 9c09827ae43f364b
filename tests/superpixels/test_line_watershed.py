"""Line watershed, and the lines it finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import napari_selfseg as ss
from napari_selfseg.metrics import achievable_segmentation_accuracy, contingency
from napari_selfseg.superpixels import AutomaticWatershed, ContourWatershed, LineWatershed
from napari_selfseg.superpixels._watersheds._hessian import largest_eigenvalue
from napari_selfseg.superpixels._watersheds._lines import channels_of, find_lines, polarity_of

ONES = np.ones(3)


def cells(shape, width, n, dark=True, noise=0.05, seed=0):
    """Cells of a random mosaic with lines between them, and the cell of each pixel."""
    rng = np.random.default_rng(seed)
    places = rng.random((n, len(shape))) * shape
    pixels = np.stack(np.indices(shape), axis=-1)
    away = np.linalg.norm(pixels[..., None, :] - places, axis=-1)
    near = np.sort(away, axis=-1)
    line = np.exp(-(((near[..., 1] - near[..., 0]) / width) ** 2))
    rough = ndimage.gaussian_filter(rng.normal(size=shape), 1.0)
    light = np.clip(0.7 - 0.5 * line + noise * rough / rough.std(), 0, 1)
    return (light if dark else 1 - light)[..., None].astype(np.float32), away.argmin(axis=-1)


def lines_of(image, spacing=None, mask=None):
    shape = image.shape[:-1]
    steps = np.ones(len(shape)) if spacing is None else np.array(spacing)
    return find_lines(image, steps, np.ones(shape, bool) if mask is None else mask)


@pytest.mark.parametrize("dark", [True, False])
def test_polarity_is_that_of_the_lines(dark):
    found = lines_of(cells((160, 160), 4.0, 100, dark=dark)[0])
    assert found.polarity == (1 if dark else -1)
    assert found.clear


def test_twice_the_size_is_twice_the_width():
    image, _ = cells((128, 128), 6.0, 30, noise=0.1)
    small, large = lines_of(image), lines_of(image.repeat(2, 0).repeat(2, 1))
    assert 1.0 < small.sigma < 6
    assert large.sigma == pytest.approx(2 * small.sigma, rel=0.15)
    assert large.depth == pytest.approx(small.depth, abs=0.06)


def test_neither_noise_nor_steps_nor_spots_are_lines():
    rng = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(rng.normal(size=(128, 128, 1)), (1, 1, 0))
    steps = cells((128, 128), 1.0, 40)[1][..., None] % 7 / 7 + 0.02 * rng.normal(size=(128, 128, 1))
    spots = np.zeros((128, 128, 1))
    spots[12::16, 9::16] = 1
    spots = ndimage.gaussian_filter(spots, (2, 2, 0))
    for image in (noise, steps, spots):
        scaled = (image - image.min()) / np.ptp(image)
        assert not lines_of(scaled.astype(np.float32)).clear


def test_flat_images_have_no_lines():
    found = lines_of(np.full((50, 60, 2), 0.4, np.float32))
    assert (found.depth, found.opposite, found.skewness, found.clear) == (0, 0, 0, False)


def test_the_channel_with_the_clearest_lines_is_taken():
    image, _ = cells((128, 128), 4.0, 80)
    rough = np.random.default_rng(1).random((128, 128, 2), dtype=np.float32)
    found = lines_of(np.concatenate([rough, image, rough[..., :1]], axis=-1))
    assert (found.channel, found.clear) == (2, True)
    many = np.repeat(0.01 * rough[..., :1], 30, axis=-1)
    many[..., 20] = image[..., 0]
    assert len(channels_of(many)) == 8
    found = lines_of(many)
    assert (found.channel, found.clear) == (20, True)


def test_what_lies_outside_the_mask_says_nothing():
    image, _ = cells((128, 128), 4.0, 80)
    mask = np.zeros((128, 128), bool)
    mask[:, :100] = True
    other = image.copy()
    other[:, 110:] = 1 - image[:, 110:]
    # Outside the reach of the widest Gaussian nothing changes either.
    one, two = (find_lines(each, ONES[:2], mask) for each in (image, other))
    assert (one.polarity, one.clear) == (two.polarity, two.clear) == (1, True)
    assert one.skewness == pytest.approx(two.skewness, abs=0.05)


def test_of_a_large_image_the_part_with_data_is_seen():
    image = np.full((1500, 1500, 1), 0.5, np.float32)
    image[:160, :160] = cells((160, 160), 4.0, 100)[0]
    mask = np.zeros((1500, 1500), bool)
    mask[:160, :160] = True
    assert find_lines(image, ONES[:2], mask).clear


def test_superpixels_end_at_lines():
    image, truth = cells((160, 160), 6.0, 50)
    labels = LineWatershed()(image)
    assert labels.max() < 1000
    assert achievable_segmentation_accuracy(contingency(labels, truth)) > 0.96
    inverse = LineWatershed(lines="bright")(image)
    assert achievable_segmentation_accuracy(contingency(inverse, truth)) < 0.9


def test_a_wider_gaussian_makes_fewer():
    image, _ = cells((160, 160), 4.0, 100)
    few, many = (LineWatershed(sigma=sigma)(image).max() for sigma in (4.0, 0.8))
    assert few < many / 2


def test_membranes_of_a_volume():
    image, truth = cells((40, 48, 48), 4.0, 20, noise=0.1)
    found = lines_of(image)
    assert (found.polarity, found.clear) == (1, True)
    labels = LineWatershed()(image)
    assert achievable_segmentation_accuracy(contingency(labels, truth)) > 0.95


def test_thick_planes_are_smoothed_less():
    image, truth = cells((40, 48, 48), 4.0, 20, noise=0.1)
    thick, of_thick = image[::4], truth[::4]
    assert lines_of(thick, (4, 1, 1)).sigma == pytest.approx(lines_of(image).sigma, rel=0.3)
    labels = LineWatershed()(thick, spacing=(4, 1, 1))
    assert achievable_segmentation_accuracy(contingency(labels, of_thick)) > 0.9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([2, 3]))
def test_largest_eigenvalue_is_that_of_the_matrix(seed, ndim):
    # Second differences of a quadratic form are exact.
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(ndim, ndim))
    A += A.T
    steps = rng.uniform(0.5, 2, ndim)
    place = (np.stack(np.indices((5,) * ndim), axis=-1) - 2) * steps
    form = np.einsum("...i,ij,...j->...", place, A / 2, place).astype(np.float32)
    middle = largest_eigenvalue(form, steps)[(2,) * ndim]
    assert middle == pytest.approx(np.linalg.eigvalsh(A)[-1], abs=1e-3)


def test_automatic_watershed_is_that_of_lines_where_there_are_some():
    net, _ = cells((96, 96), 4.0, 40)
    plain = np.random.default_rng(0).random((96, 96, 3), dtype=np.float32)
    for image, expected in ((net, LineWatershed()), (plain, ContourWatershed())):
        np.testing.assert_array_equal(AutomaticWatershed()(image), expected(image))


@pytest.mark.parametrize(("structure", "polarity"), [("dark_lines", 1), ("bright_lines", -1)])
def test_lines_of_a_polarity_can_be_asked_for(structure, polarity):
    image = cells((128, 128), 4.0, 80)[0]
    found = find_lines(image, ONES[:2], np.ones((128, 128), bool), polarity_of(structure))
    assert found.polarity == polarity
    run = ss.segment(image, ss.Consensus(structure=structure), channel_axis=-1)
    assert structure.replace("_", " ") in run.hierarchy().words
