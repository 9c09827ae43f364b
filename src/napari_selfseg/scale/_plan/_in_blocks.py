"""A large image that is labelled as one, in passes over its blocks: what the passes work with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg.io import load_fit, open_labels
from napari_selfseg.protocol import Blockwise, Fit, Found, Grid, Method, Scaling, check_finite
from napari_selfseg.scale._plan._plan import Plan
from napari_selfseg.scale._plan._sampling import samples
from napari_selfseg.scale._plan._source import Source

__all__ = [
    "PIECES",
    "Superpixels",
    "block_fit",
    "blockwise_of",
    "bytes_to_join",
    "compared",
    "first_pixels",
    "known_of",
    "picture_of",
]

PIECES: Final = "pieces.zarr"
# What is known of the whole image, among the weights of a fit; see `Blockwise.learn`.
_KNOWN: Final = "blocks."
# Windows that tell the grey levels, and their sides.
_WINDOWS: Final = 64
_SIDE: Final = 128
# Bytes a pixel that superpixels, their histograms and their borders take at the end, as measured
# on 8192 x 8192.
_JOINING: Final = 11.0


@dataclass(frozen=True)
class ScaledSource:
    """See `napari_selfseg.protocol.Picture`: an image, with its grey levels scaled."""

    source: Source
    scaling: Scaling

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Picture.shape`."""
        return self.source.shape

    def window(self, box: tuple[slice, ...]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """See `Picture.window`."""
        full = _within(box, self.shape)
        image, valid = self.source.read(full, len(full))
        array = image[None] if self.source.channel_axis is None else np.moveaxis(image, -1, 0)
        check_finite(array, valid)
        scaled = np.moveaxis(self.scaling(array, valid), 0, -1)
        mask = np.ones(scaled.shape[:-1], bool) if valid is None else valid
        return np.ascontiguousarray(scaled), mask


class Superpixels:
    """The superpixels of all blocks, numbered through; sliced as an array is."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._pieces = plan, open_labels(plan.beside(PIECES))

    def __getitem__(self, box: tuple[slice, ...]) -> NDArray[np.int64]:
        grid = self._plan.grid
        box = _within(box, grid.shape)
        pieces = np.asarray(self._pieces[box])
        found = np.zeros(pieces.shape, np.int64)
        ranges = [
            range(each.start // side, -(-each.stop // side))
            for each, side in zip(box, grid.tile, strict=True)
        ]
        for place in product(*ranges):
            number = grid.number(place)
            part = tuple(
                slice(max(inner.start - each.start, 0), max(inner.stop - each.start, 0))
                for inner, each in zip(grid.inner(number), box, strict=True)
            )
            found[part] = np.load(self._plan.beside("ids", f"{number}.npy"))[pieces[part]]
        return found


def _within(box: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return slices as NumPy reads them: from and to somewhere in the image."""
    return tuple(slice(*each.indices(n)) for each, n in zip(box, shape, strict=True))


def blockwise_of(method: Method, shape: tuple[int, ...], ndim: int) -> Blockwise | None:
    """Return how an image is labelled as one; None where it is not, and of a stack of planes."""
    return method.blockwise() if len(shape) == ndim else None


def block_fit(source: Source, method: Method, blockwise: Blockwise) -> Fit:
    """Find out what holds for the whole of an image: a fit for the blocks of this image alone.

    ValueError when the image has nothing to learn from.
    """
    ndim, channels = len(source.shape), source.channel_axis is not None
    pieces = samples(source, _WINDOWS, _SIDE, ndim)
    images = [np.moveaxis(image, -1, 0) if channels else image[None] for image, _ in pieces]
    for image, (_, valid) in zip(images, pieces, strict=True):
        check_finite(image, valid)
    scaling = Scaling.measured(images, [valid for _, valid in pieces])
    known = blockwise.learn(ScaledSource(source, scaling))
    network = method.network(source.n_channels, ndim, torch.Generator().manual_seed(0))
    weights = dict(network.state_dict())
    weights |= {f"{_KNOWN}{name}": torch.from_numpy(np.array(known[name])) for name in known}
    return Fit(method, source.n_channels, ndim, scaling, (), weights)


def known_of(fit: Fit) -> Found | None:
    """Return what `block_fit` has found out; None of any other fit."""
    known = {
        name.removeprefix(_KNOWN): value.numpy()
        for name, value in fit.weights.items()
        if name.startswith(_KNOWN)
    }
    return known or None


def picture_of(plan: Plan) -> tuple[Blockwise, Found, ScaledSource]:
    """Return the passes, what holds for the whole image, and the image, for any block."""
    fit = load_fit(plan.model)
    blockwise, known = fit.method.blockwise(), known_of(fit)
    if blockwise is None or known is None:
        raise ValueError(f"{plan.model} is not of this plan: plan the labels anew.")
    return blockwise, known, ScaledSource(plan.source, fit.scaling)


def compared(plan: Plan, start: str) -> Iterator[Found]:
    """Read what blocks have found that begins with `start`, one block after the other.

    The names are yielded without that.
    """
    for number in range(len(plan.grid)):
        with np.load(plan.beside("compared", f"{number}.npz")) as found:
            names = [name for name in found if name.startswith(f"{start}.")]
            yield {name.removeprefix(f"{start}."): found[name] for name in names}


def bytes_to_join(shape: tuple[int, ...]) -> int:
    """Say what it takes to bring all blocks of an image together."""
    return int(_JOINING * float(np.prod(np.array(shape, np.float64))))


def first_pixels(cut: NDArray[np.int32], box: tuple[slice, ...], grid: Grid) -> NDArray[np.int64]:
    """Return where in the image, in memory order, each superpixel of a block is first met."""
    axes = np.ix_(*(np.arange(each.start, each.stop) for each in box))
    flat = np.ravel_multi_index(axes, grid.shape)
    ids, first = np.unique(cut.ravel(), return_index=True)
    found: NDArray[Any] = np.broadcast_to(flat, cut.shape).ravel()[first[ids > 0]]
    return found.astype(np.int64)
