"""Arrays on disk, read when they are sliced."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._pixels._image_file import RemoteError, reason

__all__ = ["BROKEN", "View", "whole_key"]

# What readers and decoders raise over a damaged file: errors of every kind.
BROKEN = Exception


class View:
    """An array on disk with its axes put in order; slicing reads, and gives a NumPy array.

    Parameters
    ----------
    source : array_like
        With ``shape``, ``dtype``, ``ndim`` and slicing, such as a `zarr.Array`.
    order : sequence of int
        The source's axis behind each axis of the view; of an axis left out the first is taken.
    name : str
        Of the file, for errors.
    close : callable, optional
        Called when nothing refers to the view any more.
    """

    def __init__(
        self,
        source: Any,
        order: Sequence[int],
        name: str,
        *,
        close: Callable[[], object] | None = None,
    ) -> None:
        self._source = source
        self._order = tuple(order)
        self.name = name
        self.shape: tuple[int, ...] = tuple(source.shape[axis] for axis in self._order)
        # Bytes in the order of the file would be another type than what is read whole.
        self.dtype: np.dtype[Any] = np.dtype(source.dtype).newbyteorder("=")
        if close is not None:
            weakref.finalize(self, close)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def chunks(self) -> tuple[int, ...] | None:
        """Lengths of the blocks in which the file is read; None when any part costs the same."""
        chunks = getattr(self._source, "chunks", None)
        return None if chunks is None else tuple(chunks[axis] for axis in self._order)

    def of_channels(self, channels: Sequence[int]) -> View:
        """Return a view of some channels, which are last; without that axis for a single one."""
        axes = range(self.ndim if len(channels) > 1 else self.ndim - 1)
        return View(_Channels(self, channels), axes, self.name)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        wanted = whole_key(key, self.shape)
        index: list[Any] = [0] * len(self._source.shape)
        for axis, part in zip(self._order, wanted, strict=True):
            index[axis] = part
        kept = [a for a, part in zip(self._order, wanted, strict=True) if isinstance(part, slice)]
        try:
            found = np.asarray(self._source[tuple(index)], self.dtype)
        except RemoteError:
            raise
        except BROKEN as error:
            raise ValueError(f"{self.name} cannot be read: {reason(error)}") from error
        return found.transpose([sorted(kept).index(axis) for axis in kept])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)


class _Channels:
    """Some channels of a view, which is sliced in all axes."""

    def __init__(self, view: View, channels: Sequence[int]) -> None:
        self._view = view
        self._channels = np.asarray(channels)
        self.dtype = view.dtype
        self.shape = (*view.shape[:-1], len(channels))
        self.chunks = None if view.chunks is None else (*view.chunks[:-1], len(channels))

    def __getitem__(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        wanted = self._channels[key[-1]]
        first, last = (int(wanted.min()), int(wanted.max())) if wanted.size else (0, -1)
        return self._view[(*key[:-1], slice(first, last + 1))][..., wanted - first]


def whole_key(key: Any, shape: tuple[int, ...]) -> tuple[int | slice, ...]:
    """Return what is sliced in full: an index or slice with bounds an axis.

    `key` is what stands between brackets. IndexError when it asks for what is not there.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis not in parts:
        parts.append(Ellipsis)
    at = parts.index(Ellipsis)
    parts[at : at + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    if len(parts) != len(shape):
        raise IndexError(f"{len(shape)} axes are there, and {len(parts)} were asked for.")
    return tuple(_within(part, length) for part, length in zip(parts, shape, strict=True))


def _within(part: Any, length: int) -> int | slice:
    if not isinstance(part, slice):
        return int(range(length)[part])
    start, stop, step = part.indices(length)
    if step < 0:
        raise IndexError("An image on disk is sliced forwards: turn the array round once read.")
    return slice(start, max(start, stop), step)
