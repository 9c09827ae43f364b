"""The consensus of many label maps of an image: a tree of segments over its superpixels."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg.hierarchy._agreement import disagreement
from napari_selfseg.hierarchy._binding import forest, joining, strokes_on
from napari_selfseg.hierarchy._contraction import Merges
from napari_selfseg.hierarchy._drawn import drawn_on, grouped, weights
from napari_selfseg.hierarchy._globalisation import globalised
from napari_selfseg.hierarchy._level import height_at
from napari_selfseg.hierarchy._linkage import AVERAGE, Linkage
from napari_selfseg.hierarchy._matching import matched
from napari_selfseg.hierarchy._multicut import multicut
from napari_selfseg.hierarchy._tree import Tree, linked, merged
from napari_selfseg.regions import adjacency

__all__ = ["Hierarchy"]

# For the iterations of one network; measured on the training images of BSDS500.
LEVEL = 0.8


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Segments of an image at every granularity.

    Attributes
    ----------
    superpixels : ndarray of int32
        ``(*spatial)`` from 1, 0 where there are no data.
    edges : ndarray of int64
        ``(E, 2)`` superpixels that touch, the smaller number first.
    lengths : ndarray of float64
        ``(E,)`` length of their border (area in a volume), in pixels.
    disagreement : ndarray of float64
        ``(E,)`` share of the label maps that divide the two, families counted equally.
    heights : ndarray of float64
        ``(E,)`` what the segments are made from: the disagreement, after the spectral step where
        it was wanted.
    level : float
        Where borders stay when nobody says how many segments there should be (`height_at`).
    drawn : ndarray of int64 or None
        ``(n,)`` class from 1 that somebody drew on each superpixel, 0 for none. In every cut a
        class is one segment, which has its number; no two share one.
    histograms : ndarray of float32 or None
        ``(n, D)`` what each superpixel is like, as for `agglomerate`.
    linkage : Linkage
        What decides which segments become one.
    merges : Merges or None
        Instead: in which order they do, as for `merged`.
    numbers : ndarray of int64 or None
        ``(n,)`` label of the segment that begins at each superpixel, as for `merged`.
    words : str
        Which kind of tree it is, in a sentence.
    counts : ndarray of int64 or None
        ``(n,)`` pixels of each superpixel, where these are not at hand and `superpixels` is empty.
    """

    superpixels: NDArray[np.int32]
    edges: NDArray[np.int64]
    lengths: NDArray[np.float64]
    disagreement: NDArray[np.float64]
    heights: NDArray[np.float64]
    level: float = LEVEL
    drawn: NDArray[np.int64] | None = None
    histograms: NDArray[np.float32] | None = None
    linkage: Linkage = AVERAGE
    merges: Merges | None = None
    numbers: NDArray[np.int64] | None = None
    words: str = ""
    counts: NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls,
        superpixels: NDArray[np.int32],
        families: Mapping[str, Sequence[NDArray[np.integer[Any]]]],
        *,
        spectral: bool = True,
        level: float = LEVEL,
        scribbles: NDArray[np.integer[Any]] | None = None,
    ) -> Hierarchy:
        """Count in how many maps neighbours differ.

        Parameters
        ----------
        superpixels : ndarray of int32
            ``(*spatial)`` contiguous from 1, 0 where there are no data.
        families : mapping of str to sequence of ndarray
            Label maps that belong together, such as the iterations of one run: ``(n + 1,)``, one
            label a superpixel; entry 0 is not read. Every family counts the same.
        spectral : bool
            Whether to weigh what a border means for the whole image (`globalised`).
        level : float
            As the attribute.
        scribbles : ndarray of int, optional
            ``(*spatial)`` classes from 1, 0 where nothing was drawn; superpixels hold one class
            each (`divided`).

        Raises
        ------
        ValueError
            When there is no map.
        """
        n = int(superpixels.max())
        index = torch.from_numpy(superpixels.astype(np.int64))
        # Pixels, as a fit of a consensus is applied where no pixel size is known.
        found = adjacency(index, n, (1.0,) * superpixels.ndim)
        edges, lengths = found.edges.numpy(), found.border.numpy()
        apart = disagreement(families, edges)
        heights = globalised(n, edges - 1, apart, lengths) if spectral else apart
        drawn = None if scribbles is None else drawn_on(superpixels, scribbles)
        return cls(superpixels, edges, lengths, apart, heights, level, drawn)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """``(n,)`` pixels of each superpixel."""
        if self.counts is not None:
            return self.counts
        return np.bincount(self.superpixels.ravel())[1:]

    @cached_property
    def tree(self) -> Tree:
        """Segments that nest."""
        if self.merges is not None:
            return merged(self.merges, self.sizes, self.drawn, self.numbers)
        return linked(
            len(self.sizes),
            self.edges - 1,
            self.heights,
            self.lengths,
            self.sizes,
            self.histograms,
            linkage=self.linkage,
            drawn=self.drawn,
        )

    def bound(self, scribbles: NDArray[np.integer[Any]]) -> Hierarchy:
        """Bind it to strokes, in place of those it was made with; in a moment, with no evidence.

        Parameters
        ----------
        scribbles : ndarray of int
            ``(*spatial)`` classes from 1, 0 where nothing was drawn. No cut of what is returned
            has two classes in one segment, and a class is one that has its number.

        Returns
        -------
        Hierarchy
            Of the same segments with the same labels where no class has a say.

        Raises
        ------
        ValueError
            When the shapes differ.
        """
        now = strokes_on(self.superpixels, self.edges, self.lengths, scribbles)
        tree = self.tree if self.drawn is None or now.keep(self.drawn) else self._undrawn
        edges, P = now.edges - 1, self.histograms
        heights = joining(tree, now.parent[edges])
        numbers = np.zeros(len(now.parent), np.int64)
        numbers[: len(self.sizes)] = tree.numbers
        return dataclasses.replace(
            self,
            superpixels=now.superpixels,
            edges=now.edges,
            lengths=now.lengths,
            disagreement=_of(self.disagreement, now.within),
            heights=_of(self.heights, now.within),
            drawn=now.drawn,
            histograms=P if P is None else P[now.parent],
            merges=forest(now.drawn, edges, heights, tree.place[now.parent]),
            numbers=numbers,
        )

    @cached_property
    def _undrawn(self) -> Tree:
        """The tree as it is where nothing was drawn; one that was given cannot be made again."""
        return self.tree if self.merges is not None else dataclasses.replace(self, drawn=None).tree

    @property
    def automatic(self) -> int:
        """Number of segments when nobody says one: those left at the `level`."""
        return self._segments_at(self.level)

    def cut(
        self,
        n_segments: int | None = None,
        *,
        level: float | None = None,
        bias: float | None = None,
    ) -> NDArray[Any]:
        """Return one partition as a label map; with no arguments the `automatic` one.

        Parameters
        ----------
        n_segments : int, optional
            How many segments.
        level : float, optional
            Instead: divide where the height is above this level, 0 to 1, which may be taken
            relative to the heights of the image (`Linkage`).
        bias : float, optional
            Instead: the partition that pays most (`multicut`), with no number to be given; more
            gives fewer segments.

        Returns
        -------
        ndarray of uint8, uint16 or uint32
            ``(*spatial)``, segments from 1, 0 where there are no data. A new array. Numbers are
            those of the tree, so that a segment of two cuts has the same number in both, and that
            of a class that somebody drew has the number of the class.

        Raises
        ------
        ValueError
            When more than one of the three is given, or the number is not positive.

        Warns
        -----
        UserWarning
            When there cannot be as few, or as many, segments: the nearest number is taken.
        """
        return self.project(self.votes(n_segments, level=level, bias=bias))

    def votes(
        self,
        n_segments: int | None = None,
        *,
        level: float | None = None,
        bias: float | None = None,
    ) -> NDArray[np.int64]:
        """Return one partition as a segment a superpixel.

        Parameters
        ----------
        n_segments, level, bias
            As in `cut`.

        Returns
        -------
        ndarray of int64
            ``(n + 1,)`` segments from 1; entry 0 is 0.

        Raises
        ------
        ValueError
            As in `cut`.
        """
        if sum(each is not None for each in (n_segments, level, bias)) > 1:
            raise ValueError("Say how to cut with one of n_segments, level and bias.")
        if bias is not None:
            found = self._multicut(bias)
        elif n_segments is not None:
            found = self.tree.cut(self._possible(n_segments))
        else:
            found = self.tree.cut(self._segments_at(self.level if level is None else level))
        return np.concatenate(([0], found))

    def project(self, votes: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Write a segment a superpixel onto the pixels.

        Parameters
        ----------
        votes : ndarray of int
            ``(n + 1,)``.

        Returns
        -------
        ndarray of uint8, uint16 or uint32
            ``(*spatial)``.
        """
        return np.take(votes.astype(np.min_scalar_type(int(votes.max()))), self.superpixels)

    def borders(self) -> NDArray[np.float32]:
        """Return how sure each border is, as an image.

        Returns
        -------
        ndarray of float32
            ``(*spatial)``: on the pixels at a border of two superpixels the share of label maps
            that divide them (the largest where several borders meet), 0 elsewhere.
        """
        image = np.zeros(self.superpixels.shape, np.float32)
        n = len(self.sizes)
        keys = self.edges[:, 0] * (n + 1) + self.edges[:, 1]
        for axis in range(image.ndim):
            one, other = (
                (slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None))
            )
            a, b = self.superpixels[one].astype(np.int64), self.superpixels[other].astype(np.int64)
            low, high = np.minimum(a, b), np.maximum(a, b)
            at = (low > 0) & (low != high)
            found = np.searchsorted(keys, low[at] * (n + 1) + high[at])
            for side in (one, other):
                image[side][at] = np.maximum(image[side][at], self.disagreement[found])
        return image

    def _segments_at(self, level: float) -> int:
        if self.linkage.relative:
            level = height_at(level, self.heights, self.lengths)
        return self.tree.segments_at(level)

    def _possible(self, n_segments: int) -> int:
        if n_segments < 1:
            raise ValueError(f"The number of segments must be 1 or more, not {n_segments}.")
        found = min(max(n_segments, self.tree.fewest), self.tree.most)
        if found != n_segments:
            pieces = "pieces" if self.drawn is None else "drawn classes and pieces"
            why = (
                f"there are only {found} superpixels"
                if found < n_segments
                else f"the data lie in {found} {pieces} that do not touch"
            )
            warnings.warn(f"{n_segments} segments cannot be made, as {why}.", stacklevel=4)
        return found

    def _multicut(self, bias: float) -> NDArray[np.int64]:
        labels = self._uncounted(bias)
        alike = self.tree.cut(int(labels.max()) + 1)
        return matched(labels, alike, weights(self.sizes, self.drawn))

    def _uncounted(self, bias: float) -> NDArray[np.int64]:
        """Return the partition that pays most, numbered anyhow."""
        n, edges = len(self.sizes), self.edges - 1
        if self.drawn is None:
            return multicut(n, edges, self.heights, self.lengths, bias)
        graph = grouped(self.drawn, edges, self.heights, self.lengths, self.sizes)
        apart = np.flatnonzero(graph.classes).tolist()
        n, edges = len(graph.sizes), graph.edges
        return multicut(n, edges, graph.heights, graph.lengths, bias, apart)[graph.of]


def _of(values: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what borders have that are parts of others; nothing divides parts of a superpixel."""
    return np.where(edges < 0, 0.0, values[edges])
