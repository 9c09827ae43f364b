"""Pixels without data: transparent ones, and those with the value that stands for none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._lazy import View, whole_key

__all__ = ["Valid", "masked"]


def masked(
    data: NDArray[Any] | View, *, has_channels: bool, opacity: bool, nodata: float | None
) -> tuple[NDArray[Any] | View, NDArray[np.bool_] | Valid | None]:
    """Part an image from what says where it has data.

    Parameters
    ----------
    data : ndarray or View
        ``(*spatial)`` with channels last, if any.
    has_channels : bool
        Whether there is such an axis.
    opacity : bool
        Whether the last channel says how opaque a pixel is.
    nodata : float or None
        The value that marks pixels without data: all channels have it.

    Returns
    -------
    colours : ndarray or View
        Without the opacity; without an axis of channels where only one is left.
    mask : ndarray of bool, Valid or None
        None when all are valid.
    """
    if not opacity and nodata is None:
        return data, None
    how: dict[str, Any] = {"has_channels": has_channels, "opacity": opacity, "nodata": nodata}
    if isinstance(data, View):
        return _colours_on_disk(data) if opacity else data, Valid(data, **how)
    there = _valid(data, **how)
    return _colours(data) if opacity else data, None if there.all() else there


def _colours(data: NDArray[Any]) -> NDArray[Any]:
    return data[..., 0] if data.shape[-1] == 2 else np.ascontiguousarray(data[..., :-1])


def _colours_on_disk(data: View) -> View:
    left = data.shape[-1] - 1
    axes = range(data.ndim if left > 1 else data.ndim - 1)
    return View(data, axes, data.name, channels=left if left > 1 else None)


class Valid:
    """Where an array on disk has data: a mask, read when sliced.

    Parameters
    ----------
    pixels : View
        With the opacity as its last channel, if there is one.
    has_channels : bool
        Whether the last axis is that of the channels.
    opacity : bool
        Whether the last channel is one.
    nodata : float or None
        The value that marks pixels without data.
    """

    dtype = np.dtype(bool)

    def __init__(
        self, pixels: View, *, has_channels: bool, opacity: bool, nodata: float | None
    ) -> None:
        self._pixels = pixels
        self._has_channels = has_channels
        self._opacity = opacity
        self._nodata = nodata
        self.shape = pixels.shape[:-1] if has_channels else pixels.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> NDArray[np.bool_]:
        data = self._pixels[whole_key(key, self.shape)]
        return _valid(
            data, has_channels=self._has_channels, opacity=self._opacity, nodata=self._nodata
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)


def _valid(
    data: NDArray[Any], *, has_channels: bool, opacity: bool, nodata: float | None
) -> NDArray[np.bool_]:
    there = _differ(data[..., :-1] if opacity else data, nodata)
    if has_channels:
        there = np.asarray(there.any(axis=-1))
    return there & (data[..., -1] > 0) if opacity else there


def _differ(data: NDArray[Any], value: float | None) -> NDArray[np.bool_]:
    """Compare in the type of the data, in which the value was written."""
    floating = data.dtype.kind == "f"
    if value is None or not (floating or float(value).is_integer()):
        return np.ones(data.shape, np.bool_)
    if np.isnan(value):
        return np.asarray(~np.isnan(data))
    return np.asarray(data != (data.dtype.type(value) if floating else int(value)))
