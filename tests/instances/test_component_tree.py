"""The component tree against a slow one, and against scikit-image's."""

import numpy as np
import pytest
from scipy import ndimage as ndi
from skimage.morphology import max_tree as reference

from napari_selfseg.instances._component_tree import chosen, component_tree, max_tree, painted
from napari_selfseg.instances._ellipses import fit_of_labels, overlap_of_labels

SHAPES = [(9, 11), (4, 5, 6)]


def levels_of(shape, seed=0, n=5):
    smooth = ndi.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1)
    return np.digitize(smooth, np.quantile(smooth, np.linspace(0, 1, n + 1)[1:-1]))


def tree_of(levels, gradient=None, spacing=None):
    gradient = np.zeros(levels.shape) if gradient is None else gradient
    spacing = np.ones(levels.ndim) if spacing is None else np.asarray(spacing, float)
    return component_tree(levels, gradient, spacing)


def sets_of(levels):
    """Every connected set of pixels above a level, slowly."""
    found = set()
    for level in range(levels.max() + 1):
        pieces, n = ndi.label(levels >= level)
        found |= {frozenset(np.flatnonzero(pieces == k).tolist()) for k in range(1, n + 1)}
    return found


def sets_in(tree):
    inside = [set() for _ in tree.parents]
    for pixel, node in enumerate(tree.of.ravel().tolist()):
        at = node
        inside[at].add(pixel)
        while at:
            at = int(tree.parents[at])
            inside[at].add(pixel)
    return [frozenset(each) for each in inside]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_nodes_are_the_connected_sets_above_each_level(shape, seed):
    levels = levels_of(shape, seed)
    found = sets_in(tree_of(levels))
    assert len(found) == len(set(found)) > 3
    assert set(found) == sets_of(levels)


@pytest.mark.parametrize("shape", SHAPES)
def test_parents_are_those_of_scikit_image(shape):
    levels = levels_of(shape, 4)
    parents, order = max_tree(levels)
    theirs, _ = reference(levels.astype(np.uint8), connectivity=1)
    flat = levels.ravel()
    # Which pixel stands for a node is a choice, its level is none.
    np.testing.assert_array_equal(flat[parents], flat[theirs.ravel()])
    assert sorted(order.tolist()) == list(range(levels.size))


@pytest.mark.parametrize(("shape", "spacing"), [((9, 11), (2.0, 0.5)), ((4, 5, 6), (4, 0.5, 0.5))])
def test_sizes_fits_and_contrasts_are_those_of_the_sets(shape, spacing):
    levels = levels_of(shape, 1)
    gradient = np.random.default_rng(2).random(shape).astype(np.float32)
    tree = tree_of(levels, gradient, spacing)
    for node, pixels in enumerate(sets_in(tree)):
        mask = np.zeros(shape, bool)
        mask.ravel()[list(pixels)] = True
        assert tree.sizes[node] == len(pixels)
        _, fit = fit_of_labels(mask.astype(np.int32), np.asarray(spacing, float))
        assert tree.fit[node] == pytest.approx(fit[1])
        slopes = []
        for axis in range(mask.ndim):
            one, slope = np.moveaxis(mask, axis, 0), np.moveaxis(gradient, axis, 0)
            faces = one[1:] != one[:-1]
            slopes += ((slope[1:] + slope[:-1]) / 2)[faces].tolist()
        expected = np.mean(slopes) if slopes else 0
        assert tree.contrast[node] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_nodes_none_within_another_are_chosen(seed):
    levels = levels_of((6, 7), seed, n=3)
    tree = tree_of(levels)
    values = np.random.default_rng(seed).normal(size=len(tree.parents))
    sets = sets_in(tree)
    best = 0.0
    usable = [k for k in range(len(sets)) if values[k] > 0]

    def search(start, taken, total):
        nonlocal best
        best = max(best, total)
        for at in range(start, len(usable)):
            k = usable[at]
            if all(not (sets[k] & sets[other]) for other in taken):
                search(at + 1, [*taken, k], total + values[k])

    search(0, [], 0.0)
    found = chosen(tree, values)
    assert sum(values[found]) == pytest.approx(best)
    labels = painted(tree, found)
    for number, node in enumerate(found, 1):
        assert set(np.flatnonzero(labels.ravel() == number)) == sets[node]


def test_an_even_image_has_one_node_without_a_border():
    tree = tree_of(np.zeros((5, 6), int), np.ones((5, 6)))
    assert len(tree.parents) == 1
    assert (tree.sizes[0], tree.contrast[0]) == (30, 0)


def test_an_ellipse_fits_itself_and_a_cross_does_not():
    y, x = np.mgrid[-20:21, -20:21]
    disc = (y**2 + (x / 1.7) ** 2 <= 100).astype(np.int32)
    cross = ((abs(y) < 3) | (abs(x) < 3)).astype(np.int32)
    ones = np.ones(2)
    assert fit_of_labels(disc, ones)[1][1] > 0.98
    assert fit_of_labels(cross, ones)[1][1] < 0.5


def test_the_overlap_sees_the_waist_of_two_discs():
    y, x = np.mgrid[-20:21, -30:31]
    two = ((y**2 + (x - 8) ** 2 <= 81) | (y**2 + (x + 8) ** 2 <= 81)).astype(np.int32)
    one = (y**2 + (x / 1.8) ** 2 <= 81).astype(np.int32)
    ones = np.ones(2)
    assert overlap_of_labels(one, ones)[1][1] > 0.97
    assert overlap_of_labels(two, ones)[1][1] < 0.9
    assert fit_of_labels(two, ones)[1][1] > 0.93


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 0.5, 0.5)])
def test_the_overlap_of_a_ball_is_near_1_whatever_the_spacing(spacing):
    z, y, x = (axis * size for axis, size in zip(np.indices((41, 60, 60)), spacing, strict=True))
    middle = [20 * spacing[0], 30 * spacing[1], 30 * spacing[2]]
    away = (z - middle[0]) ** 2 + (y - middle[1]) ** 2 + (x - middle[2]) ** 2
    ball = (away <= 144).astype(np.int32)
    sizes, overlap = overlap_of_labels(ball, np.asarray(spacing))
    assert sizes.tolist() == [0, ball.sum()]
    assert overlap[1] > 0.94
