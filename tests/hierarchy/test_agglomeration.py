"""Agglomeration by regions."""

import numpy as np
import pytest

from napari_selfseg.hierarchy import AVERAGE, REGIONS, Linkage
from napari_selfseg.hierarchy._agglomeration import agglomerate
from napari_selfseg.hierarchy._contraction import contract


def graph(side=9, seed=0, k=6):
    """A grid of nodes with diagonals: edges, heights, lengths, sizes, histograms."""
    rng = np.random.default_rng(seed)
    node = np.arange(side * side).reshape(side, side)
    pairs = [
        (node[:, :-1], node[:, 1:]),
        (node[:-1], node[1:]),
        (node[:-1, :-1], node[1:, 1:]),
    ]
    edges = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs])
    P = rng.random((side * side, k))
    return (
        edges,
        rng.random(len(edges)),
        rng.integers(1, 9, len(edges)).astype(float),
        rng.integers(20, 90, side * side),
        P / P.sum(axis=1, keepdims=True),
    )


def plainly(edges, heights, lengths, sizes, P, linkage):
    """Do the same from its definition: all regions and all costs are made anew at every merge."""
    region, n = np.arange(len(sizes)), len(sizes)
    small, costs = linkage.small * sizes.sum(), []
    while True:
        A, B = region[edges].min(axis=1), region[edges].max(axis=1)
        best = None
        for a, b in sorted({(a, b) for a, b in zip(A, B, strict=True) if a != b}):
            along = (a == A) & (b == B)
            border = np.average(heights[along], weights=lengths[along])
            members = [np.flatnonzero(region == each) for each in (a, b)]
            mean = [np.average(P[each], axis=0, weights=sizes[each]) for each in members]
            apart = np.abs(mean[0] - mean[1]).sum() / 2
            cost = (1 - linkage.region_weight) * border + linkage.region_weight * apart
            least = min(sizes[each].sum() for each in members)
            cost *= min(1, least / small) ** linkage.power
            if best is None or cost < best[0]:
                best = cost, a, b
        if best is None:
            return np.array(costs), n
        costs.append(best[0])
        region[region == best[2]] = best[1]


@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_the_equation_says(seed):
    edges, heights, lengths, sizes, P = graph(seed=seed)
    found = agglomerate(len(sizes), edges, heights, lengths, sizes, P)
    costs, n = plainly(edges, heights, lengths, sizes, P, REGIONS)
    assert len(found.heights) == n - 1
    np.testing.assert_allclose(found.heights, costs, rtol=1e-5)


def test_without_histograms_and_sizes_it_is_average_linkage():
    edges, heights, lengths, sizes, _ = graph(side=20)
    found = agglomerate(len(sizes), edges, heights, lengths, sizes, linkage=AVERAGE)
    np.testing.assert_allclose(found.heights, contract(len(sizes), edges, heights, lengths).heights)


def test_small_regions_go_first():
    edges, lengths = [[0, 1], [1, 2], [2, 3]], np.ones(3)
    heights, sizes = np.array([0.3, 0.5, 0.3]), np.array([400, 400, 4, 400])
    size_counts = Linkage(power=0.5, small=0.1)
    merges = agglomerate(4, edges, heights, lengths, sizes, linkage=size_counts)
    assert {int(merges.kept[0]), int(merges.gone[0])} == {2, 3}
    assert merges.heights[0] == pytest.approx(0.3 * (4 / 120.4) ** 0.5)


def test_two_that_are_to_stay_apart_never_meet():
    edges, heights, lengths, sizes, P = graph()
    apart = [0, 40, 80]
    merges = agglomerate(len(sizes), edges, heights, lengths, sizes, P, apart=apart)
    region = np.arange(len(sizes))
    for kept, gone in zip(merges.kept, merges.gone, strict=True):
        region[region == gone] = kept
        assert len(set(region[apart])) == 3
    assert len(np.unique(region)) == 3


def test_a_region_with_very_many_neighbours_costs_no_more_than_it_must():
    # Cells on one ground: the ground has a border with each of them.
    n = 3000
    rng = np.random.default_rng(0)
    edges = np.stack([np.zeros(n, int), np.arange(1, n + 1)], axis=1)
    heights, lengths = rng.random(n), np.ones(n)
    sizes = np.concatenate([[10 * n], np.full(n, 30)])
    P = rng.random((n + 1, 8))
    P /= P.sum(axis=1, keepdims=True)
    found = agglomerate(n + 1, edges, heights, lengths, sizes, P)
    assert len(found.heights) == n
    assert set(found.gone.tolist()) | set(found.kept.tolist()) == set(range(n + 1))
    # Where every border is made anew at every merge, the tree differs by little.
    exact = _made_anew(n + 1, edges, heights, lengths, sizes, P)
    order = np.argsort(found.heights[np.argsort(found.gone)])
    same = np.argsort(exact[1][np.argsort(exact[0])])
    assert np.corrcoef(np.argsort(order), np.argsort(same))[0, 1] > 0.99


def _made_anew(n, edges, heights, lengths, sizes, P):
    ground, size, left = P[0].copy(), float(sizes[0]), list(range(1, n))
    small, gone, costs = REGIONS.small * sizes.sum(), [], []
    while left:
        apart = 0.5 * np.abs(P[left] - ground).sum(axis=1)
        cost = 0.6 * heights[np.array(left) - 1] + 0.4 * apart
        cost *= np.minimum(1, np.minimum(sizes[left], size) / small) ** REGIONS.power
        k = int(cost.argmin())
        node = left.pop(k)
        ground += (P[node] - ground) * sizes[node] / (size + sizes[node])
        size += sizes[node]
        gone.append(node)
        costs.append(cost[k])
    return np.array(gone), np.array(costs)


def test_no_edge_no_merge():
    found = agglomerate(3, np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.ones(3))
    assert len(found.heights) == 0


def test_what_is_given_is_left_alone():
    edges, heights, lengths, sizes, P = graph()
    before = [each.copy() for each in (edges, heights, lengths, sizes, P)]
    agglomerate(len(sizes), edges, heights, lengths, sizes, P)
    for one, other in zip(before, (edges, heights, lengths, sizes, P), strict=True):
        np.testing.assert_array_equal(one, other)
