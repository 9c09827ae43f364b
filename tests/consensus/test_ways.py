"""Segments of each kind, from an image to its labels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

import napari_selfseg as ss
from napari_selfseg.metrics import adapted_rand_error, contingency


def discs(seed=0):
    """Bright discs on a rough ground, and their numbers."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((144, 144), int)
    grid = np.stack(np.indices(truth.shape), axis=-1)
    for number, place in enumerate(np.ndindex(5, 5), start=1):
        middle = np.array(place) * 28 + 16 + rng.uniform(-4, 4, 2)
        truth[np.linalg.norm(grid - middle, axis=-1) < rng.uniform(6, 9)] = number
    rough = ndimage.gaussian_filter(rng.normal(size=truth.shape), 1.0)
    image = 0.3 + 0.4 * (truth > 0) + 0.05 * rough / rough.std()
    return np.clip(ndimage.gaussian_filter(image, 0.7), 0, 1).astype(np.float32), truth


def cells(seed=0):
    """Cells with dark lines between them."""
    rng = np.random.default_rng(seed)
    pixels = np.stack(np.indices((120, 120)), axis=-1)
    away = np.linalg.norm(pixels[..., None, :] - rng.random((60, 2)) * 120, axis=-1)
    near = np.sort(away, axis=-1)
    rough = ndimage.gaussian_filter(rng.normal(size=(120, 120)), 1.0)
    image = 0.7 - 0.5 * np.exp(-(((near[..., 1] - near[..., 0]) / 5) ** 2))
    return np.clip(image + 0.05 * rough / rough.std(), 0, 1).astype(np.float32), away.argmin(-1)


def found_of(labels, truth):
    return sum(
        np.bincount(labels[truth == k]).max()
        / np.isin(labels, np.bincount(labels[truth == k]).argmax()).sum()
        > 0.6
        and np.bincount(labels[truth == k]).max() > 0.6 * (truth == k).sum()
        for k in range(1, truth.max() + 1)
    )


def test_objects_come_out_one_by_one_and_the_slider_goes_on():
    image, truth = discs()
    run = ss.segment(image)
    tree = run.hierarchy()
    assert tree.words.startswith("Objects on a background, as found")
    own = tree.cut()
    assert found_of(own, truth) >= 22
    for n in (2, tree.automatic, tree.automatic + 30):
        assert len(np.unique(tree.cut(n))) == n
    coarse = tree.cut(tree.automatic // 2)
    pairs = np.unique(np.stack([own.ravel(), coarse.ravel()]), axis=1)
    assert pairs.shape[1] == tree.automatic


def test_cells_end_at_lines():
    image, truth = cells()
    tree = ss.segment(image).hierarchy()
    assert tree.words.startswith("Cells between dark lines")
    regions = ss.segment(image, ss.Consensus(structure="regions")).hierarchy()
    assert regions.words == ""
    best = {
        name: min(adapted_rand_error(contingency(each.cut(n), truth)) for n in (40, 60, 90))
        for name, each in (("lines", tree), ("regions", regions))
    }
    assert best["lines"] < 0.25


def test_smallest_object_moves_the_tree():
    image, _ = discs()
    few, many = (
        ss.segment(image, ss.Consensus(structure="regions", smallest=size)).hierarchy().automatic
        for size in (5000, 5)
    )
    assert few < many
    # None is as large as that, so that nothing is an object.
    none = ss.segment(image, ss.Consensus(structure="objects", smallest=2000)).hierarchy()
    assert "explain 0 %" in none.words


@pytest.mark.parametrize("kind", ["objects", "lines"])
def test_what_was_drawn_is_one_segment_of_every_cut(kind):
    image, truth = discs()
    drawn = np.zeros(image.shape, int)
    first, other = (np.argwhere(truth == k).mean(axis=0).astype(int) for k in (3, 17))
    for number, (y, x) in enumerate((first, other), start=1):
        drawn[y - 2 : y + 3, x - 2 : x + 3] = number
    tree = ss.segment(image, ss.Consensus(structure=kind), scribbles=drawn).hierarchy()
    for n in (3, tree.automatic, tree.automatic + 20):
        labels = tree.cut(n)
        for number in (1, 2):
            assert (labels[drawn == number] == number).all()


def test_what_lies_outside_the_mask_is_not_read():
    image, _ = discs()
    mask = np.zeros(image.shape, bool)
    mask[:, :110] = True
    hidden = np.where(mask, image, np.nan)
    one, two = (ss.segment(each, mask=mask).hierarchy() for each in (image, hidden))
    assert one.words == two.words
    np.testing.assert_array_equal(one.cut(), two.cut())


def test_a_volume_of_balls():
    truth = np.zeros((30, 48, 48), int)
    grid = np.stack(np.indices(truth.shape), axis=-1)
    for number, place in enumerate(np.ndindex(2, 3, 3), start=1):
        truth[np.linalg.norm(grid - np.array(place) * 15 - 8, axis=-1) < 5] = number
    rough = np.random.default_rng(0).normal(size=truth.shape)
    image = np.clip(0.3 + 0.4 * (truth > 0) + 0.02 * rough, 0, 1).astype(np.float32)
    tree = ss.segment(image, ss.Consensus(structure="objects")).hierarchy()
    assert found_of(tree.cut(), truth) >= 15


def test_two_objects_of_one_colour_have_two_labels_in_a_fit_as_well():
    image = np.full((60, 90), 0.1, np.float32)
    y, x = np.indices(image.shape)
    for row, column in ((20, 20), (20, 60), (42, 40)):
        image[(y - row) ** 2 + (x - column) ** 2 < 64] = 0.9
    run = ss.segment(image, ss.Consensus(n_segments=4))
    labels = run.labels()
    assert sorted({int(labels[at]) for at in ((20, 20), (20, 60), (42, 40), (0, 0))}) == [
        1,
        2,
        3,
        4,
    ]
    np.testing.assert_array_equal(run.fit.predict(image), labels)
