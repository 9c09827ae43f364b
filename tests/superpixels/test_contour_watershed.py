"""Contour watershed, and the tree of merges below it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label

from napari_selfseg.metrics import achievable_segmentation_accuracy, boundary_match, contingency
from napari_selfseg.superpixels import ContourWatershed, Slic
from napari_selfseg.superpixels._watersheds._merge_tree import Arcs, cut, merge_tree


def drawn(*rows):
    return np.array([[int(each) for each in row] for row in rows], dtype=np.int32)


def scene(noise=0.05):
    """A disc and a bar of other colours on a ground."""
    rows, columns = np.indices((80, 100))
    truth = ((rows - 30) ** 2 + (columns - 35) ** 2 < 18**2).astype(int)
    truth[55:62, 10:90] = 2
    colours = np.array([[0.3, 0.4, 0.5], [0.6, 0.5, 0.3], [0.4, 0.2, 0.4]])
    rough = np.random.default_rng(0).normal(size=(80, 100, 3))
    return truth, np.clip(colours[truth] + noise * rough, 0, 1).astype(np.float32)


def test_few_superpixels_keep_to_known_borders():
    truth, image = scene()
    labels = ContourWatershed(n_segments=12)(image)
    squares = Slic(n_segments=12, compactness=1000)(image)
    assert achievable_segmentation_accuracy(contingency(labels, truth)) > 0.985
    assert boundary_match(labels, [truth], tolerance=0.016).recall > 0.98
    assert boundary_match(squares, [truth], tolerance=0.016).recall < 0.6, "test invalid"


def test_as_many_superpixels_as_things_are_the_things():
    truth, image = scene(0.0)
    labels = ContourWatershed(n_segments=3)(image)
    assert labels.max() == 3
    assert achievable_segmentation_accuracy(contingency(labels, truth)) > 0.99


@pytest.mark.parametrize("n", [1, 7, 100, 2000])
def test_the_number_asked_for_is_made(n):
    assert ContourWatershed(n_segments=n)(scene()[1]).max() == n


@pytest.mark.parametrize(("shape", "n"), [((20, 50), 700), ((440, 500), 1000)])
def test_the_number_grows_with_the_image_where_none_is_asked_for(shape, n):
    image = np.random.default_rng(0).random((*shape, 1), dtype=np.float32)
    assert ContourWatershed()(image).max() == n


def test_pixels_without_data_ask_for_no_superpixels():
    image = np.random.default_rng(0).random((440, 500, 1), dtype=np.float32)
    mask = np.zeros(image.shape[:2], bool)
    mask[:, :200] = mask[:, 300:] = True
    assert ContourWatershed()(image, mask=mask).max() == 800


def test_fewer_superpixels_are_unions_of_more():
    _, image = scene()
    fine, coarse = (ContourWatershed(n_segments=n)(image) for n in (60, 20))
    pairs = np.unique(np.stack((fine.ravel(), coarse.ravel())), axis=1).shape[1]
    assert pairs == 60


def test_texture_alone_makes_a_border():
    # Both halves have the same mean: a gradient of smoothed colours would see nothing.
    rng = np.random.default_rng(0)
    right = np.arange(64) >= 30
    image = np.where(right, rng.choice([0.2, 0.8], (48, 64)), 0.5)[..., None].astype(np.float32)
    labels = ContourWatershed(n_segments=2, sigma=2.0)(image)
    assert labels.max() == 2
    table = contingency(labels, np.broadcast_to(right, labels.shape).astype(int))
    assert achievable_segmentation_accuracy(table) > 0.93


def test_constant_ground_is_cut_evenly():
    labels = ContourWatershed(n_segments=40)(np.full((60, 80, 3), 0.3, np.float32))
    sizes = np.bincount(labels.ravel())[1:]
    assert len(sizes) == 40
    assert sizes.max() < 3 * 60 * 80 / 40
    assert sizes.min() > 60 * 80 / 40 / 4


def test_a_faint_border_counts_more_where_it_is_long():
    truth = np.repeat([[0, 1]], 20, axis=1).reshape(1, 40).repeat(30, axis=0)
    image = (0.4 + 0.1 * truth)[..., None].astype(np.float32)
    image[15, 5] = 0.9
    labels = ContourWatershed(n_segments=2)(image)
    assert achievable_segmentation_accuracy(contingency(labels, truth)) > 0.99


def test_planes_far_apart_are_not_joined_over_their_gap():
    image = np.full((6, 20, 20, 1), 0.4, np.float32)
    near, far = (ContourWatershed(n_segments=12)(image, spacing=(step, 1, 1)) for step in (1, 8))

    def depth(labels):
        return np.mean([len(np.unique(np.nonzero(labels == k)[0])) for k in range(1, 13)])

    assert depth(far) < depth(near)


def one_after_the_other(arcs, sizes, sums, weight, n):
    """The definition, slowly: the cheapest merge first, all costs anew after each."""
    groups = {k: {k} for k in range(len(sizes)) if sizes[k]}
    while len(groups) > n:
        costs = {}
        for a in groups:
            for b in (b for b in groups if b > a):
                ends = [
                    e
                    for e, (p, q) in enumerate(arcs.ends)
                    if (p in groups[a] and q in groups[b]) or (p in groups[b] and q in groups[a])
                ]
                if ends:
                    x, y = list(groups[a]), list(groups[b])
                    na, nb = sizes[x].sum(), sizes[y].sum()
                    gap = np.linalg.norm(sums[x].sum(0) / na - sums[y].sum(0) / nb)
                    c = arcs.strength[ends].sum() / arcs.length[ends].sum()
                    costs[a, b] = (na * nb / (na + nb)) ** 0.5 * (c + weight * gap)
        if not costs:
            break
        a, b = min(costs, key=costs.get)
        groups[a] |= groups.pop(b)
    return set(map(frozenset, groups.values()))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 8))
def test_rounds_give_the_tree_of_one_merge_after_the_other_for_ward(seed, n):
    rng = np.random.default_rng(seed)
    labels = np.arange(1, 17, dtype=np.int32).reshape(4, 4).repeat(2, 0).repeat(2, 1)
    arcs = Arcs.between(labels, np.zeros(labels.shape))
    everywhere = [(a, b) for a in range(1, 17) for b in range(a + 1, 17)]
    # Ward's cost never falls when all may merge with all.
    arcs = Arcs(np.array(everywhere), np.zeros(120), np.ones(120))
    sizes = np.bincount(labels.ravel()).astype(float)
    sums = rng.normal(size=(17, 2)) * sizes[:, None]
    expected = one_after_the_other(arcs, sizes, sums, 1.0, n)
    number = cut(merge_tree(arcs, sizes, sums, 1.0), n + 1)
    found = {frozenset(np.flatnonzero(number == k)) for k in set(number[1:])}
    assert found == expected


def test_arcs_of_a_drawing():
    labels = drawn("112", "332", "302")
    arcs = Arcs.between(labels, np.arange(9.0).reshape(3, 3))
    np.testing.assert_array_equal(arcs.ends, [[1, 2], [1, 3], [2, 3]])
    np.testing.assert_array_equal(arcs.length, [1, 2, 1])
    np.testing.assert_array_equal(arcs.strength, [1.5, 1.5 + 2.5, 4.5])


def test_what_does_not_touch_stays_apart():
    labels = drawn("102", "103")
    arcs = Arcs.between(labels, np.ones(labels.shape))
    sizes = np.bincount(labels.ravel(), minlength=4).astype(float)
    number = cut(merge_tree(arcs, sizes, np.zeros((4, 1)), 1.0), 1)
    assert number[2] == number[3] != number[1]


def test_every_superpixel_is_connected():
    labels = ContourWatershed(n_segments=50)(scene()[1])
    assert label(labels, connectivity=1).max() == labels.max()
