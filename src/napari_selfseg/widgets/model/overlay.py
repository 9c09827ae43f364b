"""What lies over an image: labels layers as plain values, and pixels without data; no Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import ALL, Index, Picture, shape_of

__all__ = ["Covered", "Overlay", "Void"]


@dataclass(frozen=True)
class Overlay:
    """A labels layer, as plain values.

    Attributes
    ----------
    data : array_like
        Labels.
    start : tuple of int
        Pixel of the image under its first pixel.
    aligned : bool
        Whether its pixels are those of the image, moved by whole ones.
    """

    name: str
    data: Any
    start: tuple[int, ...] = ()
    aligned: bool = True

    def over(self, picture: Picture, index: Index) -> Index | None:
        """Return the part of the labels that lies over a part of an image.

        None where they do not cover all of it.
        """
        shape = tuple(self.data.shape)
        if not self.aligned:
            return index if shape == picture.shape else None
        # Labels of the part alone, such as those of one plane of a volume.
        if len(shape) != len(index):
            return (ALL,) * len(shape) if shape == shape_of(picture.shape, index) else None
        start = self.start or (0,) * len(shape)
        parts = zip(index, picture.shape, start, shape, strict=True)
        found = tuple(_shifted(each, n, at, length) for each, n, at, length in parts)
        return None if any(each is None for each in found) else found  # type: ignore[return-value]


def _shifted(each: int | slice, n: int, start: int, length: int) -> int | slice | None:
    """Move a place of the image to the labels; None where they do not reach."""
    if isinstance(each, int):
        return each - start if 0 <= each - start < length else None
    first, stop, _ = each.indices(n)
    first, stop = first - start, stop - start
    if first < 0 or stop > length:
        return None
    return ALL if (first, stop) == (0, length) else slice(first, stop)


@dataclass(frozen=True)
class Covered:
    """The part (`index`) of a labels layer that lies over the part that is segmented."""

    data: Any
    index: Index

    def read(self) -> NDArray[Any]:
        """Read the part."""
        return np.asarray(self.data[self.index])


@dataclass(frozen=True)
class Void:
    """Pixels that hold no data.

    Attributes
    ----------
    value : float or None
        Grey level of such a pixel, in every channel; None for those that are not finite.
    """

    value: float | None

    def mask(self, image: NDArray[Any], channels: bool) -> NDArray[np.bool_]:
        """Return where an image, with channels last if there are any, has data."""
        if self.value is None:
            finite = np.isfinite(image)
            return finite.all(axis=-1) if channels else finite
        differs = image != self.value
        return differs.any(axis=-1) if channels else differs
