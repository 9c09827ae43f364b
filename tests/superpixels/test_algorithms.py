"""Each algorithm against its reference or a drawn image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label
from skimage.segmentation import felzenszwalb, slic

from napari_selfseg.superpixels import (
    CompactWatershed,
    Felzenszwalb,
    MeanShift,
    Patches,
    Quickshift,
    Slic,
)


def photo(shape, seed, channels=3):
    rng = np.random.default_rng(seed)
    rough = rng.normal(size=(*shape, channels))
    smooth = ndimage.gaussian_filter(rough, [4] * len(shape) + [0]) * 12 + 0.2 * rough
    return np.clip(128 + 60 * smooth, 0, 255).astype(np.uint8)


def scaled(image):
    return image.astype(np.float32) / np.float32(255)


def same_partition(one, other):
    pairs = np.unique(np.stack((one.ravel(), other.ravel())), axis=1).shape[1]
    return pairs == len(np.unique(one)) == len(np.unique(other))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("n_segments", "compactness"), [(800, 100.0), (150, 10.0), (150, 1.0)])
@pytest.mark.parametrize("shape", [(90, 130), (12, 30, 40)])
def test_slic_is_that_of_scikit_image(shape, n_segments, compactness, seed):
    image = photo(shape, seed)
    expected = slic(image, n_segments, compactness, start_label=1)
    expected = label(expected, background=0, connectivity=1)
    labels = Slic(n_segments=n_segments, compactness=compactness)(scaled(image))
    assert same_partition(labels, expected)


def test_slic_parameters_reach_scikit_image():
    image = photo((60, 80), 0)
    base = Slic(n_segments=100, compactness=5)
    reference = slic(image, 100, 5, max_num_iter=2, sigma=1.5, start_label=1)
    labels = base.replace(max_iterations=2, sigma=1.5)(scaled(image))
    assert same_partition(labels, label(reference, background=0, connectivity=1))
    assert not same_partition(labels, base(scaled(image)))


def test_slic_follows_grey_edges_at_the_default_compactness_of_lab():
    image = np.zeros((30, 41, 1), np.float32)
    image[:, 17:] = 1
    labels = Slic(n_segments=30)(image)
    assert not set(labels[:, :17].ravel()) & set(labels[:, 17:].ravel())


def test_slic_leaves_no_crumbs_along_a_mask():
    image = scaled(photo((60, 80), 0))
    rows, columns = np.indices((60, 80))
    mask = (rows - 30) ** 2 + (columns - 40) ** 2 < 27**2
    labels = Slic(n_segments=100)(image, mask=mask)
    assert np.bincount(labels[mask])[1:].min() >= mask.sum() / 200


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize(("scale", "min_size"), [(10, 5), (100, 20), (200, 40)])
def test_felzenszwalb_is_that_of_scikit_image(scale, min_size, channels, seed):
    image = photo((50, 70), seed, channels)
    smooth = scaled(image)
    expected = felzenszwalb(smooth, scale=scale, sigma=0.8, min_size=min_size) + 1
    labels = Felzenszwalb(scale=scale, sigma=0.8, min_size=min_size)(smooth)
    assert labels.max() > 1
    assert same_partition(labels, label(expected, background=0, connectivity=2))


def two_cubes(noise):
    rng = np.random.default_rng(0)
    truth = np.zeros((10, 20, 20), int)
    truth[2:8, 3:9, 3:9] = 1
    truth[2:8, 11:17, 11:17] = 2
    level = np.array([0.2, 0.8, 0.5])[truth]
    return truth, (level + noise * rng.normal(size=level.shape))[..., None].astype(np.float32)


def test_felzenszwalb_finds_drawn_cubes():
    truth, image = two_cubes(0.005)
    labels = Felzenszwalb(scale=100, sigma=0, min_size=10)(image)
    assert same_partition(labels, truth)


def test_felzenszwalb_keeps_the_minimal_size():
    image = scaled(photo((50, 70), 0))
    sizes = np.bincount(Felzenszwalb(scale=1, min_size=30)(image).ravel())[1:]
    assert sizes.min() >= 30
    assert np.bincount(Felzenszwalb(scale=1, min_size=1)(image).ravel())[1:].min() < 30


def two_colours(noise):
    rng = np.random.default_rng(0)
    rows, columns = np.indices((48, 64))
    truth = ((rows - 22) ** 2 + (columns - 30) ** 2 < 14**2).astype(int)
    colours = np.array([[0.2, 0.3, 0.7], [0.8, 0.5, 0.2]])
    image = colours[truth] + noise * rng.normal(size=(48, 64, 3))
    return truth, np.clip(image, 0, 1).astype(np.float32)


def test_mean_shift_separates_two_noisy_colours():
    truth, image = two_colours(0.04)
    labels = MeanShift(spatial_radius=8, colour_radius=20, min_size=20)(image)
    majority = np.array([np.bincount(truth[labels == each]).argmax() for each in np.unique(labels)])
    assert (majority[labels - 1] == truth).mean() > 0.995
    assert labels.max() <= 6


def test_mean_shift_without_noise_is_exact():
    truth, image = two_colours(0.0)
    assert same_partition(MeanShift()(image), truth)


def test_mean_shift_in_a_volume():
    truth, image = two_cubes(0.005)
    assert same_partition(MeanShift(min_size=10)(image), truth)


def test_mean_shift_climbs_to_the_mode_of_all_pixels_not_of_cells():
    # A ramp from a plateau: the modes of pixels half way up must leave them.
    line = np.concatenate((np.full(20, 0.2), [0.4, 0.6], np.full(20, 0.8)))
    image = np.repeat(line[None, :, None], 12, axis=0).astype(np.float32)
    labels = MeanShift(spatial_radius=5, colour_radius=30, min_size=1)(image)
    assert labels.max() == 2
    assert labels[0, 20] == labels[0, 0] != labels[0, 21] == labels[0, -1]


def test_mean_shift_colour_radius_sets_the_detail():
    image = scaled(photo((40, 50), 0))
    fine = MeanShift(colour_radius=3, min_size=1)(image).max()
    assert fine > 2 * MeanShift(colour_radius=12, min_size=1)(image).max()


def test_quickshift_separates_two_noisy_colours():
    truth, image = two_colours(0.02)
    labels = Quickshift(kernel_size=3, max_dist=8)(image)
    assert np.bincount(labels.ravel())[1:].min() >= 20
    crossing = set(labels[truth == 0]) & set(labels[truth == 1])
    assert not crossing


def test_quickshift_sees_grey_contrast():
    image = np.zeros((30, 40, 1), np.float32)
    image[:, 17:] = 0.5
    labels = Quickshift(kernel_size=3, max_dist=8)(image)
    assert not set(labels[:, :17].ravel()) & set(labels[:, 17:].ravel())


def test_compact_watershed_grows_even_with_the_price_of_distance():
    image = scaled(photo((60, 80), 0))

    def unevenness(compactness):
        labels = CompactWatershed(n_segments=50, compactness=compactness)(image)
        return np.bincount(labels.ravel())[1:].std()

    assert unevenness(1.0) < 0.7 * unevenness(0.01) < 0.49 * unevenness(0.0)


def test_compact_watershed_follows_a_drawn_edge_in_any_channel():
    for channel in range(4):
        image = np.zeros((30, 41, 4), np.float32)
        image[:, 17:, channel] = 1
        labels = CompactWatershed(n_segments=30, sigma=0)(image)
        crossing = set(labels[:, :16].ravel()) & set(labels[:, 18:].ravel())
        assert not crossing


def test_patches_are_squares_whatever_the_image_shows():
    image = two_colours(0.5)[1][:10, :14]
    rows, columns = np.indices((10, 14)) // 4
    np.testing.assert_array_equal(Patches(size=4)(image), rows * 4 + columns + 1)
    assert Patches(size=1)(image).max() == 140


def test_patches_are_cubes_in_physical_units():
    labels = Patches(size=4)(np.zeros((4, 8, 8, 1), np.float32), spacing=(2.0, 1.0, 1.0))
    assert labels.max() == 8
    assert set(np.bincount(labels.ravel())[1:]) == {2 * 4 * 4}
