"""What every superpixel algorithm promises, and every degenerate image."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label

from napari_selfseg.catalogue import SUPERPIXELS
from napari_selfseg.consensus import ConsensusSuperpixels
from napari_selfseg.superpixels import (
    AutomaticWatershed,
    CompactWatershed,
    ContourWatershed,
    Felzenszwalb,
    LineWatershed,
    Lsc,
    MeanShift,
    Patches,
    Quickshift,
    Slic,
    Spnn,
    Superpixels,
)

ALGORITHMS = (
    Slic(n_segments=60, compactness=10),
    Felzenszwalb(scale=20, min_size=5),
    MeanShift(spatial_radius=4, min_size=5),
    Quickshift(kernel_size=2, max_dist=6, min_size=5),
    CompactWatershed(n_segments=60),
    ContourWatershed(n_segments=60),
    LineWatershed(),
    AutomaticWatershed(),
    Lsc(n_segments=60),
    Patches(size=5),
    Spnn(n_segments=60, iterations=20),
    ConsensusSuperpixels(n_segments=60),
)
COMPACT = (Slic, CompactWatershed, Lsc)
COUNTED = (*COMPACT, ContourWatershed, ConsensusSuperpixels)
CASES = [
    pytest.param(each, ndim, id=f"{each.name}-{ndim}d")
    for each in ALGORITHMS
    for ndim in each.ndims
]


def noisy_blobs(ndim, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (40, 50) if ndim == 2 else (12, 18, 20)
    rough = rng.normal(size=(*shape, channels))
    smooth = ndimage.gaussian_filter(rough, [3] * ndim + [0])
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return np.clip(smooth + 0.03 * rough, 0, 1).astype(np.float32)


def disc(shape):
    away = [(np.arange(n) - n / 2 + 0.5) / (n / 2) for n in shape]
    return sum(axis**2 for axis in np.ix_(*away)) < 0.8


def assert_superpixels(labels, mask, connectivity):
    assert labels.dtype == np.int32
    assert labels.shape == mask.shape
    np.testing.assert_array_equal(labels > 0, mask)
    np.testing.assert_array_equal(np.unique(labels[mask]), np.arange(1, labels.max() + 1))
    assert label(labels, background=0, connectivity=connectivity).max() == labels.max()


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
def test_labels_are_contiguous_connected_and_of_a_sane_number(algorithm, ndim):
    image = noisy_blobs(ndim)
    labels = algorithm(image)
    assert_superpixels(labels, np.ones(image.shape[:-1], bool), algorithm.connectivity)
    assert 10 <= labels.max() <= 750


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_any_number_of_channels(algorithm, ndim, channels):
    image = noisy_blobs(ndim, channels)
    labels = algorithm(image)
    assert_superpixels(labels, np.ones(image.shape[:-1], bool), algorithm.connectivity)
    assert labels.max() > 1


# A side of an edge is no line, and patches follow nothing.
EDGELESS = (Patches, LineWatershed)


@pytest.mark.parametrize(
    ("algorithm", "ndim"), [each for each in CASES if not isinstance(each.values[0], EDGELESS)]
)
def test_follow_a_strong_edge(algorithm, ndim):
    image = 0.02 * noisy_blobs(ndim)
    image[..., 23:, :] += 0.9 if ndim == 2 else 0
    image[..., 9:, :] += 0.9 if ndim == 3 else 0
    bright = image[..., 0] > 0.5
    labels = algorithm(image)
    share = np.bincount(labels.ravel(), bright.ravel()) / np.maximum(np.bincount(labels.ravel()), 1)
    wrong = np.minimum(share, 1 - share) * np.bincount(labels.ravel())
    assert wrong.sum() < 0.02 * labels.size


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
def test_mask_is_honoured_and_hides_what_lies_outside(algorithm, ndim):
    image = noisy_blobs(ndim)
    mask = disc(image.shape[:-1])
    labels = algorithm(image, mask=mask)
    assert_superpixels(labels, mask, algorithm.connectivity)
    assert labels.max() > 5
    hidden = np.where(mask[..., None], image, np.nan)
    np.testing.assert_array_equal(algorithm(hidden, mask=mask), labels)


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
def test_islands_of_a_mask_are_labelled(algorithm, ndim):
    image = noisy_blobs(ndim)
    mask = np.zeros(image.shape[:-1], bool)
    mask[(1,) * ndim] = mask[(-2,) * ndim] = True
    labels = algorithm(image, mask=mask)
    assert_superpixels(labels, mask, algorithm.connectivity)
    assert labels.max() == 2


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
def test_same_labels_twice_and_no_global_randomness(algorithm, ndim):
    image = noisy_blobs(ndim)
    before = image.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first = algorithm(image)
    np.testing.assert_array_equal(algorithm(image), first)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
def test_only_ratios_of_the_spacing_count(algorithm, ndim):
    image = noisy_blobs(ndim)
    labels = algorithm(image)
    np.testing.assert_array_equal(algorithm(image, spacing=(0.1625,) * ndim), labels)


UNEQUAL = {2: ((1, 100), (5e-324, 1), (1, 1e12)), 3: ((1, 30, 30), (1e-9, 1, 1), (1e12, 1, 1))}


@pytest.mark.parametrize(("algorithm", "ndim"), [each for each in CASES if "spnn" not in each.id])
def test_pixels_of_very_unequal_sides_are_cut_all_the_same(algorithm, ndim):
    image = noisy_blobs(ndim)[..., :1]
    for spacing in UNEQUAL[ndim]:
        labels = algorithm(image, spacing=spacing)
        assert_superpixels(labels, np.ones(image.shape[:-1], bool), algorithm.connectivity)


@pytest.mark.parametrize("spacing", [*UNEQUAL[3], (16, 1, 1), (100, 10, 1)])
def test_slic_repeats_pixels_up_to_a_bound(spacing, monkeypatch):
    sizes, cluster = [], Slic._cluster
    monkeypatch.setattr(
        Slic, "_cluster", lambda self, x, *how: sizes.append(x.size) or cluster(self, x, *how)
    )
    image = noisy_blobs(3)
    labels = Slic(n_segments=50)(image, spacing=spacing)
    assert sizes[0] <= 17 * image.size  # sides are rounded
    assert 10 < labels.max() < 200


def test_what_slic_does_not_repeat_counts_in_the_distance():
    image = np.full((4, 60, 60, 1), 0.5, np.float32)
    labels = Slic(n_segments=40)(image, spacing=(60, 1, 1))
    assert all(box[0].stop - box[0].start == 1 for box in ndimage.find_objects(labels))


@pytest.mark.parametrize("algorithm", [each for each in ALGORITHMS if 3 in each.ndims])
def test_anisotropic_spacing_changes_volumes(algorithm):
    image = noisy_blobs(3)
    assert (algorithm(image, spacing=(4, 1, 1)) != algorithm(image)).any()


@pytest.mark.parametrize("algorithm", [kind(n_segments=64) for kind in COMPACT])
def test_superpixels_are_as_long_as_wide_in_physical_units(algorithm):
    labels = algorithm(np.full((16, 48, 48, 1), 0.5, np.float32), spacing=(3, 1, 1))
    sides = [
        [part.stop - part.start for part in box] for box in ndimage.find_objects(labels) if box
    ]
    depth, height, width = np.mean(sides, axis=0)
    assert 0.7 < 3 * depth / height < 1.4
    assert 0.7 < 3 * depth / width < 1.4


DEGENERATE = [(1, 1), (1, 9), (9, 1), (2, 2), (1, 1, 1), (1, 6, 5), (5, 1, 1)]


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_tiny_and_constant_images(algorithm, ndim, constant, channels):
    for shape in (each for each in DEGENERATE if len(each) == ndim):
        image = np.random.default_rng(0).random((*shape, channels), dtype=np.float32)
        labels = algorithm(np.zeros_like(image) if constant else image)
        assert_superpixels(labels, np.ones(shape, bool), algorithm.connectivity)


@pytest.mark.parametrize(("algorithm", "ndim"), CASES)
def test_constant_image(algorithm, ndim):
    shape = (20, 30) if ndim == 2 else (8, 12, 10)
    labels = algorithm(np.full((*shape, 3), 0.25, np.float32))
    assert_superpixels(labels, np.ones(shape, bool), algorithm.connectivity)


@pytest.mark.parametrize("shape", [(6, 7), (4, 5, 6)])
@pytest.mark.parametrize("kind", COUNTED)
def test_more_superpixels_than_pixels(kind, shape):
    image = np.random.default_rng(0).random((*shape, 1), dtype=np.float32)
    labels = kind(n_segments=100_000)(image)
    assert_superpixels(labels, np.ones(shape, bool), 1)
    assert labels.max() == labels.size


@pytest.mark.parametrize("kind", COUNTED)
@pytest.mark.parametrize("spacing", [None, (2, 1, 1)])
@pytest.mark.parametrize("masked", [False, True])
def test_number_asked_for_is_about_the_number_made(kind, spacing, masked):
    image = np.full((20, 40, 40, 1), 0.5, np.float32)
    mask = disc(image.shape[:-1]) if masked else None
    labels = kind(n_segments=500)(image, spacing=spacing, mask=mask)
    assert 300 < labels.max() < 850


def test_every_algorithm_is_held_to_the_contract():
    assert {type(each) for each in ALGORITHMS} == set(SUPERPIXELS)


def test_two_dimensional_algorithm_refuses_volumes():
    with pytest.raises(ValueError, match=r"Quick shift works on 2-D images, not on 3-D .*: choose"):
        Quickshift()(noisy_blobs(3))


@pytest.mark.parametrize("shape", [(5,), (5, 3), (2, 2, 2, 2, 1)])
def test_other_numbers_of_axes_are_refused(shape):
    with pytest.raises(ValueError, match=r"SLIC works on 2-D and 3-D images, not on \d-D ones"):
        Slic()(np.zeros(shape, np.float32))


def test_what_does_not_fit_is_refused_in_a_sentence():
    image, slic = noisy_blobs(2), Slic()
    with pytest.raises(ValueError, match=r"image is empty \(shape \(0, 5, 3\)\): choose"):
        slic(image[:0, :5])
    for bad in (np.nan, np.inf):
        image[3, 4, 1] = bad
        with pytest.raises(ValueError, match="NaN or infinite values: replace them"):
            slic(image)
    image[3, 4, 1] = 0
    with pytest.raises(ValueError, match=r"shape \(40, 50, 3\) and the image \(40, 50\)"):
        slic(image, mask=image > 0)
    with pytest.raises(ValueError, match="False everywhere: mark"):
        slic(image, mask=np.zeros((40, 50), bool))
    for spacing in ((1, 1, 1), (0, 1), (1, np.nan), (-1, 1), (np.inf, 1)):
        with pytest.raises(ValueError, match="spacing must be 2 positive numbers"):
            slic(image, spacing=spacing)


def test_algorithm_that_leaves_pixels_at_zero_still_covers_the_image():
    class Half(Superpixels):
        name, title, ndims, connectivity = "half", "Half", (2,), 1

        def over_segment(self, image, spacing, mask):
            return np.eye(*mask.shape, dtype=int)

    labels = Half()(np.zeros((4, 4, 1), np.float32))
    assert_superpixels(labels, np.ones((4, 4), bool), 1)
    assert labels.max() == 6


def returning(labels):
    """Return an algorithm that says the same of every image."""

    class Same(Superpixels):
        name, title, ndims, connectivity = "same", "Same", (2,), 1

        def over_segment(self, image, spacing, mask):
            return labels

    return Same()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.full((4, 5), -1), "the label -1"),
        (np.ones((4, 5)), "labels of float64"),
        (np.ones((5, 4), int), "labels of shape (5, 4)"),
        (None, "labels of shape ()"),
    ],
)
def test_what_are_no_labels_is_refused_by_the_name_of_the_algorithm(labels, words):
    sentence = re.escape(f"Same (same) returned {words}, and superpixels are whole numbers")
    with pytest.raises(ValueError, match=sentence):
        returning(labels)(np.zeros((4, 5, 1), np.float32))


def test_the_highest_number_of_a_small_type_is_a_superpixel():
    pieces = np.repeat(np.array([[0, 127, 255]], np.uint8), 4, axis=0)
    labels = returning(pieces)(np.zeros((4, 3, 1), np.float32))
    np.testing.assert_array_equal(labels, np.repeat([[1, 2, 3]], 4, axis=0))
