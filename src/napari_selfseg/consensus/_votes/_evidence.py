"""Label maps of one or several images, and the segments they agree on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_selfseg.consensus._image_evidence import ImageEvidence
from napari_selfseg.consensus._image_features import Pixels
from napari_selfseg.consensus._kind import Wanted
from napari_selfseg.consensus._sources import Borders, LabelMap, Parts, Source
from napari_selfseg.hierarchy import Hierarchy, weights
from napari_selfseg.regions import totals

__all__ = ["Evidence", "cut"]


class Evidence:
    """What label maps say about the superpixels of some images; nothing joins two images.

    Parameters
    ----------
    index : Tensor
        ``(N, *spatial)`` int64 superpixel of each pixel, numbered through from 1; 0 for no data.
    drawn : Tensor, optional
        ``(n + 1,)`` class from 1 that the user drew on each, 0 for none.

    Attributes
    ----------
    images : tuple of ImageEvidence
        One an image.
    sizes : ndarray of int64
        ``(n,)`` pixels of each superpixel.
    weights : ndarray of int64
        ``(n,)`` how much superpixels count when segments are numbered after others.
    """

    def __init__(self, index: Tensor, drawn: Tensor | None = None) -> None:
        self._index = index.cpu()
        classes = None if drawn is None else drawn[1:].cpu().numpy()
        self.images = tuple(_each(self._index.numpy(), classes))
        self.sizes: NDArray[np.int64] = np.concatenate([each.borders.sizes for each in self.images])
        self.weights = weights(self.sizes, classes)
        self._parts: tuple[Parts, ...] = ()
        self._shares: list[Tensor] = []

    def __bool__(self) -> bool:
        return any(self.images)

    def hear(self, source: Source) -> Iterator[Tensor]:
        """Let a source speak of each image; yield votes of a map of each, ``(n + 1,)`` from 1."""
        heard = map(ImageEvidence.hear, self.images, repeat(source), self._parts)
        for votes in zip(*heard, strict=True):
            yield _together(votes)

    def add(self, maps: Sequence[LabelMap]) -> Tensor:
        """Let a label map of each image speak, all of one family; return votes as `hear` does."""
        return _together([image.add(each) for image, each in zip(self.images, maps, strict=True)])

    def describe(self, maps: Sequence[LabelMap]) -> None:
        """Let classes that mean the same in every image tell segments apart; `maps` as in `add`."""
        shares = [image.shares(each)[1:] for image, each in zip(self.images, maps, strict=True)]
        self._shares.append(torch.from_numpy(np.concatenate(shares)))

    def see(self, seen: Sequence[Parts]) -> None:
        """Let the images themselves be read."""
        self._parts = tuple(seen)
        for image, each in zip(self.images, seen, strict=True):
            image.look = Pixels(each)

    def of_lines(self, kind: Wanted) -> bool:
        """Say whether label maps have no say in any image; see `ImageEvidence.of_lines`."""
        return all(each.of_lines(kind) for each in self.images)

    def hierarchies(
        self,
        level: float,
        kind: Wanted = "automatic",
        smallest: int = 0,
        *,
        in_passing: bool = False,
    ) -> tuple[Hierarchy, ...]:
        """Return the tree of segments of each image.

        Parameters
        ----------
        level : float
            Height at which they are cut when nobody says where.
        smallest : int
            Pixels of the smallest object; 0 finds them.
        in_passing : bool
            Whether more label maps follow: then nobody looks for objects yet.
        """
        how = {"in_passing": in_passing}
        return tuple(each.hierarchy(level, kind, smallest, **how) for each in self.images)

    def features(self, segments: NDArray[np.int64], image: Tensor) -> Tensor:
        """Describe segments, ``(S, D)``, by their mean colours and their share of each class.

        `segments` is that of each superpixel, ``(n,)`` from 0; `image` is ``(N, C, *spatial)``.
        """
        rows = image.movedim(1, -1).reshape(-1, image.shape[1]).cpu()
        pixels = torch.from_numpy(self.sizes)
        shares = [each.double() * pixels[:, None] for each in self._shares]
        total = totals(rows, self._index.flatten(), len(self.sizes))[1:]
        columns = torch.cat([total, *shares], dim=1)
        of = torch.from_numpy(segments)
        summed = columns.new_zeros(int(of.max()) + 1, columns.shape[1]).index_add_(0, of, columns)
        area = torch.from_numpy(np.bincount(segments, self.sizes))
        return (summed / area[:, None]).float()


def cut(hierarchies: Sequence[Hierarchy], n_segments: int, most: int) -> NDArray[np.int64]:
    """Cut the tree of each image.

    Parameters
    ----------
    n_segments : int
        How many segments an image; 0 for the automatic number of each.
    most : int
        Segments at most, of all images together.

    Returns
    -------
    ndarray of int64
        Segment of each superpixel of all images, from 1. No segments of two images have the same
        number, but for those of a class that was drawn, which is its number.
    """
    found: list[NDArray[np.int64]] = []
    last = max(int(_drawn(each).max(initial=0)) for each in hierarchies)
    for each in hierarchies:
        wanted = n_segments or each.automatic
        # Labels are numbered through all images, and `most` is for all of them.
        labels = each.tree.cut(min(wanted, most // len(hierarchies)))
        if found:
            # A class that was drawn has one number in all images; other segments get numbers of
            # their own.
            free = ~np.isin(labels, _drawn(each))
            numbers, which = np.unique(labels[free], return_inverse=True)
            labels[free] = last + 1 + np.arange(len(numbers))[which]
        last = max(last, int(labels.max()))
        found.append(labels)
    return np.concatenate(found)


def _together(votes: Sequence[NDArray[np.int64]]) -> Tensor:
    return torch.from_numpy(np.concatenate((votes[0][:1], *(each[1:] for each in votes))))


def _drawn(hierarchy: Hierarchy) -> NDArray[np.int64]:
    drawn = hierarchy.drawn
    return np.zeros(0, np.int64) if drawn is None else np.unique(drawn[drawn > 0])


def _each(index: NDArray[np.int64], drawn: NDArray[Any] | None) -> list[ImageEvidence]:
    found, before = [], 0
    for labels in index:
        # Superpixels are numbered through all images; one without any adds none.
        last = max(int(labels.max()), before)
        own = np.where(labels > 0, labels - before, 0).astype(np.int32)
        classes = None if drawn is None else drawn[before:last]
        found.append(ImageEvidence(Borders.of(own), classes))
        before = last
    return found
