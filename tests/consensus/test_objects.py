"""Objects on a background: what nodes of a tree are like, which are chosen, and the tree of all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_selfseg.consensus._objects._nested import Graph, nested
from napari_selfseg.consensus._objects._nodes import nodes
from napari_selfseg.consensus._objects._objects import _antichain, find_objects
from napari_selfseg.consensus._objects._pieces import pieces
from napari_selfseg.consensus._sources import Parts, Whole
from napari_selfseg.hierarchy._contraction import contract
from napari_selfseg.hierarchy._tree import _tree
from napari_selfseg.superpixels._watersheds._merge_tree import Arcs


def graph_of(index, colours, seed=0):
    """Borders of superpixels, with heights from their colours, and histograms of any kind."""
    arcs = Arcs.between(index, np.zeros(index.shape))
    n = int(index.max())
    rng = np.random.default_rng(seed)
    histograms = rng.dirichlet(np.ones(4), n).astype(np.float32)
    parts = Parts(Whole(np.asarray(colours, np.float32) / 100, index > 0), 0)
    found = pieces(index, arcs.ends - 1, arcs.length, parts, histograms)
    a, b = found.edges.T
    apart = np.linalg.norm(found.colours[a] - found.colours[b], axis=1)
    return found, apart / max(apart.max(), 1e-9)


def blocks(shape, side):
    """Superpixels of equal sides."""
    places = [np.arange(n) // side for n in shape]
    counts = [place[-1] + 1 for place in places]
    return (np.ravel_multi_index(np.ix_(*places), counts) + 1).astype(np.int32)


def leaves_of(children, n):
    found = [frozenset([k]) for k in range(n)]
    for one, other in children[n:]:
        found.append(found[one] | found[other])
    return found


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([(12, 15), (6, 6, 6)]))
def test_every_node_is_described_as_if_it_were_alone(seed, shape):
    rng = np.random.default_rng(seed)
    index = blocks(shape, 3)
    mask = rng.random(shape) < 0.9
    index = np.where(mask, index, 0)
    index = (np.unique(index, return_inverse=True)[1].reshape(shape)).astype(np.int32)
    colours = rng.random((*shape, 2))
    found, heights = graph_of(index, colours, seed)
    n = len(found.sizes)
    merges = contract(n, found.edges, heights, found.lengths)
    whole = nodes(merges, found, np.inf)
    d, all_leaves = len(shape), leaves_of(whole.children, n)
    current = [frozenset([k]) for k in range(n)]
    for number, inside in enumerate(all_leaves):
        if number >= n:
            kept, gone = merges.kept[number - n], merges.gone[number - n]
            current[kept], current[gone] = inside, frozenset()
        members = list(inside)
        pixels = np.argwhere(np.isin(index, np.array(members) + 1))
        faces = 0
        for axis, way in itertools.product(range(d), (-1, 1)):
            beside = pixels.copy()
            beside[:, axis] += way
            faces += len(beside) - len(set(map(tuple, beside)) & set(map(tuple, pixels)))
        covariance = np.cov(pixels.T, bias=True).reshape(d, d) + np.eye(d) / 12
        volume = {2: 4 * np.pi, 3: 4 / 3 * np.pi * 5**1.5}[d] * np.linalg.det(covariance) ** 0.5
        assert whole.sizes[number] == len(pixels)
        assert whole.ellipse[number] == pytest.approx(min(len(pixels) / volume, 1))
        compact = (2 * d * len(pixels) ** ((d - 1) / d) / faces) ** 2
        assert whole.compact[number] == pytest.approx(min(compact, 1))
        out = [e for e, (a, b) in enumerate(found.edges) if (a in inside) != (b in inside)]
        if not out:
            continue
        jumps = np.array(
            [
                found.colours[a] - found.colours[b]
                if a in inside
                else found.colours[b] - found.colours[a]
                for a, b in found.edges[out]
            ]
        )
        length = found.lengths[out]
        mean = (jumps * length[:, None]).sum(0) / length.sum()
        np.testing.assert_allclose(whole.differences[number], mean, atol=1e-9)
        size = np.average(np.linalg.norm(jumps, axis=1), weights=length)
        assert whole.coherence[number] == pytest.approx(np.linalg.norm(mean) / size)
        rows = found.histograms.astype(float) * found.sizes[:, None]
        mine = rows[members].sum(0) / found.sizes[members].sum()
        ring = 0.0
        for a, b in found.edges[out]:
            beyond = next(group for group in current if (b if a in inside else a) in group)
            theirs = rows[list(beyond)].sum(0) / found.sizes[list(beyond)].sum()
            edge = np.flatnonzero((found.edges == (a, b)).all(axis=1))[0]
            ring += found.lengths[edge] * np.abs(mine - theirs).sum() / 2
        assert whole.ring[number] == pytest.approx(ring / length.sum(), abs=1e-6)


def test_nodes_that_are_too_large_are_only_counted():
    index = blocks((12, 12), 3)
    found, heights = graph_of(index, np.random.default_rng(0).random((12, 12, 1)))
    merges = contract(16, found.edges, heights, found.lengths)
    all_of, small = (nodes(merges, found, most) for most in (np.inf, 40))
    looked = all_of.sizes < 40
    assert 0 < looked.sum() < len(looked)
    for each, some in zip(all_of[2:], small[2:], strict=True):
        np.testing.assert_allclose(some[looked], each[looked], atol=1e-9)
        assert not some[~looked].any()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_the_best_antichain_is_the_best_of_all(seed, n):
    rng = np.random.default_rng(seed)
    edges = np.array(list(itertools.combinations(range(n), 2))).reshape(-1, 2)
    merges = contract(n, edges, rng.random(len(edges)), np.ones(len(edges)))
    children = np.full((2 * n - 1, 2), -1)
    now = list(range(n))
    for step, (kept, gone) in enumerate(zip(merges.kept, merges.gone, strict=True)):
        children[n + step] = now[kept], now[gone]
        now[kept] = n + step
    inside = leaves_of(children, n)
    gain = rng.normal(size=2 * n - 1)
    best = max(
        sum(gain[list(chosen)])
        for size in range(n + 1)
        for chosen in itertools.combinations(range(2 * n - 1), size)
        if all(not inside[a] & inside[b] for a, b in itertools.combinations(chosen, 2))
    )
    owner, found = _antichain(gain, children, n)
    chosen = np.unique(owner[owner >= 0])
    assert found == pytest.approx(best)
    assert gain[chosen].sum() == pytest.approx(best)
    for each in chosen:
        assert set(np.flatnonzero(owner == each)) == inside[each]


def nuclei(ndim=2, bright=True, seed=0):
    """Balls on a rough ground, in superpixels that follow them."""
    rng = np.random.default_rng(seed)
    shape, radius = ((96, 96), 6) if ndim == 2 else ((36, 36, 36), 5)
    grid = np.stack(np.indices(shape), axis=-1)
    truth = np.zeros(shape, int)
    step = 3 * radius
    places = itertools.product(*(range(step // 2, size - radius, step) for size in shape))
    for number, place in enumerate(places, start=1):
        truth[np.linalg.norm(grid - place, axis=-1) < radius] = number
    image = (30 + (40 if bright else -20) * (truth > 0) + rng.normal(size=shape))[..., None]
    index = ndimage.label(truth > 0)[0] * 10_000 + blocks(shape, radius - 1)
    index = np.unique(index, return_inverse=True)[1].reshape(shape).astype(np.int32) + 1
    # Of blocks divided by an object, the parts.
    index = (
        np.unique(np.stack([index.ravel(), truth.ravel()]), axis=1, return_inverse=True)[1]
        .reshape(shape)
        .astype(np.int32)
        + 1
    )
    return truth, image, index


def tree_of(found, heights):
    histograms = (found.colours - found.colours.min()) / max(np.ptp(found.colours), 1e-9)
    found = found._replace(
        histograms=np.concatenate([histograms, 1 - histograms], axis=1).astype(np.float32)
    )
    return found, contract(len(found.sizes), found.edges, heights, found.lengths)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("bright", [True, False])
def test_balls_are_found(ndim, bright):
    truth, image, index = nuclei(ndim, bright)
    found, merges = tree_of(*graph_of(index, image))
    result = find_objects(nodes(merges, found, 0.1 * truth.size), found)
    objects = np.concatenate([[-1], result.of])[index]
    assert result.clear
    assert len(np.unique(result.of)) - 1 == truth.max()
    for number in range(1, truth.max() + 1):
        mine = objects[truth == number]
        assert len(np.unique(mine)) == 1
        assert np.count_nonzero(objects == mine[0]) == len(mine)


def test_objects_have_the_least_size_at_least():
    truth, image, index = nuclei()
    found, merges = tree_of(*graph_of(index, image))
    of = nodes(merges, found, 0.1 * truth.size)
    sizes = np.bincount(truth.ravel())[1:]
    some = find_objects(of, found, smallest=sizes.max())
    assert np.unique(some.of[some.of >= 0]).size
    assert (of.sizes[some.of[some.of >= 0]] >= sizes.max()).all()
    assert (find_objects(of, found, smallest=0.1 * truth.size).of < 0).all()


def test_an_even_ground_and_a_slope_are_no_image_of_objects():
    index = blocks((96, 96), 6)
    slope = np.linspace(0, 100, 96)[:, None, None] * np.ones((1, 96, 1))
    for image in (np.full((96, 96, 1), 20.0), slope):
        found, merges = tree_of(*graph_of(index, image))
        result = find_objects(nodes(merges, found, 0.1 * image.size), found)
        assert not result.clear


def test_dark_and_bright_balls_are_no_objects_of_one_kind():
    truth, image, index = nuclei()
    other = np.where((truth % 2 == 1)[..., None], 60 - image, image)
    found, merges = tree_of(*graph_of(index, other))
    result = find_objects(nodes(merges, found, 0.1 * truth.size), found)
    assert result.opposite > 0.5
    assert not result.clear


def all_in_one(seed=0):
    truth, image, index = nuclei(seed=seed)
    found, heights = graph_of(index, image, seed)
    rng = np.random.default_rng(seed)
    graph = Graph(found.edges, heights, found.lengths, found.sizes, found.histograms)
    n = len(found.sizes)
    owner = np.full(n, -1)
    first = np.unique(index, return_index=True)[1]
    numbers = truth.ravel()[first]
    owner[numbers > 0] = numbers[numbers > 0] + n

    def merged(smaller, of):
        assert len(of) == n
        return contract(len(smaller.sizes), smaller.edges, smaller.heights, smaller.lengths)

    inner = contract(n, found.edges, heights, found.lengths)
    other = contract(n, found.edges, rng.random(len(heights)), found.lengths)
    return owner, found, nested(graph, owner, inner, other, merged, 0.6), other


@pytest.mark.parametrize("seed", range(3))
def test_objects_are_whole_segments_at_the_own_cut(seed):
    owner, found, merges, _ = all_in_one(seed)
    assert (np.diff(merges.heights) >= 0).all()
    tree = _tree(merges, found.sizes, np.zeros(len(owner), np.int64))
    assert tree.fewest == 1
    assert tree.most == len(owner)
    own = tree.cut(tree.segments_at(0.6))
    for each in np.unique(owner[owner >= 0]):
        names = np.unique(own[owner == each])
        assert len(names) == 1
        assert (owner[own == names[0]] == each).all()
    few, many = tree.cut(3), tree.cut(len(np.unique(own)) + 20)
    assert len(np.unique(np.stack([own, few]), axis=1).T) == len(np.unique(own))
    assert len(np.unique(np.stack([own, many]), axis=1).T) == len(np.unique(many))


@pytest.mark.parametrize("seed", range(3))
def test_the_rest_is_what_the_other_tree_has_of_it(seed):
    owner, found, merges, other = all_in_one(seed)
    tree = _tree(merges, found.sizes, np.zeros(len(owner), np.int64))
    own = tree.cut(tree.segments_at(0.6))
    whole = _tree(other, found.sizes, np.zeros(len(owner), np.int64))
    expected = whole.cut(whole.segments_at(0.67))
    rest = owner < 0
    pairs = np.unique(np.stack([own[rest], expected[rest]]), axis=1)
    assert pairs.shape[1] == len(np.unique(own[rest])) == len(np.unique(expected[rest]))
