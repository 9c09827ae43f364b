"""From any numeric image to channels between 0 and 1, the same way for every later image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scaling"]

PERCENTILES = (0.1, 99.9)
SAMPLE = 1 << 22
# Grey levels that whole numbers of an image span at least, and fractions of 1 never.
WIDE = 100
FIXED = {np.dtype(np.bool_): 1.0, np.dtype(np.uint8): 255.0}


@dataclass(frozen=True)
class Scaling:
    """Grey levels that become 0 and 1, per channel.

    uint8 is divided by 255 and bool kept; every other type maps its 0.1th and 99.9th percentile
    (of up to four million evenly spread pixels with data) to 0 and 1 and is clipped there.

    Attributes
    ----------
    low, high : tuple of float
        Grey level of each channel that becomes 0 and 1.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def measured(
        cls, images: Sequence[NDArray[np.generic]], masks: Sequence[NDArray[np.bool_] | None]
    ) -> Scaling:
        """Measure the scaling of images ``(C, *spatial)`` together, where they have data."""
        samples = [_sample(image, mask) for image, mask in zip(images, masks, strict=True)]
        values = np.concatenate(samples, axis=1)
        low, high = _range(values, np.result_type(*images))
        return cls(tuple(map(float, low)), tuple(map(float, high)))

    def __call__(
        self, image: NDArray[np.generic], mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """Scale an image.

        Parameters
        ----------
        image : ndarray
            ``(C, *spatial)``, numeric.
        mask : ndarray, optional
            ``(*spatial)``, True where there are data.

        Returns
        -------
        ndarray
            ``(C, *spatial)`` float32 between 0 and 1, and 0 where there are no data.
        """
        # Float64 only where float32 would lose the offset of large integers.
        exact = np.float32 if image.dtype in (np.uint8, np.bool_, np.float32) else np.float64
        along = (-1,) + (1,) * (image.ndim - 1)
        low, high = (np.array(each).reshape(along) for each in (self.low, self.high))
        inside = np.clip(image.astype(exact), low.astype(exact), high.astype(exact))
        # Rounding may end just above 1.
        wide = np.minimum((inside - low.astype(exact)) / (high - low).astype(exact), 1)
        scaled: NDArray[np.float32] = wide.astype(np.float32, copy=False)
        if mask is not None:
            scaled[:, ~mask] = 0
        return scaled

    def check_units(
        self, image: NDArray[np.generic], mask: NDArray[np.bool_] | None = None
    ) -> None:
        """Refuse an image of fractions where whole grey levels were measured, or the reverse.

        Only what cannot be another part of the same data is refused. Fractions are numbers
        between -1 and 1, some of them not whole; so a dark slice of whole numbers passes, whatever
        its type. A scaling of exactly 0 to 1 passes all: it may come from a mask or from counts.

        Parameters
        ----------
        image : ndarray
            ``(C, *spatial)``, numeric.
        mask : ndarray, optional
            ``(*spatial)``, True where there are data.

        Raises
        ------
        ValueError
            When every pixel would become black, or every one but black ones white.
        """
        pixels = image if mask is None else image[:, mask]
        least, most = float(pixels.min()), float(pixels.max())
        if self._of_levels():
            far = image.dtype.kind == "f" and _fractions(pixels, least, most)
        else:
            far = image.dtype.kind in "ui" and self._of_fractions() and most > 1
        if far:
            raise ValueError(
                f"The grey values of this image ({least:.4g} to {most:.4g}) are far from those the "
                f"fit was made on ({min(self.low):.4g} to {max(self.high):.4g}): convert the image "
                "first."
            )

    def _of_levels(self) -> bool:
        # Among whole numbers the dark percentile is one, the bright one may lie between two; among
        # others the dark one may be a 0 that many pixels share.
        return all(
            b - a >= WIDE and a.is_integer() and (a != 0 or b.is_integer())
            for a, b in zip(self.low, self.high, strict=True)
        )

    def _of_fractions(self) -> bool:
        bounds = (*self.low, *self.high)
        return max(map(abs, bounds)) <= 1 and not all(each.is_integer() for each in bounds)


def _fractions(pixels: NDArray[np.generic], least: float, most: float) -> bool:
    return least >= -1 and most <= 1 and bool((pixels != np.rint(pixels)).any())


def _sample(image: NDArray[np.generic], mask: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    pixels = image.reshape(len(image), -1) if mask is None else image[:, mask]
    return pixels[:, :: max(1, pixels.shape[1] // SAMPLE)].astype(np.float64)


def _range(
    values: NDArray[np.float64], dtype: np.dtype[np.generic]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if dtype in FIXED:
        return np.zeros(len(values)), np.full(len(values), FIXED[dtype])
    low, high = np.percentile(values, PERCENTILES, axis=1)
    # A channel without spread scales to 0 instead of dividing by nothing.
    above = np.maximum(low + 1, np.nextafter(low, np.inf))
    return low, np.where(high > low, high, above)
