"""What label maps say about the superpixels of one image, and the segments they agree on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg.consensus._kind import Kind, Wanted, kind_of
from napari_selfseg.consensus._line_borders import CUT, POWER, line_heights, smallest_cell
from napari_selfseg.consensus._object_tree import OWN_CUT, object_tree
from napari_selfseg.consensus._sources import (
    Borders,
    LabelMap,
    Parts,
    Said,
    Source,
    majority,
    shares_of,
    tabled,
)
from napari_selfseg.hierarchy import REGIONS, Hierarchy, Linkage, globalised
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
    parts : Parts or None
        The image itself, where it is known.
    """

    def __init__(
        self, superpixels: NDArray[np.int32], drawn: NDArray[np.int64] | None = None
    ) -> None:
        self.superpixels, self.drawn = superpixels, drawn
        self.n = int(superpixels.max(initial=0))
        self.sizes: NDArray[np.int64] = np.bincount(superpixels.ravel(), minlength=self.n + 1)[1:]
        index = torch.from_numpy(superpixels.astype(np.int64))
        # Lengths count pixels: a fit is applied where no pixel size is known.
        found = adjacency(index, self.n, (1.0,) * superpixels.ndim)
        self._edges, self._lengths = found.edges.numpy(), found.border.numpy()
        self.parts: Parts | None = None
        self._apart: dict[str, list[NDArray[np.float64]]] = {}
        self._shares: list[NDArray[np.float32]] = []

    def __bool__(self) -> bool:
        return bool(self._apart)

    def hear(self, source: Source) -> Iterator[NDArray[np.int64]]:
        """Let a source speak, one label map after the other.

        Parameters
        ----------
        source : Source
            Of label maps of the image, which is known.

        Yields
        ------
        ndarray of int64
            ``(n + 1,)`` the label of each superpixel, from 1.
        """
        borders = Borders(self.superpixels, self.n, self._edges)
        for said in source.said(cast(Parts, self.parts), borders):
            yield self._take(said)

    def add(self, found: LabelMap) -> NDArray[np.int64]:
        """Let a label map speak.

        Parameters
        ----------
        found : LabelMap
            Of this image.

        Returns
        -------
        ndarray of int64
            ``(n + 1,)`` the label most pixels of each superpixel have, from 1.
        """
        votes = majority(self.superpixels, found.labels, self.n)
        a, b = self._edges.T
        return self._take(Said(found.family, (votes[a] != votes[b]).astype(np.float64), votes))

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
        counts = np.zeros((self.n + 1, found.n), np.int64)
        ids, counted = tabled(self.superpixels, found.labels, found.n)
        counts[ids] = counted
        return shares_of(counts)

    def _take(self, said: Said) -> NDArray[np.int64]:
        self._apart.setdefault(said.family, []).append(said.apart)
        if said.shares is not None:
            self._shares.append(said.shares)
        return said.votes

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
        if kind != "automatic" or self.parts is None:
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
        if self.parts is None or kind == "regions":
            return base
        found = kind_of(kind, self._lines, None)
        if found.name == "lines":
            return self._cells(base, found, smallest)
        if in_passing or (base.histograms is None and kind != "objects"):
            return base
        asked = kind == "objects"
        objects, merges = object_tree(base, self.parts, smallest, asked)
        found = kind_of(kind, self._lines, objects)
        return dataclasses.replace(base, merges=merges, words=found.words)

    def _regions(self, level: float, smallest: int) -> Hierarchy:
        apart = np.mean([np.mean(maps, axis=0) for maps in self._apart.values()], axis=0)
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
        ones = np.ones(self.superpixels.ndim)
        image = _filled(*_all_of(cast(Parts, self.parts)))
        _, heights, _ = line_heights(self.superpixels, image, ones, found.lines)
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
        image, mask = _all_of(cast(Parts, self.parts))
        return find_lines(lights(_filled(image, mask)), np.ones(mask.ndim), mask)

    def _histograms(self) -> NDArray[np.float32] | None:
        """Put the histograms of all maps side by side: half an L1 distance is their mean."""
        if not self._shares:
            return None
        found: NDArray[np.float32] = np.concatenate([each[1:] for each in self._shares], axis=1)
        found /= len(self._shares)
        return found


def _all_of(parts: Parts) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    return parts.picture.window(tuple(slice(0, n) for n in parts.picture.shape))


def _filled(image: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the image with its mean where there are no data, which may hold anything."""
    if mask.all():
        return image
    found = image.copy()
    found[~mask] = image[mask].mean(axis=0, dtype=np.float64)
    return found
