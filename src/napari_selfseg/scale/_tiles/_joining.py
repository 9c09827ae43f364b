"""Connected objects of a large image: pieces of tiles, joined across the faces between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.labelmaps import join
from napari_selfseg.objects import connected
from napari_selfseg.protocol import Grid

__all__ = ["Face", "across_seams", "face_of", "joined", "pieces_of", "touching"]

Labels = NDArray[np.integer[Any]]


class Face(NamedTuple):
    """The outermost pixels of a tile on one side.

    `pieces` are numbered within the tile, from 1, 0 is no data; `classes` are theirs.
    """

    pieces: Labels
    classes: Labels


def pieces_of(classes: Labels) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Find the connected pieces of a tile of classes, where 0 is no data.

    Returns
    -------
    pieces : ndarray of int32
        From 1.
    sizes : ndarray of int64
        ``(n,)`` pixels of each.
    """
    pieces = connected(classes)
    return pieces, np.bincount(pieces.ravel(), minlength=1)[1:].astype(np.int64)


def face_of(pieces: Labels, classes: Labels, axis: int, last: bool) -> Face:
    """Take one face of a tile, across `axis`: the last one, or the first."""
    at = [slice(None)] * pieces.ndim
    at[axis] = slice(-1, None) if last else slice(1)
    return Face(pieces[tuple(at)], classes[tuple(at)])


def joined(
    sizes: Sequence[NDArray[np.int64]],
    faces: Iterable[tuple[int, Face, int, Face]],
    *,
    minimum_size: int = 0,
) -> list[NDArray[np.int64]]:
    """Number objects through a whole image, by one union over all faces.

    Two pieces are one object where they touch across a face and have the same class.

    Parameters
    ----------
    faces : iterable
        A tile and its last face, the next tile and its first face.
    minimum_size : int
        Objects of fewer pixels become 0.

    Returns
    -------
    list of ndarray of int64
        For each tile the number of each of its pieces, ``(n + 1,)`` with 0 for 0; objects count
        from 1 in the order of the tiles.
    """
    # Pieces are numbered through, tile after tile: those of tile t begin at `first[t]`.
    first = np.concatenate(([0], np.cumsum([len(each) for each in sizes]))).astype(np.int64)
    pairs = [touching(first[a], one, first[b], other) for a, one, b, other in faces]
    ends = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)
    n = int(first[-1])
    owner = join(ends, n)
    count = int(owner.max(initial=-1)) + 1
    pixels = np.bincount(owner, np.concatenate([*sizes, np.zeros(0)]), minlength=count)
    number = np.zeros(count, np.int64)
    # Whether an object is large enough is only known once all its pieces are joined.
    large = pixels >= minimum_size
    number[large] = np.arange(1, large.sum() + 1)
    return [np.concatenate(([0], number[owner[a:b]])) for a, b in pairwise(first)]


def touching(before: int, one: Face, after: int, other: Face) -> NDArray[np.int64]:
    """Return the pairs of pieces, ``(m, 2)`` numbered through from 0, that are one object.

    The pieces of the two tiles begin at `before` and `after`.
    """
    same = (one.classes == other.classes) & (one.classes > 0)
    pairs = np.stack([before + one.pieces[same] - 1, after + other.pieces[same] - 1], axis=-1)
    found: NDArray[np.int64] = np.unique(pairs.astype(np.int64), axis=0)
    return found


def across_seams(labels: Any, grid: Grid) -> int:
    """Count the objects that a seam goes through, reading two pixels of thickness at a time.

    Each object has a number of its own, from 1.
    """
    found: set[int] = set()
    for axis, before, _ in grid.faces():
        box = list(grid.inner(before))
        box[axis] = slice(box[axis].stop - 1, box[axis].stop + 1)
        one, other = np.moveaxis(np.asarray(labels[tuple(box)]), axis, 0)
        found.update(np.unique(one[(one == other) & (one > 0)]).tolist())
    return len(found)
