"""What label maps say about the superpixels of one image, and the segments they agree on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._image_features import Look
from napari_selfseg.consensus._kind import Kind, Wanted, kind_of
from napari_selfseg.consensus._line_borders import CUT, POWER, smallest_cell
from napari_selfseg.consensus._objects._object_tree import OWN_CUT, object_tree
from napari_selfseg.consensus._sources import (
    Borders,
    LabelMap,
    Parts,
    Said,
    Source,
    heard,
    majority,
    shares_of,
    tabled,
)
from napari_selfseg.consensus._spectral import spectral
from napari_selfseg.hierarchy import REGIONS, Hierarchy, Linkage

__all__ = ["ImageEvidence"]


class ImageEvidence:
    """Label maps of one image, as distances along the borders of its superpixels, and histograms.

    Parameters
    ----------
    borders : Borders
        The superpixels, and where they touch.
    drawn : ndarray of int64, optional
        ``(n,)`` class from 1 that somebody drew on each, 0 for none.

    Attributes
    ----------
    look : Look or None
        The image itself, where it is known.
    """

    def __init__(self, borders: Borders, drawn: NDArray[np.int64] | None = None) -> None:
        self.borders, self.drawn = borders, drawn
        self.look: Look | None = None
        # By family the sum over its maps, and how many these are.
        self._apart: dict[str, tuple[NDArray[np.float64], int]] = {}
        self._shares: list[NDArray[np.float32]] = []

    def __bool__(self) -> bool:
        return bool(self._apart)

    @property
    def maps(self) -> int:
        """How many label maps have spoken."""
        return sum(count for _, count in self._apart.values())

    def hear(self, source: Source, parts: Parts) -> Iterator[NDArray[np.int64]]:
        """Let a source speak: yield the label of each superpixel, from 1, map by map."""
        for said in heard(source, parts, self.borders):
            yield self.take(said)

    def add(self, found: LabelMap) -> NDArray[np.int64]:
        """Let a label map speak; return the label most pixels of each superpixel have."""
        votes = majority(self.borders.superpixels, found.labels, self.borders.n)
        a, b = self.borders.edges.T
        return self.take(Said(found.family, (votes[a] != votes[b]).astype(np.float64), votes))

    def shares(self, found: LabelMap) -> NDArray[np.float32]:
        """Return the share of each label in each superpixel, ``(n + 1, labels)``; entry 0 is 0."""
        counts = np.zeros((self.borders.n + 1, found.n), np.int64)
        ids, counted = tabled(self.borders.superpixels, found.labels, found.n)
        counts[ids] = counted
        return shares_of(counts)

    def take(self, said: Said) -> NDArray[np.int64]:
        """Remember what a label map says of these superpixels, and return its votes."""
        total, count = self._apart.get(said.family, (0.0, 0))
        self._apart[said.family] = (total + said.apart, count + 1)
        if said.shares is not None:
            self._shares.append(said.shares)
        return said.votes

    def of_lines(self, kind: Wanted) -> bool:
        """Say whether segments are cells between lines, which label maps have no say in."""
        if kind != "automatic" or self.look is None:
            return kind.endswith("lines")
        return self.look.lines.clear

    def hierarchy(
        self,
        level: float,
        kind: Wanted = "automatic",
        smallest: int = 0,
        *,
        in_passing: bool = False,
        last: bool = False,
    ) -> Hierarchy:
        """Return the tree of segments that all maps so far agree on.

        Parameters
        ----------
        level : float
            Height at which it is cut when nobody says where.
        smallest : int
            Pixels of the smallest object; 0 finds them.
        in_passing : bool
            Whether more label maps follow: then nobody looks for objects yet.
        last : bool
            Whether nothing is asked of this after that, so that its memory can be used.
        """
        base, look = self._regions(level, smallest, self._histograms(last)), self.look
        if look is None or kind == "regions":
            return base
        found = kind_of(kind, look.lines, None)
        if found.name == "lines":
            return self._cells(base, look, found, smallest)
        if in_passing or (base.histograms is None and kind != "objects"):
            return base
        leaves = partial(look.pieces, self.borders)
        objects, merges = object_tree(base, leaves, smallest, kind == "objects")
        found = kind_of(kind, look.lines, objects)
        return dataclasses.replace(base, merges=merges, words=found.words)

    def _regions(
        self, level: float, smallest: int, histograms: NDArray[np.float32] | None
    ) -> Hierarchy:
        superpixels, sizes, edges, lengths, _ = self.borders
        apart = np.mean([total / count for total, count in self._apart.values()], axis=0)
        heights = spectral(self.borders, apart, None if self.look is None else self.look.grid)
        small = smallest / max(int(sizes.sum()), 1) if smallest else REGIONS.small
        return Hierarchy(
            superpixels,
            edges,
            lengths,
            apart,
            heights,
            level,
            self.drawn,
            histograms,
            dataclasses.replace(REGIONS, small=small),
            counts=None if superpixels.size else sizes,
        )

    def _cells(self, base: Hierarchy, look: Look, found: Kind, smallest: int) -> Hierarchy:
        ones = np.ones(base.superpixels.ndim)
        small = (smallest or smallest_cell(found.lines, ones)) / max(int(base.sizes.sum()), 1)
        return dataclasses.replace(
            base,
            # All trees are cut at one height.
            heights=look.line_heights(self.borders) * (OWN_CUT / CUT),
            histograms=None,
            linkage=Linkage(power=POWER, small=small, relative=False),
            words=found.words,
        )

    def _histograms(self, last: bool) -> NDArray[np.float32] | None:
        """Put the histograms of all maps side by side: half an L1 distance is their mean."""
        if not self._shares:
            return None
        # The last time they are used up one by one: there need be no memory for both.
        shares = self._shares if last else list(self._shares)
        count, widths = len(shares), [each.shape[1] for each in shares]
        found = np.empty((self.borders.n, sum(widths)), np.float32)
        for start, width in zip(np.cumsum([0, *widths]), widths, strict=False):
            np.divide(shares.pop(0)[1:], count, out=found[:, start : start + width])
        return found
