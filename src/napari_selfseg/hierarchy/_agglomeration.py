r"""Agglomeration by regions: what two regions are like counts beside the border between them.

Again and again the two neighbours A and B that cost least become one:

.. math::

    c_{AB} = \left((1 - w)\, \bar h_{AB}
             + w\, \tfrac12 \|P_A - P_B\|_1\right)
             \min\left(1, \frac{\min(|A|, |B|)}{s}\right)^p

with :math:`\bar h_{AB}` the mean height along their common border, weighted by length, and P the
histograms of the two regions, all of them made anew at each merge. The last factor lets small
regions go first.

Each border waits in a heap at its cost. A merge changes the costs of all borders of the union,
which are made anew at once where it has up to 256 neighbours. A region with more neighbours, such
as the ground between thousands of cells, does so whenever it has grown by a fiftieth, and a border
that comes to the top of the heap is always looked at once more; without this, such a region would
cost its neighbours times its merges.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.compiled import compiled, compiled_sum
from napari_selfseg.hierarchy._contraction import Merges
from napari_selfseg.hierarchy._linkage import REGIONS, Linkage
from napari_selfseg.hierarchy._region_graph import (
    Borders,
    Regions,
    Rule,
    borders_of,
    link,
    regions_of,
    sift,
    sift_down,
    taken_out,
    unlink,
)

__all__ = ["agglomerate"]

# Neighbours up to which all borders of a union are made anew at every merge.
FEW = 256


# Growth of a region with more neighbours at which they are.
GROWN = 1.02


def agglomerate(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    sizes: NDArray[Any],
    histograms: NDArray[np.floating[Any]] | None = None,
    *,
    linkage: Linkage = REGIONS,
    apart: Iterable[int] = (),
) -> Merges:
    """Merge the two neighbours that cost least, again and again.

    Of equal costs the border that comes first in the list goes first.

    Parameters
    ----------
    n : int
        Number of nodes, counted from 0.
    edges : ndarray of int
        ``(E, 2)``, each pair once.
    heights, lengths : ndarray of float
        ``(E,)`` height and length of each border.
    sizes : ndarray
        ``(n,)`` pixels of each node.
    histograms : ndarray of float, optional
        ``(n, D)`` of each node, of all maps side by side, so that half the L1 distance of two rows
        is between 0 and 1. Without them the border alone counts.
    linkage : Linkage
        w, p, and s as a share of all pixels.
    apart : iterable of int
        Nodes of which no two are ever in one.
    """
    P = np.zeros((n, 0), np.float32) if histograms is None else histograms
    weight = linkage.region_weight if P.shape[1] else 0.0
    small = max(linkage.small * float(np.sum(sizes)), 1e-9)
    rule = Rule(float(weight), float(linkage.power), small)
    regions = regions_of(n, sizes, P, apart)
    borders = borders_of(edges, heights, lengths)
    return Merges(*_agglomerate(borders, regions, rule))


@compiled
def _agglomerate(
    borders: Borders, regions: Regions, rule: Rule
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    n = len(regions.size)
    kept = np.empty(max(n - 1, 0), np.int64)
    gone = np.empty(max(n - 1, 0), np.int64)
    costs = np.empty(max(n - 1, 0), np.float64)
    _begin(borders, regions, rule)
    count, merges = len(borders.cost), 0
    while count > 0:
        e = borders.heap[0]
        # With the union of many neighbours it may have become dearer unnoticed.
        now = _cost(e, borders, regions, rule)
        if now > borders.cost[e]:
            borders.cost[e] = now
            sift(0, borders, count)
            continue
        count = taken_out(e, borders, count)
        a, b = borders.ends[2 * e], borders.ends[2 * e + 1]
        unlink(2 * e, a, borders, regions)
        unlink(2 * e + 1, b, borders, regions)
        if regions.alone[a] and regions.alone[b]:
            continue
        # Few borders change hands when the region with fewer gives way.
        if regions.degree[a] < regions.degree[b]:
            a, b = b, a
        kept[merges], gone[merges], costs[merges] = a, b, now
        merges += 1
        _unite(a, b, regions)
        count = _hand_over(a, b, borders, regions, rule, count)
        _settle(a, borders, regions, rule, count)
    return kept[:merges], gone[:merges], costs[:merges]


@compiled
def _begin(borders: Borders, regions: Regions, rule: Rule) -> None:
    for half in range(len(borders.ends)):
        link(half, borders.ends[half], borders, regions)
    count = len(borders.cost)
    for e in range(count):
        borders.cost[e] = _cost(e, borders, regions, rule)
    # From the last parent up: a heap in time linear in the number of borders.
    for place in range(count // 2 - 1, -1, -1):
        sift_down(place, borders, count)


@compiled
def _cost(e: int, borders: Borders, regions: Regions, rule: Rule) -> float:
    a, b = borders.ends[2 * e], borders.ends[2 * e + 1]
    cost = (1.0 - rule.w) * borders.moment[e] / borders.length[e]
    if rule.w > 0.0:
        cost += rule.w * _apart(regions.P[a], regions.P[b])
    least = min(regions.size[a], regions.size[b])
    if rule.p > 0.0 and least < rule.s:
        cost *= (least / rule.s) ** rule.p
    return float(cost)


@compiled_sum
def _apart(P: NDArray[np.float32], Q: NDArray[np.float32]) -> float:
    total = np.float32(0.0)
    for k in range(len(P)):
        total += abs(P[k] - Q[k])
    return 0.5 * float(total)


@compiled_sum
def _unite(a: int, b: int, regions: Regions) -> None:
    """Make one region of two, which is called a."""
    size = regions.size[a] + regions.size[b]
    share = np.float32(regions.size[b] / size)
    P, Q = regions.P[a], regions.P[b]
    for k in range(len(P)):
        P[k] += share * (Q[k] - P[k])
    regions.size[a] = size
    regions.alone[a] = regions.alone[a] or regions.alone[b]


@compiled
def _hand_over(a: int, b: int, borders: Borders, regions: Regions, rule: Rule, count: int) -> int:
    """Let all borders of b be borders of a; return how many are left in the heap."""
    # A border is two halves, 2 e at one region and 2 e + 1 at the other: `half ^ 1` is the one
    # across. Marked first is where a has a border already, so that one look at each of b tells.
    half = regions.first[a]
    for _ in range(regions.degree[a]):
        regions.mark[borders.ends[half ^ 1]] = half // 2
        half = borders.following[half]
    half = regions.first[b]
    for _ in range(regions.degree[b]):
        after = borders.following[half]
        e, c = half // 2, borders.ends[half ^ 1]
        there = regions.mark[c]
        if there >= 0:  # two borders to the same region are one
            borders.moment[there] += borders.moment[e]
            borders.length[there] += borders.length[e]
            count = taken_out(e, borders, count)
            unlink(half ^ 1, c, borders, regions)
            e = there
        else:
            borders.ends[half] = a
            link(half, a, borders, regions)
        borders.cost[e] = _cost(e, borders, regions, rule)
        sift(borders.where[e], borders, count)
        half = after
    regions.first[b] = -1
    return count


@compiled
def _settle(a: int, borders: Borders, regions: Regions, rule: Rule, count: int) -> None:
    """Forget which borders a has, and make their costs anew where it is time."""
    # The histogram of a changed, and with it the cost of all its borders. Where there are many,
    # that waits until a has grown: `_agglomerate` looks again at what comes up too cheap.
    anew = regions.degree[a] <= FEW or regions.size[a] > GROWN * regions.seen[a]
    if anew:
        regions.seen[a] = regions.size[a]
    half = regions.first[a]
    for _ in range(regions.degree[a]):
        e = half // 2
        regions.mark[borders.ends[half ^ 1]] = -1
        if anew:
            borders.cost[e] = _cost(e, borders, regions, rule)
            sift(borders.where[e], borders, count)
        half = borders.following[half]
