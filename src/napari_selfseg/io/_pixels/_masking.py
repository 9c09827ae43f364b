"""Pixels without data: transparent, masked out, or with the value that stands for none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._pixels._lazy import View, whole_key

__all__ = ["Valid", "Void", "masked"]


@dataclass(frozen=True)
class Void:
    """What stands for no data in an image.

    Attributes
    ----------
    opacity : tuple of int
        The channels that say how opaque a pixel is: 0 in one of them is no data.
    nodata : tuple of (float, int or None)
        The value of pixels without data, one for every channel or one for all; None where there
        is none. A pixel has no data where all its channels have theirs.
    mask : array_like or None
        ``(y, x)``, read when sliced, 0 where there is no data.
    """

    opacity: tuple[int, ...] = ()
    nodata: tuple[float | int | None, ...] = ()
    mask: Any = None

    @property
    def says(self) -> bool:
        """Whether there is anything of the kind."""
        return bool(self.opacity) or self.mask is not None or self._has_value

    @property
    def _has_value(self) -> bool:
        return bool(self.nodata) and None not in self.nodata

    @property
    def words(self) -> str:
        """What all pixels are when none has data, such as ``"are transparent"``."""
        values = ", ".join(dict.fromkeys(map(str, self.nodata))) if self._has_value else ""
        what = [f"have the value {values}, which stands for no data"] if values else []
        what += ["are transparent"] if self.opacity else []
        what += ["are outside of its mask"] if self.mask is not None else []
        return " or ".join(what)

    def valid(
        self, data: NDArray[Any], key: tuple[int | slice, ...], *, has_channels: bool
    ) -> NDArray[np.bool_]:
        """Say which pixels of a part of the image have data.

        `key` says which part, an index or slice a spatial axis; `has_channels` whether channels are
        the last axis.
        """
        channels = np.moveaxis(data, -1, 0) if has_channels else data[np.newaxis]
        there = self._not_nodata(channels)
        for band in self.opacity:
            there &= channels[band] > 0
        if self.mask is not None:
            there &= np.asarray(self.mask[key[-2:]]) != 0
        return there

    def _not_nodata(self, channels: NDArray[Any]) -> NDArray[np.bool_]:
        if not self._has_value:
            return np.ones(channels.shape[1:], np.bool_)
        colours = [k for k in range(len(channels)) if k not in self.opacity]
        values = self.nodata * (len(channels) if len(self.nodata) == 1 else 1)
        return _any(_differ(channels[k], values[k]) for k in colours)


def masked(
    data: NDArray[Any] | View, void: Void, *, has_channels: bool
) -> tuple[NDArray[Any] | View, NDArray[np.bool_] | Valid | None]:
    """Part an image from what says where it has data.

    Parameters
    ----------
    data : ndarray or View
        ``(*spatial)`` with channels last, if any.
    void : Void
        What stands for no data in it.
    has_channels : bool
        Whether there is such an axis.

    Returns
    -------
    colours : ndarray or View
        Without the opacity; without an axis of channels where only one is left.
    mask : ndarray of bool, Valid or None
        None when all are valid.
    """
    if not void.says:
        return data, None
    colours = _colours(data, void.opacity) if void.opacity else data
    valid = Valid(data, void, has_channels=has_channels)
    if isinstance(data, View):
        return colours, valid
    there = valid[...]
    return colours, None if there.all() else there


def _colours(data: NDArray[Any] | View, opacity: tuple[int, ...]) -> NDArray[Any] | View:
    left = [k for k in range(data.shape[-1]) if k not in opacity]
    if isinstance(data, View):
        return data.of_channels(left)
    return np.ascontiguousarray(data[..., left[0] if len(left) == 1 else left])


class Valid:
    """Where an array has data: a mask, read when sliced.

    Parameters
    ----------
    pixels : View or ndarray
        With the opacity among its channels, if there is one.
    void : Void
        What stands for no data.
    has_channels : bool
        Whether the last axis is that of the channels.
    """

    dtype = np.dtype(bool)

    def __init__(self, pixels: View | NDArray[Any], void: Void, *, has_channels: bool) -> None:
        self._pixels = pixels
        self._void = void
        self._has_channels = has_channels
        self.shape = pixels.shape[:-1] if has_channels else pixels.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> NDArray[np.bool_]:
        wanted = whole_key(key, self.shape)
        data = self._pixels[wanted]
        return self._void.valid(data, wanted, has_channels=self._has_channels)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)


def _any(parts: Iterable[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    found = None
    for part in parts:
        found = part if found is None else found | part
    assert found is not None, "an image has a channel"
    return found


def _differ(data: NDArray[Any], value: float | int | None) -> NDArray[np.bool_]:
    """Compare in the type of the data, in which the value was written."""
    stored = _stored(data.dtype, value)
    if stored is None:
        return np.ones(data.shape, np.bool_)
    return np.asarray(~np.isnan(data) if stored != stored else data != stored)


def _stored(dtype: np.dtype[Any], value: float | int | None) -> Any:
    """Return a value as pixels hold it; None where they cannot."""
    if value is None or dtype.kind == "c":
        return value
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            stored = dtype.type(value)
        return None if np.isinf(stored) and not math.isinf(value) else stored
    if not math.isfinite(value) or value != int(value):
        return None
    limits = np.iinfo(dtype) if dtype.kind in "iu" else None
    within = limits is None or limits.min <= int(value) <= limits.max
    return int(value) if within else None
