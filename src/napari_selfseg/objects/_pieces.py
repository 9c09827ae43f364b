"""Connected pieces of classes; nothing loops over pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.labelmaps import borders, split

__all__ = ["as_labels", "classes_of", "connected", "merged_small"]

Labels = NDArray[np.integer[Any]]


def connected(
    labels: Any, *, minimum_size: int = 0, connectivity: int = 1, keep: Any = None
) -> NDArray[np.int32]:
    """Make every connected piece of a class an object of its own.

    Parameters
    ----------
    labels : array_like of int
        ``(*spatial)`` classes from 1 of a plane or volume; 0 is no data.
    minimum_size : int
        Pieces of fewer pixels are removed first, as `merged_small` does. So an object is a whole
        connected piece of the class map that remains.
    connectivity : int
        How many axes a step between neighbours may cross: 1 is face to face.
    keep : array_like, optional
        As for `merged_small`.

    Returns
    -------
    ndarray of int32
        ``(*spatial)`` objects, contiguous from 1 in the order in which they are first met; 0 where
        there are no data.

    Raises
    ------
    ValueError
        When the labels are not whole numbers from 0, or the connectivity is not 1 to ``ndim``.
    """
    kept = merged_small(labels, minimum_size, connectivity=connectivity, keep=keep)
    return split(kept, connectivity)


def merged_small(
    labels: Any, minimum_size: int, *, connectivity: int = 1, keep: Any = None
) -> NDArray[Any]:
    """Give small pieces of a class map the class of a neighbour.

    A piece of fewer than `minimum_size` pixels takes the class of the neighbouring piece with
    which it shares the longest border, counted in faces of pixels; of equals the one met first.
    Of two small pieces that choose each other the smaller one gives way. This is repeated until
    none is small; a small piece without any neighbour becomes 0.

    Parameters
    ----------
    labels : array_like of int
        ``(*spatial)`` classes from 1 of a plane or volume; 0 is no data, and no neighbour.
    minimum_size : int
        In pixels.
    connectivity : int
        How many axes a step between neighbours may cross: 1 is face to face.
    keep : array_like, optional
        ``(*spatial)`` such as scribbles: a piece with a pixel that is not 0 there stays, however
        small.

    Returns
    -------
    ndarray of int
        ``(*spatial)`` classes in the type of `labels`; a new array.

    Raises
    ------
    ValueError
        When the labels are not whole numbers from 0, the connectivity is not 1 to ``ndim``, or
        `keep` has another shape.
    """
    classes = as_labels(labels).copy()
    kept = _as_kept(keep, classes.shape)
    _check_connectivity(connectivity, classes.ndim)
    # Merged pieces have new neighbours, and may still be too small: repeat.
    while minimum_size > 1:
        pieces = split(classes, connectivity)
        sizes = np.bincount(pieces.ravel())
        small = (sizes < minimum_size) & (np.arange(len(sizes)) > 0)
        if kept is not None:
            small[pieces[kept]] = False
        taker = _takers(pieces, sizes, small)
        # What is small now touches nothing.
        if (taker == np.arange(len(sizes))).all():
            classes[small[pieces]] = 0
            break
        class_of_piece = np.zeros(len(sizes), classes.dtype)
        class_of_piece[pieces] = classes
        classes = class_of_piece[taker][pieces]
    return classes


def classes_of(objects: Any, labels: Any) -> NDArray[Any]:
    """Find the class most pixels of each object have.

    Parameters
    ----------
    objects : array_like of int
        ``(*spatial)`` objects from 1, in any numbering.
    labels : array_like of int
        ``(*spatial)`` classes.

    Returns
    -------
    ndarray of int
        ``(n,)`` in the type of `labels`, one an object in increasing order of their numbers, as
        the rows of `features`. Of classes with the same count the smallest.

    Raises
    ------
    ValueError
        When the shapes differ or something is not whole numbers from 0.
    """
    owner, classes = as_labels(objects), as_labels(labels)
    if owner.shape != classes.shape:
        raise ValueError(
            f"The objects have shape {owner.shape} and the classes {classes.shape}: make them "
            "equal."
        )
    inside = owner > 0
    mine, kinds, known = owner[inside], classes[inside], None
    n = int(classes.max(initial=0)) + 1
    if (int(mine.max(initial=0)) + 1) * n > np.iinfo(np.int64).max:
        mine = np.unique(mine, return_inverse=True)[1]
        known, kinds = np.unique(kinds, return_inverse=True)
        n = len(known)
    # Object and class as one number, so that pairs can be counted.
    pairs, count = np.unique(mine.astype(np.int64) * n + kinds, return_counts=True)
    of_each = pairs[_first_largest(pairs // n, count)] % n
    found: NDArray[Any] = of_each.astype(classes.dtype) if known is None else known[of_each]
    return found


def as_labels(labels: Any) -> Labels:
    """Check a labels array.

    Parameters
    ----------
    labels : array_like
        Whole numbers from 0, of a plane or volume.

    Returns
    -------
    ndarray of int
        bool becomes uint8.

    Raises
    ------
    ValueError
        When it is something else.
    """
    array = np.asarray(labels)
    if array.dtype.kind not in "bui":
        raise ValueError(f"Labels are whole numbers, not {array.dtype}: give a labels array.")
    if array.ndim not in (2, 3):
        raise ValueError(f"Labels of shape {array.shape} are neither a plane nor a volume.")
    if array.dtype.kind == "i" and array.size and array.min() < 0:
        raise ValueError("Labels count from 1, and 0 is no data: some are negative.")
    return array.view(np.uint8) if array.dtype == bool else array


def _check_connectivity(connectivity: int, ndim: int) -> None:
    if not 1 <= connectivity <= ndim:
        raise ValueError(f"The connectivity is 1 to {ndim} here, not {connectivity}.")


def _as_kept(keep: Any, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    if keep is None:
        return None
    kept: NDArray[np.bool_] = np.asarray(keep) != 0
    if kept.shape != shape:
        raise ValueError(f"What to keep has shape {kept.shape} and the labels {shape}.")
    return kept


def _takers(
    pieces: NDArray[np.int32], sizes: NDArray[np.int64], small: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return whose class each piece takes: ``(n + 1,)``, its own where it stays."""
    taker = np.arange(len(sizes))
    giver, chosen = _longest_border(pieces, small) if small.any() else (taker[:0], taker[:0])
    taker[giver] = chosen
    # Choices only ever form circles of two: equals are told apart by their number.
    mutual = taker[chosen] == giver
    wins = (sizes[giver] > sizes[chosen]) | ((sizes[giver] == sizes[chosen]) & (giver < chosen))
    taker[giver[mutual & wins]] = giver[mutual & wins]
    while (taker != taker[taker]).any():
        taker = taker[taker]
    return taker


def _longest_border(
    pieces: NDArray[np.int32], small: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the small pieces that have a neighbour, and for each the one to join."""
    edges, length = borders(pieces)
    both, length = np.concatenate((edges, edges[:, ::-1])), np.concatenate((length, length))
    mine = small[both[:, 0]]
    both, length = both[mine], length[mine]
    order = np.lexsort((both[:, 1], both[:, 0]))
    best = both[order][_first_largest(both[order, 0], length[order])]
    return best[:, 0], best[:, 1]


def _first_largest(group: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each group, in sorted order, has its largest count first."""
    if not len(group):
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    most = np.maximum.reduceat(count, starts)
    largest = np.flatnonzero(count == np.repeat(most, np.diff(starts, append=len(group))))
    found: NDArray[np.int64] = largest[np.flatnonzero(np.diff(group[largest], prepend=-1))]
    return found
