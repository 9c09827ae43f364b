"""The tree of an image with objects on a background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._objects._nested import Graph, nested
from napari_selfseg.consensus._objects._nodes import nodes
from napari_selfseg.consensus._objects._objects import LARGEST, Objects, find_objects
from napari_selfseg.consensus._objects._pieces import Pieces
from napari_selfseg.hierarchy import Hierarchy, Linkage
from napari_selfseg.hierarchy._contraction import Merges
from napari_selfseg.hierarchy._drawn import Grouped, grouped

__all__ = ["OWN_CUT", "object_tree"]

Leaves: TypeAlias = Callable[[NDArray[np.float32]], Pieces]

# Small regions go first by far, so that a small object is a node before it is lost in the ground.
_OBJECTS: Final = Linkage(region_weight=0.4, power=0.5, small=0.0005, relative=False)
# Where all trees of a consensus are cut when nobody says where.
OWN_CUT: Final = 0.59


def object_tree(
    base: Hierarchy, leaves: Leaves, smallest: int, asked: bool
) -> tuple[Objects, Merges | None]:
    """Look for objects, and make a tree of them and the rest where they are clear.

    Parameters
    ----------
    base : Hierarchy
        Of regions, with histograms.
    leaves : callable
        Given the histograms of the superpixels, measures them.
    smallest : int
        Pixels of an object at least; 0 for those of most images.
    asked : bool
        Whether a tree is wanted even where objects are not clear.

    Returns
    -------
    objects : Objects
        What was found, by the nodes of `grouped` where somebody drew.
    merges : Merges or None
        For `Hierarchy`.
    """
    # It compiles, and so is loaded when a tree is wanted.
    from napari_selfseg.hierarchy._agglomeration import agglomerate

    found, heights, alone = _bound(base, leaves)

    def merged(graph: Graph, apart: NDArray[np.int64], linkage: Linkage) -> Merges:
        return agglomerate(len(graph.sizes), *graph, linkage=linkage, apart=apart.tolist())

    graph = Graph(found.edges, heights, found.lengths, found.sizes, found.histograms)
    inner = merged(graph, alone, _OBJECTS)
    of = nodes(inner, found, LARGEST * float(found.sizes.sum()))
    objects = find_objects(of, found, smallest)
    if not (asked or objects.clear):
        return objects, None
    regions = merged(graph, alone, base.linkage)

    def above(smaller: Graph, group: NDArray[np.int64]) -> Merges:
        return merged(smaller, np.unique(group[alone]), base.linkage)

    return objects, nested(graph, objects.of, inner, regions, above, OWN_CUT)


def _bound(
    base: Hierarchy, leaves: Leaves
) -> tuple[Pieces, NDArray[np.float64], NDArray[np.int64]]:
    """Return the superpixels, heights of their borders, and which of them no two are ever one."""
    histograms = base.histograms
    if histograms is None:
        histograms = np.zeros((len(base.sizes), 0), np.float32)
    found = leaves(histograms)
    if base.drawn is None or not base.drawn.any():
        return found, base.heights, np.zeros(0, np.int64)
    graph = grouped(
        base.drawn, found.edges, base.heights, found.lengths, found.sizes, found.histograms
    )
    return _together(found, graph), graph.heights, np.flatnonzero(graph.classes)


def _together(leaves: Pieces, graph: Grouped) -> Pieces:
    n = len(graph.sizes)

    def total(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros((n, *rows.shape[1:]))
        np.add.at(found, graph.of, rows)
        return found

    sizes = total(leaves.sizes)
    colours = total(leaves.colours * leaves.sizes[:, None]) / np.maximum(sizes, 1)[:, None]
    histograms = np.zeros((n, 0), np.float32) if graph.histograms is None else graph.histograms
    moments, rims = total(leaves.moments), total(leaves.rims)
    return Pieces(sizes, moments, rims, graph.edges, graph.lengths, colours, histograms)
