"""Pixels that mean something else than they are stored as, in memory or when sliced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._pixels._lazy import View

__all__ = ["Conversion", "converted"]

Pixels = NDArray[Any] | View


class Conversion(NamedTuple):
    """How stored pixels become those of the image.

    Attributes
    ----------
    convert : callable
        From ``(..., channels)`` or ``(...)`` as stored to ``(..., channels)``.
    dtype : numpy.dtype
        Of the image.
    channels : int or None
        How many the image has; None where each number becomes one other.
    """

    convert: Callable[[NDArray[Any]], NDArray[Any]]
    dtype: np.dtype[Any]
    channels: int | None = None


def converted(data: Pixels, conversion: Conversion | None, *, has_channels: bool) -> Pixels:
    """Return pixels as they are meant.

    `data` is as stored, with channels last if there are any. Without a conversion it is stored
    as it is meant.
    """
    if conversion is None:
        return data
    if isinstance(data, View):
        source = _Converted(data, conversion, has_channels)
        return View(source, range(len(source.shape)), data.name)
    return np.ascontiguousarray(conversion.convert(data))


class _Converted:
    """A view as it is meant, which is sliced in all axes."""

    def __init__(self, view: View, conversion: Conversion, has_channels: bool) -> None:
        self._view = view
        self._conversion = conversion
        self.dtype = conversion.dtype
        self.shape, self.chunks = view.shape, view.chunks
        if conversion.channels is not None:
            n = view.ndim - has_channels
            self.shape = (*view.shape[:n], conversion.channels)
            self.chunks = view.chunks and (*view.chunks[:n], conversion.channels)

    def __getitem__(self, key: tuple[int | slice, ...]) -> NDArray[Any]:
        if self._conversion.channels is None:
            return self._conversion.convert(self._view[key])
        # Every colour is made of all stored channels.
        return self._conversion.convert(self._view[key[:-1]])[..., key[-1]]
