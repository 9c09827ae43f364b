"""A tree of merges, cut into any number of segments in microseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.hierarchy._contraction import Merges
from napari_selfseg.hierarchy._drawn import grouped, together
from napari_selfseg.hierarchy._linkage import AVERAGE, Linkage

__all__ = ["Tree", "linked", "merged"]


@dataclass(frozen=True)
class Tree:
    """Nested partitions of some nodes, from one segment a piece of the graph to one a node.

    Segments are numbered by their birth on the way down. When a segment is divided its larger part
    keeps the number and the smaller one gets the next; so a cut into k segments has the labels 1 to
    k, and a segment keeps its label for as long as it lasts, whatever happens elsewhere.

    Where somebody drew classes on nodes, all nodes of a class are one segment of every cut, which
    no other class joins; its label is the class, and the other segments have the numbers between.

    Attributes
    ----------
    order : ndarray of int64
        ``(n,)`` the nodes in an order in which every segment of every cut is a stretch.
    births : ndarray of int64
        ``(n,)`` number of the segment that begins at each place of the order.
    heights : ndarray of float64
        Heights at which segments are divided, descending: the first divides a whole piece.
    labels : ndarray of int64
        ``(most,)`` label of each segment, in the order of their births.
    """

    order: NDArray[np.int64]
    births: NDArray[np.int64]
    heights: NDArray[np.float64]
    labels: NDArray[np.int64]

    @property
    def most(self) -> int:
        """Number of segments at most: of nodes, but for those of a class, which stay together."""
        return len(self.labels)

    @property
    def fewest(self) -> int:
        """Number of pieces of the graph, which nothing joins, and of classes drawn on one."""
        return self.most - len(self.heights)

    @property
    def place(self) -> NDArray[np.int64]:
        """``(n,)`` where each node is in the order."""
        found = np.empty(len(self.order), np.int64)
        found[self.order] = np.arange(len(found))
        return found

    def cut(self, n_segments: int) -> NDArray[np.int64]:
        """Divide the nodes into a number of segments; return the label of each node, from 1.

        Numbers beyond `fewest` and `most` are taken as these.
        """
        begins = self.births <= min(max(n_segments, self.fewest), self.most)
        labels = np.empty(len(self.order), np.int64)
        labels[self.order] = self.labels[self.births[begins] - 1][np.cumsum(begins) - 1]
        return labels

    @property
    def numbers(self) -> NDArray[np.int64]:
        """``(n,)`` label of the segment that begins at each node; 0 where none ever does."""
        found, begins = np.zeros(len(self.order), np.int64), self.births <= self.most
        found[self.order[begins]] = self.labels[self.births[begins] - 1]
        return found

    def segments_at(self, level: float) -> int:
        """Count the segments that are left when all is merged up to a height."""
        return self.fewest + int(np.count_nonzero(self.heights > level))


def linked(
    n: int,
    edges: NDArray[np.integer[Any]],
    heights: NDArray[np.floating[Any]],
    lengths: NDArray[np.floating[Any]],
    sizes: NDArray[Any],
    histograms: NDArray[np.floating[Any]] | None = None,
    *,
    linkage: Linkage = AVERAGE,
    drawn: NDArray[np.integer[Any]] | None = None,
) -> Tree:
    """Merge neighbours, those that a linkage says belong together first.

    Parameters
    ----------
    n : int
        Number of nodes, counted from 0.
    edges : ndarray of int
        ``(E, 2)``.
    heights, lengths : ndarray of float
        ``(E,)`` height and length of each border.
    sizes : ndarray
        ``(n,)`` pixels of each node: of two parts the larger keeps the number.
    histograms : ndarray of float, optional
        ``(n, D)`` as for `agglomerate`.
    linkage : Linkage
        What decides.
    drawn : ndarray of int, optional
        ``(n,)`` class from 1 that somebody drew on each node, 0 for none.
    """
    # It compiles, and so is loaded when a tree is wanted.
    from napari_selfseg.hierarchy._agglomeration import agglomerate

    if drawn is None or not np.any(drawn):
        merges = agglomerate(n, edges, heights, lengths, sizes, histograms, linkage=linkage)
        return _tree(merges, sizes, np.zeros(n, np.int64))
    graph = grouped(drawn, edges, heights, lengths, sizes, histograms)
    merges = agglomerate(
        len(graph.sizes),
        graph.edges,
        graph.heights,
        graph.lengths,
        graph.sizes,
        graph.histograms,
        linkage=linkage,
        apart=np.flatnonzero(graph.classes).tolist(),
    )
    return _spread(_tree(merges, graph.sizes, graph.classes), graph.of)


def merged(
    merges: Merges,
    sizes: NDArray[Any],
    drawn: NDArray[np.integer[Any]] | None = None,
    numbers: NDArray[np.int64] | None = None,
) -> Tree:
    """Merge nodes in a given order.

    Parameters
    ----------
    merges : Merges
        In ascending order of their heights. Where somebody drew, of the nodes that `grouped` makes.
    sizes, drawn
        As for `linked`.
    numbers : ndarray of int64, optional
        ``(n,)`` label that the segment shall have that begins at each node, if no class has it; 0
        for any.
    """
    if drawn is None or not np.any(drawn):
        return _tree(merges, sizes, np.zeros(len(sizes), np.int64), numbers)
    none: NDArray[np.float64] = np.zeros(0)
    graph = grouped(drawn, np.zeros((0, 2), np.int64), none, none, sizes)
    wanted = None if numbers is None else numbers[together(drawn)[0]]
    return _spread(_tree(merges, graph.sizes, graph.classes, wanted), graph.of)


def _tree(
    merges: Merges,
    sizes: NDArray[Any],
    classes: NDArray[np.int64],
    numbers: NDArray[np.int64] | None = None,
) -> Tree:
    """Put the nodes in a row: at each merge the stretch of the smaller follows the larger's."""
    n, m = len(sizes), len(merges.heights)
    # What was drawn on is larger than all else, so that it keeps its number.
    size = np.where(classes > 0, np.asarray(sizes).sum() + 1, sizes).tolist()
    first, last = list(range(n)), list(range(n))
    following, births = [-1] * n, [0] * n
    whole = set(range(n))
    rows = zip(merges.kept.tolist(), merges.gone.tolist(), strict=True)
    for step, (a, b) in enumerate(rows):
        large, small = (a, b) if size[a] >= size[b] else (b, a)
        following[last[large]] = first[small]
        births[first[small]] = n - step
        first[a], last[a] = first[large], last[small]
        size[a] += size[b]
        whole.discard(b)
    order = []
    for number, piece in enumerate(sorted(whole, key=lambda each: (-size[each], each)), start=1):
        births[first[piece]] = number
        node = first[piece]
        while node >= 0:
            order.append(node)
            node = following[node]
    places = np.array(order, np.int64)
    # Means of equal heights differ in their last digits.
    heights = np.maximum.accumulate(merges.heights)[::-1]
    found = np.array(births, np.int64)[places]
    born = places[np.argsort(found)]
    wanted = None if numbers is None else numbers[born]
    return Tree(places, found, heights[:m], _labels(classes[born], wanted))


def _labels(classes: NDArray[np.int64], wanted: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Number segments by class, others as is wanted, and in order by the numbers that are left."""
    labels = classes.copy()
    if wanted is not None:
        kept = (classes == 0) & ~np.isin(wanted, classes)
        labels[kept] = wanted[kept]
    open_ = labels == 0
    numbers = np.arange(1, len(labels) + 1 + int(classes.max(initial=0)))
    labels[open_] = numbers[~np.isin(numbers, labels)][: np.count_nonzero(open_)]
    return labels


def _spread(tree: Tree, of: NDArray[np.int64]) -> Tree:
    """Put nodes in the place of the groups they are in; no segment begins within a group."""
    place = tree.place
    order = np.argsort(place[of], kind="stable")
    at = place[of][order]
    births = np.full(len(order), tree.most + 1)
    first = np.flatnonzero(np.diff(at, prepend=-1))
    births[first] = tree.births
    return Tree(order, births, tree.heights, tree.labels)
