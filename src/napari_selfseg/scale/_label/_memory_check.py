"""Whether an image is done as a whole within the memory that a batch may take."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from napari_selfseg.io import ImageFile
from napari_selfseg.protocol import Fit, Method, bytes_needed, bytes_to_predict
from napari_selfseg.remedies import ALONG, TILE_BY_TILE

__all__ = ["check_planes", "fits_with_fit", "fits_with_method"]


def fits_with_method(image: ImageFile, method: Method, memory: int, **how: Any) -> bool:
    """Say whether a run on an image takes no more than so many bytes beyond what is held already.

    `how` is device and precision, as for `evolve`. ValueError when the method takes no such image.
    """
    n = len(image.shape)
    if n not in method.ndims:
        allowed = " or ".join(map(str, method.ndims))
        raise ValueError(
            f"The image has {n} spatial axes, and {method.title} takes {allowed}: {ALONG}."
        )
    return _needed(image, image.shape, method, **how) <= memory


def fits_with_fit(image: ImageFile, fit: Fit, memory: int) -> bool:
    """Say whether a model is applied to an image within so many bytes, planes one by one."""
    plane = image.shape[-fit.ndim :]
    whole = prod(image.data.shape) * image.data.dtype.itemsize
    return bool(whole + bytes_to_predict(fit.method, fit.in_channels, plane) <= memory)


def check_planes(
    image: ImageFile, axes: Sequence[int], method: Method, together: int, memory: int, **how: Any
) -> None:
    """Refuse a stack whose planes do not fit into so many bytes; ValueError says what to do.

    `together` planes are in memory at a time; `how` is device and precision, as for `evolve`.
    """
    plane = tuple(n for axis, n in enumerate(image.shape) if axis not in axes)
    needed = _needed(image, plane, method, images=together, **how)
    if needed > memory:
        size = " x ".join(map(str, plane))
        what = f"{together} planes" if together > 1 else "A plane"
        raise ValueError(
            f"{what} of {size} pixels would take about {needed / 1e6:.0f} MB, and "
            f"{memory / 1e6:.0f} MB are allowed: allow more, train a smaller network, or "
            f"{TILE_BY_TILE}."
        )


def _needed(
    image: ImageFile, shape: Sequence[int], method: Method, images: int = 1, **how: Any
) -> int:
    channels = 1 if image.channel_axis is None else image.data.shape[image.channel_axis]
    masked = image.mask is not None
    return bytes_needed(shape, int(channels), method, images=images, masked=masked, **how)
