"""A large image read in boxes, wherever it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io import ImageFile, Opacity, address_of, answering, open_image, open_numbers

__all__ = ["Source"]


@dataclass(frozen=True)
class Source:
    """An image that is never read whole.

    Attributes
    ----------
    image : str, ImageFile or array_like
        A file or folder that every worker can open, an image in memory, or anything with a shape
        that is sliced as NumPy arrays are.
    channel_axis : int or None
        Axis of the channels.
    nodata : float or None
        Value of pixels without data in an array; NaN never counts as data where it is given. A file
        says itself where it has none.
    opacity : {"mask", "channel"}
        As for `open_image`.
    channels : tuple of str
        As for `open_image`, of a file.
    numbers : bool
        Whether a file holds labels: of a palette the numbers are meant, and not the colours.
    """

    image: Any
    channel_axis: int | None
    nodata: float | None = None
    opacity: Opacity = "mask"
    channels: tuple[str, ...] = ()
    numbers: bool = False

    def opened(self) -> tuple[Any, Any]:
        """Return what can be sliced.

        Returns
        -------
        image : array_like
        mask : array_like of bool or None
            True where there are data, where a file says so.
        """
        if not isinstance(self.image, str | ImageFile):
            return self.image, None
        file = self.image if isinstance(self.image, ImageFile) else self._of_file()
        return file.data, file.mask

    def _of_file(self) -> ImageFile:
        return self._afar if address_of(self.image) else self._opened()

    @cached_property
    def _afar(self) -> ImageFile:
        """An image on a server, where opening takes as long as reading a piece."""
        return self._opened()

    def __getstate__(self) -> dict[str, Any]:
        # Other processes open it again.
        return {name: value for name, value in vars(self).items() if name != "_afar"}

    def _opened(self) -> ImageFile:
        if self.numbers:
            return open_numbers(self.image)
        return open_image(self.image, opacity=self.opacity, channels=self.channels)

    @property
    def name(self) -> str:
        """The file, or the name of an image in memory; empty for arrays."""
        if isinstance(self.image, ImageFile):
            return self.image.name
        return self.image if isinstance(self.image, str) else ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the spatial axes."""
        sizes = list(self.opened()[0].shape)
        if self.channel_axis is not None:
            del sizes[self.channel_axis]
        return tuple(map(int, sizes))

    @property
    def n_channels(self) -> int:
        """Number of channels; 1 without an axis of them."""
        return 1 if self.channel_axis is None else int(self.opened()[0].shape[self.channel_axis])

    def read(
        self, box: Sequence[slice], ndim: int
    ) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Read a box.

        Parameters
        ----------
        box : sequence of slice
            One a spatial axis.
        ndim : int
            Spatial axes to return; those before are one pixel long and are left out.

        Returns
        -------
        image : ndarray
            ``(*spatial)``, with channels last if there are any.
        valid : ndarray of bool or None
            ``(*spatial)`` True where there are data; None when that is everywhere.
        """
        where: list[slice] = list(box)
        data, mask = self.opened()
        if self.channel_axis is not None:
            where.insert(self.channel_axis % data.ndim, slice(None))
        with answering():
            found = np.asarray(data[tuple(where)])
        if self.channel_axis is not None:
            found = np.moveaxis(found, self.channel_axis, -1)
        found = found.reshape(found.shape[len(box) - ndim :])
        if mask is None:
            return found, self._valid(found)
        seen = np.asarray(mask[tuple(box)]).reshape(found.shape[:ndim])
        return found, None if seen.all() else seen

    def _valid(self, found: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Return where an array has other values than the one for no data."""
        if self.nodata is None:
            return None
        empty = np.isnan(found) if found.dtype.kind == "f" else np.zeros(found.shape, bool)
        empty |= found == self.nodata
        seen: NDArray[np.bool_] = ~(empty if self.channel_axis is None else empty.all(axis=-1))
        return None if seen.all() else seen
