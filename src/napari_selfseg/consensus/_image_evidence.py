"""What label maps say about the superpixels of one image, and the segments they agree on."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from napari_selfseg.consensus._kind import Kind, Wanted, kind_of
from napari_selfseg.consensus._line_borders import CUT, POWER, line_heights, smallest_cell
from napari_selfseg.consensus._object_tree import OWN_CUT, object_tree
from napari_selfseg.consensus._sources import LabelMap, Seen
from napari_selfseg.hierarchy import REGIONS, Hierarchy, Linkage, disagreement, globalised
from napari_selfseg.regions import adjacency
from napari_selfseg.superpixels._lines import Lines, find_lines, lights

__all__ = ["ImageEvidence"]

# Of the spectral step, where histograms speak; measured on the training images of BSDS500.
SPECTRAL: Final = 0.4


class ImageEvidence:
    """Label maps of one image, as votes and histograms of its superpixels.

    Parameters
    ----------
    superpixels : ndarray of int32
        ``(*spatial)`` contiguous from 1, 0 where there are no data.
    drawn : ndarray of int64, optional
        ``(n,)`` class from 1 that somebody drew on each, 0 for none.

    Attributes
    ----------
    n : int
        Number of superpixels.
    sizes : ndarray of int64
        ``(n,)`` pixels of each.
    seen : Seen or None
        The image itself, where it is known.
    """

    def __init__(
        self, superpixels: NDArray[np.int32], drawn: NDArray[np.int64] | None = None
    ) -> None:
        self.superpixels, self.drawn = superpixels, drawn
        self.n = int(superpixels.max(initial=0))
        self.sizes: NDArray[np.int64] = np.bincount(superpixels.ravel(), minlength=self.n + 1)[1:]
        self._flat = superpixels.astype(np.int64).ravel()
        index = torch.from_numpy(self._flat).view(superpixels.shape)
        # Lengths count pixels: a fit is applied where no pixel size is known.
        found = adjacency(index, self.n, (1.0,) * superpixels.ndim)
        self._edges, self._lengths = found.edges.numpy(), found.border.numpy()
        self.seen: Seen | None = None
        self._families: dict[str, list[NDArray[Any]]] = {}

    def __bool__(self) -> bool:
        return bool(self._families)

    def add(self, found: LabelMap) -> Tensor:
        """Let a label map speak.

        Parameters
        ----------
        found : LabelMap
            Of this image.

        Returns
        -------
        Tensor
            ``(n + 1,)`` the label most pixels of each superpixel have, from 1.
        """
        counted: NDArray[Any] = self.shares(found) if found.mixed else self._votes(found)
        self._families.setdefault(found.family, []).append(counted)
        votes = 1 + counted.argmax(axis=1) if found.mixed else counted
        votes[0] = 0
        return torch.from_numpy(votes)

    def shares(self, found: LabelMap) -> NDArray[np.float32]:
        """Return the share of each label among the pixels of each superpixel.

        Parameters
        ----------
        found : LabelMap
            Of this image.

        Returns
        -------
        ndarray of float32
            ``(n + 1, labels)``; entry 0 is 0.
        """
        key = self._flat * found.n + found.labels.ravel()
        counts = np.bincount(key, minlength=(self.n + 1) * found.n).reshape(-1, found.n)
        shares = np.zeros(counts.shape, np.float32)
        np.divide(counts[1:], self.sizes[:, None], out=shares[1:], casting="same_kind")
        return shares

    def _votes(self, found: LabelMap) -> NDArray[np.int64]:
        """Find the label most pixels of each superpixel have, from 1; the first of equal ones."""
        # Of thousands of regions a superpixel meets few: a table of all would take gigabytes.
        ones = np.ones(self._flat.size, np.int32)
        where = (self._flat, found.labels.ravel())
        table = sparse.coo_array((ones, where), shape=(self.n + 1, found.n)).tocsr()
        table.sum_duplicates()
        rows, starts = np.diff(table.indptr) > 0, table.indptr[:-1]
        most = np.repeat(np.maximum.reduceat(table.data, starts[rows]), np.diff(table.indptr)[rows])
        first = np.flatnonzero(table.data == most)
        votes = np.zeros(self.n + 1, np.int64)
        row_of = np.repeat(np.arange(self.n + 1), np.diff(table.indptr))
        numbers, at = np.unique(row_of[first], return_index=True)
        votes[numbers] = 1 + table.indices[first[at]]
        votes[0] = 0
        return votes

    def of_lines(self, kind: Wanted) -> bool:
        """Say whether segments are cells between lines, which label maps have no say in.

        Parameters
        ----------
        kind : str
            Which segments are wanted.

        Returns
        -------
        bool
        """
        if kind != "automatic" or self.seen is None:
            return kind == "lines"
        return self._lines.clear

    def hierarchy(
        self,
        level: float,
        kind: Wanted = "automatic",
        smallest: int = 0,
        *,
        in_passing: bool = False,
    ) -> Hierarchy:
        """Return the tree of segments that all maps so far agree on.

        Parameters
        ----------
        level : float
            Height at which it is cut when nobody says where.
        kind : str
            Which segments are wanted.
        smallest : int
            Pixels of the smallest object; 0 finds them.
        in_passing : bool
            Whether more label maps follow: then nobody looks for objects yet.

        Returns
        -------
        Hierarchy
        """
        base = self._regions(level, smallest)
        if self.seen is None or kind == "regions":
            return base
        found = kind_of(kind, self._lines, None)
        if found.name == "lines":
            return self._cells(base, found, smallest)
        if in_passing or (base.histograms is None and kind != "objects"):
            return base
        asked = kind == "objects"
        objects, merges = object_tree(base, self.seen.colours, smallest, asked)
        found = kind_of(kind, self._lines, objects)
        return dataclasses.replace(base, merges=merges, words=found.words)

    def _regions(self, level: float, smallest: int) -> Hierarchy:
        apart = disagreement(self._families, self._edges)
        edges = self._edges - 1
        heights = globalised(self.n, edges, apart, self._lengths, share=SPECTRAL)
        small = smallest / max(int(self.sizes.sum()), 1) if smallest else REGIONS.small
        return Hierarchy(
            self.superpixels,
            self._edges,
            self._lengths,
            apart,
            heights,
            level,
            self.drawn,
            self._histograms(),
            dataclasses.replace(REGIONS, small=small),
        )

    def _cells(self, base: Hierarchy, found: Kind, smallest: int) -> Hierarchy:
        seen, ones = cast(Seen, self.seen), np.ones(self.superpixels.ndim)
        _, heights, _ = line_heights(self.superpixels, _filled(seen), ones, found.lines)
        small = (smallest or smallest_cell(found.lines, ones)) / max(int(self.sizes.sum()), 1)
        return dataclasses.replace(
            base,
            # All trees are cut at one height.
            heights=heights * (OWN_CUT / CUT),
            histograms=None,
            linkage=Linkage(power=POWER, small=small, relative=False),
            words=found.words,
        )

    @cached_property
    def _lines(self) -> Lines:
        seen = cast(Seen, self.seen)
        return find_lines(lights(_filled(seen)), np.ones(seen.mask.ndim), seen.mask)

    def _histograms(self) -> NDArray[np.float32] | None:
        """Put the histograms of all maps side by side: half an L1 distance is their mean."""
        mixed = [each for maps in self._families.values() for each in maps if each.ndim == 2]
        if not mixed:
            return None
        found: NDArray[np.float32] = np.concatenate([each[1:] for each in mixed], axis=1)
        found /= len(mixed)
        return found


def _filled(seen: Seen) -> NDArray[np.float32]:
    """Return the image with its mean where there are no data, which may hold anything."""
    if seen.mask.all():
        return seen.image
    found = seen.image.copy()
    found[~seen.mask] = seen.image[seen.mask].mean(axis=0, dtype=np.float64)
    return found
