"""Label maps of one or several images, and the segments they agree on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.hierarchy import (
    average_linkage,
    disagreement,
    globalised,
    height_at,
    weights,
)
from napari_selfseg.regions import adjacency, areas, totals, vote

__all__ = ["Evidence"]


class Evidence:
    """Votes of label maps on the superpixels of some images; nothing joins two images.

    Parameters
    ----------
    index : Tensor
        ``(N, *spatial)`` int64 superpixel of each pixel, numbered through from 1; 0 for no data.
    n : int
        Number of superpixels.
    drawn : Tensor, optional
        ``(n + 1,)`` class from 1 that the user drew on each, 0 for none.

    Attributes
    ----------
    weights : ndarray of int64
        ``(n,)`` how much superpixels count when segments are numbered after others.
    """

    def __init__(self, index: Tensor, n: int, drawn: Tensor | None = None) -> None:
        self._index, self._n = index, n
        self._drawn = None if drawn is None else drawn[1:].cpu().numpy()
        # Lengths count pixels: a fit is applied where no pixel size is known.
        found = [adjacency(each, n, (1.0,) * each.ndim) for each in index]
        self._edges = torch.cat([each.edges for each in found]).cpu().numpy()
        self._lengths = torch.cat([each.border for each in found]).cpu().numpy()
        self._families: dict[str, list[NDArray[Any]]] = {}
        self._shares: list[Tensor] = []
        self.sizes: NDArray[np.int64] = areas(index, n)[1:].cpu().numpy()
        self.weights = weights(self.sizes, self._drawn)

    def __bool__(self) -> bool:
        return bool(self._families)

    def add(self, family: str, labels: Tensor, n_classes: int) -> Tensor:
        """Let a label map vote.

        Parameters
        ----------
        family : str
            Maps of one name count as one.
        labels : Tensor
            ``(N, *spatial)`` int64 from 0.
        n_classes : int
            Number of labels.

        Returns
        -------
        Tensor
            ``(n + 1,)`` votes, from 1.
        """
        votes = vote(labels, self._index, self._n, n_classes)
        self._families.setdefault(family, []).append(votes.cpu().numpy())
        return votes

    def describe(self, labels: Tensor, n_classes: int) -> None:
        """Let classes that mean the same in every image tell segments apart.

        Parameters
        ----------
        labels, n_classes
            As in `add`.
        """
        key = (self._index * n_classes + labels).flatten()
        counts = torch.bincount(key, minlength=(self._n + 1) * n_classes)
        self._shares.append(counts.view(self._n + 1, n_classes)[1:].cpu())

    def cut(self, level: float, n_segments: int, most: int) -> NDArray[np.int64]:
        """Merge neighbours that few maps divide.

        Parameters
        ----------
        level : float
            Where to end, as for `height_at`.
        n_segments : int
            Instead: how many segments are left; 0 goes by the level.
        most : int
            Segments at most.

        Returns
        -------
        ndarray of int64
            ``(n,)`` segment of each superpixel, from 1.
        """
        edges = self._edges - 1
        heights = disagreement(self._families, self._edges)
        heights = globalised(self._n, edges, heights, self._lengths)
        tree = average_linkage(self._n, edges, heights, self._lengths, self.sizes, self._drawn)
        wanted = n_segments or tree.segments_at(height_at(level, heights, self._lengths))
        return tree.cut(min(wanted, most))

    def features(self, segments: NDArray[np.int64], image: Tensor) -> Tensor:
        """Describe segments by their mean colours, and their share of each class.

        Parameters
        ----------
        segments : ndarray of int64
            ``(n,)`` segment of each superpixel, from 0.
        image : Tensor
            ``(N, C, *spatial)``.

        Returns
        -------
        Tensor
            ``(S, D)`` float32 on the CPU.
        """
        rows = image.movedim(1, -1).reshape(-1, image.shape[1])
        total = totals(rows, self._index.flatten(), self._n)
        columns = torch.cat([total[1:].cpu(), *(each.double() for each in self._shares)], dim=1)
        of = torch.from_numpy(segments)
        summed = columns.new_zeros(int(of.max()) + 1, columns.shape[1]).index_add_(0, of, columns)
        pixels = torch.from_numpy(np.bincount(segments, self.sizes))
        return (summed / pixels[:, None]).float()
