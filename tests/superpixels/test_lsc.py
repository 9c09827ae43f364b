"""Linear spectral clustering."""

from __future__ import annotations

import numpy as np
import pytest

from napari_selfseg.metrics import achievable_segmentation_accuracy, contingency
from napari_selfseg.superpixels import Lsc
from napari_selfseg.superpixels._lsc import (
    _around,
    _Cells,
    _centres,
    _clustered,
    _embedded,
    _nearest,
)


def scene(noise=0.03):
    rows, columns = np.indices((60, 80))
    truth = ((rows - 28) ** 2 + (columns - 37) ** 2 < 19**2).astype(int)
    colours = np.array([[0.3, 0.4, 0.5], [0.6, 0.5, 0.3]])
    rough = np.random.default_rng(0).normal(size=(60, 80, 3))
    return truth, np.clip(colours[truth] + noise * rough, 0, 1).astype(np.float32)


def test_superpixels_keep_to_a_known_border():
    truth, image = scene()
    found = contingency(Lsc(n_segments=60)(image), truth)
    squares = contingency(Lsc(n_segments=60, compactness=50)(image), truth)
    assert achievable_segmentation_accuracy(found) > 0.985
    assert achievable_segmentation_accuracy(squares) < 0.97, "test invalid"


def test_pixels_go_to_the_nearest_of_the_clusters_around():
    image = np.random.default_rng(0).random((12, 15, 3)).astype(np.float32)
    mask = np.ones((12, 15), bool)
    mask[:5, :6] = False
    cells = _Cells.over(mask, [3, 4])
    points, weights = _embedded(image, mask, [3, 4], 0.1)
    points = points / np.abs(points).max()
    centres = _centres(points, weights, cells.own, 12)
    labels = _nearest(points, centres, cells)
    for point, own, found in zip(points, cells.own, labels, strict=True):
        away = ((point - centres[cells.around[own]]) ** 2).sum(axis=1)
        assert away.min() == pytest.approx(((point - centres[found]) ** 2).sum(), rel=1e-3)


def test_clustering_lowers_the_weighted_error():
    _, image = scene()
    mask = np.ones(image.shape[:2], bool)
    cells = _Cells.over(mask, [5, 6])
    points, weights = _embedded(image, mask, [5, 6], 0.075)

    def error(labels):
        centres = _centres(points, weights, labels, 30)
        return (weights * ((points - centres[labels]) ** 2).sum(axis=1)).sum()

    assert error(_clustered(points, weights, cells, 10)) < 0.8 * error(cells.own)


def test_weights_are_those_of_the_normalised_cut():
    image = np.random.default_rng(0).random((4, 5, 1)).astype(np.float32)
    points, weights = _embedded(image, np.ones((4, 5), bool), [2, 2], 0.5)
    phi = points * weights[:, None]
    np.testing.assert_allclose(weights, (phi @ phi.T).sum(axis=1), rtol=1e-5)
    assert (weights > 0).all()
    # cos² + sin² of one channel, and of two axes at the compactness times their two steps.
    np.testing.assert_allclose((phi**2).sum(axis=1), 1 + 2 * (0.5 * 2) ** 2, rtol=1e-5)


def test_cells_without_data_take_no_pixel_of_others():
    mask = np.zeros((12, 12), bool)
    mask[:3, :3] = mask[9:, 9:] = True
    cells = _Cells.over(mask, [4, 4])
    np.testing.assert_array_equal(cells.filled, [0, 15])
    assert sorted(cells.blocks.ravel()) == list(range(18))
    image = np.random.default_rng(0).random((12, 12, 1)).astype(np.float32)
    points, weights = _embedded(image, mask, [4, 4], 0.1)
    np.testing.assert_array_equal(_clustered(points, weights, cells, 3), [0] * 9 + [15] * 9)


def test_cells_around_a_cell():
    around = _around([2, 3])
    assert set(around[0]) == {0, 1, 3, 4}
    assert set(around[4]) == set(range(6))
    assert around.shape == (6, 9)


def test_no_crumbs():
    sizes = np.bincount(Lsc(n_segments=60)(scene(0.1)[1]).ravel())[1:]
    assert sizes.min() >= 60 * 80 / 60 / 4


def test_compactness_makes_squares():
    _, image = scene()

    def unevenness(compactness):
        sizes = np.bincount(Lsc(n_segments=48, compactness=compactness)(image).ravel())[1:]
        return sizes.std() / sizes.mean()

    assert unevenness(20) < 0.5 * unevenness(0.03)
