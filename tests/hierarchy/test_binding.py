"""A tree bound to strokes that were drawn after it was made."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_selfseg.hierarchy import REGIONS, Hierarchy, drawn_on, linked
from napari_selfseg.hierarchy._binding import joining, strokes_on
from napari_selfseg.regions import adjacency

SIDE, SHAPE = 4, (12, 16)
RNG = np.random.default_rng(0)


def tiled():
    y, x = np.indices(SHAPE)
    return (y // SIDE * (SHAPE[1] // SIDE) + x // SIDE + 1).astype(np.int32)


def tree_of(seed=0, drawn=None, **more):
    rng, n = np.random.default_rng(seed), int(tiled().max())
    maps = [np.concatenate(([0], rng.integers(1, 4, n))) for _ in range(5)]
    found = Hierarchy.of(tiled(), {"one": maps}, spectral=False, scribbles=drawn)
    return dataclasses.replace(found, **more)


def regions(seed=0):
    """One whose superpixels are told apart by what they are like."""
    P = np.random.default_rng(seed).dirichlet(np.ones(3), int(tiled().max())).astype(np.float32)
    return tree_of(seed, histograms=P, linkage=REGIONS)


@st.composite
def strokes(draw):
    drawn = np.zeros(SHAPE, np.uint8)
    for _ in range(draw(st.integers(0, 6))):
        y, x = draw(st.integers(0, SHAPE[0] - 1)), draw(st.integers(0, SHAPE[1] - 1))
        drawn[y, x : x + draw(st.integers(1, 9))] = draw(st.sampled_from([1, 3, 7]))
    return drawn


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 20), strokes(), strokes(), st.booleans())
def test_no_two_classes_share_a_label_at_any_cut(seed, first, drawn, known):
    """Whatever was drawn before, and whatever the slider says."""
    made = tree_of(seed, first if known and first.any() else None)
    found = made.bound(first).bound(drawn) if seed % 2 else made.bound(drawn)
    before = None
    for k in range(found.tree.fewest, found.tree.most + 1):
        labels = found.cut(k)
        assert (labels[drawn > 0] == drawn[drawn > 0]).all()
        assert len(np.unique(labels)) == k
        if before is not None:  # nested
            assert all(len(np.unique(before[labels == each])) == 1 for each in np.unique(labels))
        before = labels


@pytest.mark.parametrize("made", [tree_of(3), regions(3)], ids=["borders", "regions"])
def test_where_no_class_has_a_say_the_segments_are_what_they_were(made):
    again = made.bound(np.zeros(SHAPE, np.uint8))
    for level in np.unique(made.tree.heights):
        k = made.tree.segments_at(level)
        np.testing.assert_array_equal(again.cut(k), made.cut(k))
    one = np.zeros(SHAPE, np.uint8)
    one[1, 1] = 1
    for level in np.unique(made.tree.heights):
        k = made.tree.segments_at(level)
        # One class alone has a number, and changes nothing.
        assert_same_parts(made.bound(one).cut(k), made.cut(k), k)


def test_an_erased_stroke_binds_no_more():
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[1, 1], drawn[1, 14] = 1, 2
    made = tree_of(1, drawn)
    assert made.tree.fewest == 2
    erased = made.bound(np.zeros(SHAPE, np.uint8))
    plain = tree_of(1).bound(np.zeros(SHAPE, np.uint8))
    assert erased.tree.fewest == 1
    for k in (1, 2, 5, 9):
        np.testing.assert_array_equal(erased.cut(k), plain.cut(k))
    # Of an order that was given only what joins can be taken back.
    given_order = dataclasses.replace(made, merges=made.bound(drawn).merges)
    assert given_order.bound(np.zeros(SHAPE, np.uint8)).tree.fewest == 1


@pytest.mark.parametrize("seed", range(6))
def test_bound_to_what_it_was_made_with_it_stays(seed):
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[1, 1:7], drawn[1, 14], drawn[10, 8] = 1, 2, 2
    made = dataclasses.replace(regions(seed), drawn=drawn_on(tiled(), drawn))
    for level in np.unique(made.tree.heights):
        k = made.tree.segments_at(level)
        assert_same_parts(made.bound(drawn).cut(k), made.cut(k), k)


def assert_same_parts(one, other, k):
    """Of equal heights either may come first, and then have another number."""
    assert np.unique(np.stack((one.ravel(), other.ravel())), axis=1).shape[1] == k
    assert len(np.unique(one)) == len(np.unique(other)) == k


def test_a_stroke_more_leaves_the_other_segments_as_they_are():
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[1, 1], drawn[1, 14] = 1, 2
    made, more = tree_of(2, drawn), drawn.copy()
    more[10, 1:3] = 3
    before, after = made.bound(drawn).cut(8), made.bound(more).cut(9)
    assert (after[more > 0] == more[more > 0]).all()
    assert len(np.unique(before[after == 2])) == 1
    np.testing.assert_array_equal(made.cut(8) == 2, before == 2)


def test_strokes_of_two_classes_divide_a_superpixel_and_its_borders():
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[5, 4], drawn[5, 7] = 1, 2
    made = regions()
    found = made.bound(drawn)
    assert found.superpixels.max() == made.superpixels.max() + 1
    assert found.lengths.sum() == made.lengths.sum() + SIDE
    assert (np.diff(found.edges @ (100, 1)) > 0).all()
    inner = found.superpixels[5, 4], found.superpixels[5, 7]
    at = (found.edges == np.sort(inner)).all(axis=1)
    assert found.heights[at] == 0
    assert made.heights[made.edges[:, 1] == 8].tolist() != []
    for edge in (found.edges[:, 1] == 8).nonzero()[0]:  # a border that was there is as high
        same = (made.edges == found.edges[edge]).all(axis=1)
        assert same.sum() == 0 or found.heights[edge] == made.heights[same]
    np.testing.assert_array_equal(found.histograms[inner[1] - 1], made.histograms[inner[0] - 1])
    assert found.borders().shape == SHAPE
    with pytest.raises(ValueError, match="make them equal"):
        made.bound(drawn[1:])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100))
def test_heights_at_which_a_tree_joins_nodes(seed):
    rng, n = np.random.default_rng(seed), 9
    edges = np.array([(a, b) for a in range(n) for b in range(a + 1, n) if rng.random() < 0.3])
    edges = edges.reshape(-1, 2)
    heights = rng.integers(0, 9, len(edges)) / 10
    tree = linked(n, edges, heights, np.ones(len(edges)), np.ones(n))
    pairs = np.array([(a, b) for a in range(n) for b in range(a + 1, n)])
    found = joining(tree, pairs)
    assert not joining(tree, np.repeat(np.arange(n), 2).reshape(-1, 2)).any()
    for k in range(tree.fewest, tree.most + 1):
        labels = tree.cut(k)
        apart = labels[pairs[:, 0]] != labels[pairs[:, 1]]
        # The segment born last divides what is joined at the lowest height that is still divided.
        lowest = np.inf if k == tree.fewest else tree.heights[k - tree.fewest - 1]
        assert (found[apart] >= min(lowest, tree.heights.max(initial=0) + 1)).all()
        assert (found[~apart] <= (0 if k == n else tree.heights[k - tree.fewest])).all()


@settings(deadline=None, max_examples=40)
@given(strokes(), st.booleans())
def test_borders_of_divided_superpixels_are_those_of_the_whole_image(drawn, deep):
    superpixels = np.where(tiled() == 6, 0, tiled())
    superpixels[superpixels > 6] -= 1
    if deep:
        superpixels, drawn = np.stack([superpixels] * 3), np.stack([drawn, drawn, 0 * drawn])
    whole = whole_graph(superpixels.astype(np.int32))
    found = strokes_on(superpixels.astype(np.int32), *whole, drawn)
    edges, lengths = whole_graph(found.superpixels)
    np.testing.assert_array_equal(found.edges, edges)
    np.testing.assert_array_equal(found.lengths, lengths)


def whole_graph(superpixels):
    index = torch.from_numpy(superpixels.astype(np.int64))
    found = adjacency(index, int(superpixels.max()), (1.0,) * superpixels.ndim)
    return found.edges.numpy(), found.border.numpy()
