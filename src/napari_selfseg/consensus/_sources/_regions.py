"""Regions at six scales, from the small parts of things to large ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from napari_selfseg.consensus._sources._image_blocks import Parts
from napari_selfseg.consensus._sources._label_maps import Borders, Said
from napari_selfseg.consensus._sources._touching import touching
from napari_selfseg.protocol import Found
from napari_selfseg.superpixels._felzenszwalb._felzenszwalb import felzenszwalb_at

__all__ = ["REGIONS", "Regions", "majority"]

# Scale and smallest size, of regions from small to large, in an image of as many pixels or more.
# A smaller image has as many superpixels, smaller ones, and its regions are smaller as well.
LARGE: Final = 481 * 321
SCALES: Final = ((50, 50), (100, 100), (200, 150), (400, 200), (800, 400), (1600, 600))


@dataclass(frozen=True)
class Regions:
    """Regions of Felzenszwalb and Huttenlocher: their most frequent one speaks for a superpixel.

    Regions are made block by block, and mean nothing in another: what is asked of a block is
    whether two superpixels that touch in it lie in one.
    """

    name: str = "regions"
    family: str = "regions"

    def learnt(self, parts: Parts) -> Found:
        """Find the scales; see `Source.learnt`."""
        share = min(parts.pixels / LARGE, 1.0)
        scales = [(share * scale, max(round(share * size), 1)) for scale, size in SCALES]
        return {"scales": np.array(scales, np.float64)}

    def of_block(self, learnt: Found, parts: Parts, number: int, superpixels: Any) -> Found:
        """Find the borders that regions divide; see `Source.of_block`."""
        seen, index = parts.seen(number), np.asarray(superpixels[parts.grid.outer(number)])
        ids, own = np.unique(index, return_inverse=True)
        own = own.reshape(index.shape)
        if ids[0] > 0:  # data everywhere
            ids, own = np.concatenate(([0], ids)), own + 1
        edges, lengths, _ = touching(own, parts.grid.crop(number))
        divided = np.zeros((len(learnt["scales"]), len(edges)), bool)
        if len(edges):
            scales = [(float(scale), int(size)) for scale, size in learnt["scales"]]
            for k, labels in enumerate(felzenszwalb_at(seen.image, seen.mask, scales)):
                votes = majority(own, labels, len(ids) - 1)
                divided[k] = votes[edges[:, 0]] != votes[edges[:, 1]]
        return {"edges": ids.astype(np.int64)[edges], "lengths": lengths, "divided": divided}

    def said(self, learnt: Found, blocks: Iterator[Found], of: Borders) -> Iterator[Said]:
        """Add up the lengths that are divided; see `Source.said`."""
        divided = np.zeros((len(learnt["scales"]), len(of.edges)), np.int32)
        keys = of.edges @ (of.n + 1, 1)
        for block in blocks:
            at = np.searchsorted(keys, block["edges"] @ (of.n + 1, 1))
            divided[:, at] += block["divided"] * block["lengths"]
        for each in divided:
            apart = each / of.lengths
            yield Said(self.family, apart, _votes(apart, of))


def majority(
    index: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], n: int
) -> NDArray[np.int64]:
    """Find the label most pixels of each superpixel have, from 1; the first of equal ones.

    Parameters
    ----------
    index : ndarray of int
        ``(*spatial)`` from 0 to n; 0 for no data.
    labels : ndarray of int
        ``(*spatial)`` from 0.

    Returns
    -------
    ndarray of int64
        ``(n + 1,)``; entry 0 is 0.
    """
    # Of thousands of regions a superpixel meets few: a table of all would take gigabytes.
    ones, most_labels = np.ones(index.size, np.int32), int(labels.max(initial=0)) + 1
    where = (index.ravel(), labels.ravel())
    table = sparse.coo_array((ones, where), shape=(n + 1, most_labels)).tocsr()
    table.sum_duplicates()
    rows, starts = np.diff(table.indptr) > 0, table.indptr[:-1]
    most = np.repeat(np.maximum.reduceat(table.data, starts[rows]), np.diff(table.indptr)[rows])
    first = np.flatnonzero(table.data == most)
    votes = np.zeros(n + 1, np.int64)
    row_of = np.repeat(np.arange(n + 1), np.diff(table.indptr))
    numbers, at = np.unique(row_of[first], return_index=True)
    votes[numbers] = 1 + table.indices[first[at]]
    votes[0] = 0
    return votes


def _votes(apart: NDArray[np.float64], of: Borders) -> NDArray[np.int64]:
    """Number what no border divides."""
    a, b = of.edges[apart < 0.5].T
    joined = sparse.coo_array((np.ones(len(a)), (a, b)), shape=(of.n + 1, of.n + 1))
    votes: NDArray[np.int64] = 1 + connected_components(joined, directed=False)[1].astype(np.int64)
    votes[0] = 0
    return votes


REGIONS: Final = Regions()
