"""The consensus of label maps as a user meets it: label images, levels, borders."""

import numpy as np
import pytest
from skimage.measure import label as connected_components

from napari_selfseg.hierarchy import Hierarchy


def squares(side=6, size=4):
    """Superpixels: a grid of squares."""
    rows = np.arange(side * size) // size
    return (rows[:, None] * side + rows[None] + 1).astype(np.int32)


def votes(superpixels, labels):
    """The label of each superpixel of a label image that is constant on them."""
    found = np.zeros(superpixels.max() + 1, int)
    found[superpixels.ravel()] = labels.ravel()
    return found


def blocks(superpixels, rng):
    """A map of a few classes that are constant on the superpixels."""
    return rng.integers(1, 4, superpixels.max() + 1)[superpixels]


def hierarchy(seed=0, **how):
    superpixels, rng = squares(), np.random.default_rng(seed)
    maps = [votes(superpixels, blocks(superpixels, rng)) for _ in range(5)]
    return Hierarchy.of(superpixels, {"maps": maps}, **how)


def test_one_map_alone_gives_back_its_connected_pieces():
    superpixels = squares()
    image = blocks(superpixels, np.random.default_rng(2))
    alone = Hierarchy.of(superpixels, {"one": [votes(superpixels, image)]}, spectral=False)
    expected = connected_components(image, connectivity=1)
    found = alone.cut(level=0.5)
    assert len(np.unique(found)) == expected.max()
    assert np.unique(np.stack([found.ravel(), expected.ravel()]), axis=1).shape[1] == found.max()


@pytest.mark.parametrize("spectral", [False, True])
def test_as_many_segments_as_asked_and_each_is_connected(spectral):
    found = hierarchy(spectral=spectral)
    for k in (1, 2, 5, 17, 36):
        labels = found.cut(k)
        assert labels.dtype == np.uint8
        assert sorted(np.unique(labels)) == list(range(1, k + 1))
        assert connected_components(labels, connectivity=1).max() == k


def test_relabelling_the_maps_changes_nothing():
    superpixels, rng = squares(), np.random.default_rng(5)
    maps = [rng.integers(1, 4, 37) for _ in range(4)]
    first = Hierarchy.of(superpixels, {"maps": maps})
    other = Hierarchy.of(superpixels, {"maps": [np.array([0, 9, 3, 5])[each] for each in maps]})
    np.testing.assert_array_equal(first.cut(7), other.cut(7))
    np.testing.assert_array_equal(first.cut(bias=0.5), other.cut(bias=0.5))


def test_too_many_or_too_few_segments_are_said():
    found = hierarchy()
    with pytest.warns(UserWarning, match="40 segments cannot be made, as there are only 36"):
        labels = found.cut(40)
    assert labels.max() == 36
    apart = np.zeros((4, 9), np.int32)
    apart[:, :4], apart[:, 5:] = 1, 2
    two = Hierarchy.of(apart, {"maps": [np.array([0, 1, 1])]})
    with pytest.warns(UserWarning, match="the data lie in 2 pieces that do not touch"):
        labels = two.cut(1)
    np.testing.assert_array_equal(np.unique(labels), [0, 1, 2])
    assert (labels[:, 4] == 0).all()


@pytest.mark.parametrize("how", [{"n_segments": 3, "level": 0.5}, {"level": 0.5, "bias": 0.5}])
def test_one_way_to_cut_at_a_time(how):
    with pytest.raises(ValueError, match="one of n_segments, level and bias"):
        hierarchy().cut(**how)


def test_no_segments_cannot_be_asked_for():
    with pytest.raises(ValueError, match="1 or more, not 0"):
        hierarchy().cut(0)


def test_without_a_wish_the_number_is_the_automatic_one():
    found = hierarchy(level=0.6)
    assert found.cut().max() == found.automatic == found.cut(level=0.6).max()
    assert 1 < found.automatic < 36


def test_a_multicut_has_the_numbers_of_the_tree():
    superpixels = squares()
    half = np.where(np.arange(24) < 12, 1, 2)[None].repeat(24, axis=0)
    found = Hierarchy.of(superpixels, {"maps": [votes(superpixels, half)]})
    np.testing.assert_array_equal(found.cut(bias=0.5), found.cut(2))


def test_borders_show_how_sure_they_are_on_both_sides():
    superpixels = squares(side=2, size=3)
    maps = [np.array([0, 1, 2, 1, 2]), np.array([0, 1, 1, 1, 1])]
    image = Hierarchy.of(superpixels, {"maps": maps}).borders()
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image[1], [0, 0, 0.5, 0.5, 0, 0])
    np.testing.assert_array_equal(image[:, 0], 0)


def test_a_volume():
    superpixels = np.arange(1, 9, dtype=np.int32).reshape(2, 2, 2).repeat(2, 0).repeat(2, 1)
    maps = [np.random.default_rng(0).integers(1, 3, 9)]
    found = Hierarchy.of(superpixels, {"maps": maps})
    assert sorted(set(found.lengths)) == [2.0, 4.0]
    assert found.cut(3).shape == superpixels.shape


def test_a_single_superpixel():
    one = Hierarchy.of(np.ones((3, 4), np.int32), {"maps": [np.array([0, 1])]})
    assert one.automatic == 1
    np.testing.assert_array_equal(one.cut(), 1)
    assert not one.borders().any()
