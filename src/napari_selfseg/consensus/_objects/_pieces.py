"""What superpixels are like: where their pixels lie, and how they look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.consensus._sources import Parts
from napari_selfseg.machine.threads import side_by_side

__all__ = ["Pieces", "Sums", "pieces", "pieces_of", "sums_of"]


class Pieces(NamedTuple):
    """Sums over the pixels of each superpixel, and borders between them.

    Attributes
    ----------
    sizes : ndarray of float64
        ``(n,)`` pixels.
    moments : ndarray of float64
        ``(n, d + d (d + 1) / 2)`` sums of the coordinates, and of the products of two.
    rims : ndarray of float64
        ``(n,)`` faces of pixels where the data end.
    edges : ndarray of int64
        ``(E, 2)`` superpixels that touch, from 0.
    lengths : ndarray of float64
        ``(E,)`` faces they share.
    colours : ndarray of float64
        ``(n, C)`` mean colours.
    histograms : ndarray of float32
        ``(n, D)``, as for `agglomerate`.
    """

    sizes: NDArray[np.float64]
    moments: NDArray[np.float64]
    rims: NDArray[np.float64]
    edges: NDArray[np.int64]
    lengths: NDArray[np.float64]
    colours: NDArray[np.float64]
    histograms: NDArray[np.float32]


class Sums(NamedTuple):
    """Sums over the pixels of a block, by superpixel.

    Attributes
    ----------
    ids : ndarray of int64
        ``(m,)`` superpixels of the block; 0 is not among them.
    rows : ndarray of float64
        ``(m, 2 + moments + C)`` pixels, faces where the data end, moments and colours.
    """

    ids: NDArray[np.int64]
    rows: NDArray[np.float64]


def pieces(
    superpixels: Any,
    edges: NDArray[np.int64],
    lengths: NDArray[np.floating[Any]],
    parts: Parts,
    histograms: NDArray[np.float32],
) -> Pieces:
    """Measure superpixels, block by block.

    Parameters
    ----------
    superpixels : array_like of int
        ``(*spatial)`` superpixel of each pixel, from 1; 0 for no data.
    edges, lengths, histograms
        As the attributes.
    """

    def sums() -> Iterator[Sums]:
        found = side_by_side(lambda number: sums_of(parts, number, superpixels), len(parts.grid))
        for block in found:
            parts.check()
            yield block

    return pieces_of(sums(), edges, lengths, histograms, len(parts.grid.shape))


def pieces_of(
    sums: Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]],
    edges: NDArray[np.int64],
    lengths: NDArray[np.floating[Any]],
    histograms: NDArray[np.float32],
    ndim: int,
) -> Pieces:
    """Bring together what was measured in blocks, in an image of `ndim` axes."""
    width, total = 2 + ndim + ndim * (ndim + 1) // 2, np.zeros((0, 0))
    for ids, rows in sums:
        if not total.size:
            total = np.zeros((len(histograms), rows.shape[1]))
        total[ids - 1] += rows
    sizes = total[:, 0]
    return Pieces(
        sizes,
        total[:, 2:width],
        total[:, 1],
        edges,
        np.asarray(lengths, np.float64),
        total[:, width:] / np.maximum(sizes, 1)[:, None],
        histograms,
    )


def sums_of(parts: Parts, number: int, superpixels: Any) -> Sums:
    """Add up over the pixels of a block.

    Parameters
    ----------
    superpixels : array_like of int
        As for `pieces`.
    """
    inner = parts.grid.inner(number)
    index = np.asarray(superpixels[inner])
    ids, own = np.unique(index.ravel(), return_inverse=True)
    own = own.ravel()

    def total(values: NDArray[Any]) -> NDArray[np.float64]:
        wide = np.broadcast_to(values, index.shape).ravel()
        return np.bincount(own, wide, len(ids)).astype(np.float64)

    colours = parts.seen(number).colours[parts.grid.crop(number)]
    columns = [total(np.ones(1)), total(_ends(superpixels, inner, parts.grid.shape))]
    columns += [total(each) for each in _moments(inner, parts.grid.shape)]
    columns += [total(colour) for colour in np.moveaxis(colours, -1, 0)]
    data = ids > 0
    return Sums(ids[data].astype(np.int64), np.stack(columns, axis=1)[data])


def _moments(inner: tuple[slice, ...], shape: tuple[int, ...]) -> list[NDArray[np.float64]]:
    # From the middle, so that products stay small.
    places = [
        (np.arange(box.start, box.stop) - n / 2).reshape(
            [-1 if k == axis else 1 for k in range(len(shape))]
        )
        for axis, (box, n) in enumerate(zip(inner, shape, strict=True))
    ]
    products = [
        places[one] * places[other] for one in range(len(shape)) for other in range(one, len(shape))
    ]
    return [*places, *products]


def _ends(
    superpixels: Any, inner: tuple[slice, ...], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Count the faces of each pixel of a block where the data end."""
    wide = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in inner)
    beyond = [(int(s.start == 0), int(s.stop == n)) for s, n in zip(inner, shape, strict=True)]
    none = np.pad(np.asarray(superpixels[wide]) == 0, beyond, constant_values=True)
    found = np.zeros([s.stop - s.start for s in inner])
    for axis in range(len(shape)):
        for side in (slice(None, -2), slice(2, None)):
            box = [slice(1, -1)] * len(shape)
            box[axis] = side
            found += none[tuple(box)]
    return found
