"""Borders of cells between lines, and what kind of image is told from what was found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_selfseg.consensus._kind import kind_of
from napari_selfseg.consensus._line_borders import CUT, line_heights, smallest_cell
from napari_selfseg.consensus._objects._objects import Objects
from napari_selfseg.consensus._sources import Borders, Parts, Whole
from napari_selfseg.hierarchy._contraction import contract
from napari_selfseg.metrics import adapted_rand_error, contingency
from napari_selfseg.superpixels import LineWatershed, Slic
from napari_selfseg.superpixels._watersheds._lines import Lines, find_lines

ONES = np.ones(2)


def mosaic(dark=True, seed=0):
    """Cells with lines between them, on rough ground."""
    rng = np.random.default_rng(seed)
    pixels = np.stack(np.indices((120, 120)), axis=-1)
    away = np.linalg.norm(pixels[..., None, :] - rng.random((40, 2)) * 120, axis=-1)
    near = np.sort(away, axis=-1)
    rough = ndimage.gaussian_filter(rng.normal(size=(120, 120)), 1.0)
    light = 0.7 - 0.5 * np.exp(-(((near[..., 1] - near[..., 0]) / 5) ** 2))
    light = np.clip(light + 0.05 * rough / rough.std(), 0, 1)
    image = (light if dark else 1 - light)[..., None].astype(np.float32)
    return image, away.argmin(axis=-1)


def heights_of(image, index):
    mask = np.ones(image.shape[:2], bool)
    return measured(image, index, find_lines(image, ONES, mask))


def measured(image, index, lines):
    borders, parts = Borders.of(index), Parts(Whole(image, index > 0), 0)
    return borders.edges - 1, line_heights(borders, parts, lines), borders.lengths


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("superpixels", [LineWatershed(), Slic(n_segments=900, compactness=5.0)])
def test_borders_on_lines_are_high_on_any_superpixels(dark, superpixels):
    image, truth = mosaic(dark)
    index = superpixels(image)
    edges, heights, lengths = heights_of(image, index)
    counts = np.zeros((index.max(), 40))
    np.add.at(counts, (index.ravel() - 1, truth.ravel()), 1)
    one, other = counts.argmax(axis=1)[edges.T]
    parts = one != other
    order = np.argsort(np.argsort(heights))
    n, m = parts.sum(), (~parts).sum()
    better = (order[parts].sum() - n * (n - 1) / 2) / (n * m)  # area under the curve
    assert better > (0.93 if isinstance(superpixels, LineWatershed) else 0.85)
    assert heights.max() == pytest.approx(1)
    assert (lengths > 0).all()


def test_contrast_and_exposure_change_nothing():
    image, _ = mosaic()
    index = LineWatershed()(image)
    _, heights, _ = heights_of(image, index)
    _, others, _ = heights_of(0.3 + 0.4 * image, index)
    np.testing.assert_allclose(heights, others, atol=1e-3)


def test_heights_are_ranks_by_length():
    index = np.array([[1, 2, 3], [1, 2, 4], [1, 2, 4]], np.int32)
    image = np.repeat([[0.9, 0.9, 0.1]], 3, axis=0)[..., None].astype(np.float32)
    lines = Lines(0, 1, 0.01, 0.5, 0.3, 1.0)
    edges, heights, lengths = measured(image, index, lines)
    np.testing.assert_array_equal(edges, [[0, 1], [1, 2], [1, 3], [2, 3]])
    np.testing.assert_array_equal(lengths, [3, 1, 2, 1])
    # Bright, two of the same light between, and dark.
    np.testing.assert_allclose(heights, [3 / 7, 6 / 7, 6 / 7, 1])


def test_no_border_at_all():
    image = np.full((6, 5, 1), 0.5, np.float32)
    edges, heights, lengths = heights_of(image, np.ones((6, 5), np.int32))
    assert len(edges) == len(heights) == len(lengths) == 0


def test_the_cells_come_out():
    image, truth = mosaic()
    index = LineWatershed()(image)
    edges, heights, lengths = heights_of(image, index)
    n = int(index.max())
    # Of few basins more borders are lines than of those of a micrograph.
    merges = contract(n, edges, heights, lengths, until=0.85 * CUT)
    label = np.arange(n)
    for kept, gone in zip(merges.kept[::-1], merges.gone[::-1], strict=True):
        label[gone] = label[kept]
    found = label[index - 1]
    assert adapted_rand_error(contingency(found, truth)) < 0.2
    assert adapted_rand_error(contingency(index, truth)) > 0.5, "test invalid"


def test_a_small_cell_is_small_in_units_of_the_lines():
    lines = Lines(0, 1, 2.0, 0.4, 0.3, 1.0)
    assert smallest_cell(lines, ONES) == pytest.approx(34**2)
    assert smallest_cell(lines._replace(sigma=4.0), ONES) == pytest.approx(68**2)
    assert smallest_cell(lines, np.array([4.0, 1.0, 1.0])) == pytest.approx(34**3 / 4)


def test_lines_go_before_objects_and_both_before_regions():
    clear = Lines(0, 1, 2.0, 0.4, 0.3, 1.0)
    unclear = clear._replace(skewness=5.0)
    owner = np.array([-1, 3])
    some, none = Objects(owner, 0.5, 0.1), Objects(owner, 0.1, 0.1)
    assert kind_of("automatic", clear, some).name == "lines"
    assert kind_of("automatic", unclear, some).name == "objects"
    assert kind_of("automatic", unclear, none).name == "regions"
    assert kind_of("automatic", unclear, None).name == "regions"
    both_ways = some._replace(opposite=0.8)
    assert kind_of("automatic", unclear, both_ways).name == "regions"
    for wanted in ("regions", "objects", "lines"):
        found = kind_of(wanted, clear, some)
        assert (found.name, found.asked) == (wanted, True)


def test_words_say_what_was_found():
    clear = Lines(0, -1, 2.0, 0.4, 0.3, 1.0)
    some = Objects(np.array([-1, 3]), 0.5, 0.1)
    said = kind_of("automatic", clear, some).words
    assert said == "Cells between bright lines 4.0 pixels wide, as found."
    unclear = clear._replace(depth=0.1)
    said = kind_of("automatic", unclear, some).words
    assert said == "Objects on a background, as found: they explain 50 % of the colours."
    assert kind_of("regions", clear, some).words == "Regions, as asked for."
