r"""What of an image says where objects are: the channel in which they differ from what is around.

Of each channel the difference between the means inside and outside of the objects there are is
compared with the spread,

.. math:: d' = (\mu_1 - \mu_0) \Big/ \sqrt{\tfrac12 (\sigma_1^2 + \sigma_0^2)},

and the channel of the largest :math:`|d'|` is taken; objects are dark where it is negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.instances._grey import Look, is_bright, oriented
from napari_selfseg.instances._plausible import stretched

__all__ = ["Evidence"]

Index = tuple[int | slice, ...]

# Pixels that are compared, about.
_SEEN: Final = 1 << 20


class Evidence:
    """An image, looked at where somebody points.

    Parameters
    ----------
    image : array_like
        ``(*spatial)`` with channels along `channel_axis`; of a stack it may lie on a disk.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    mask : array_like of bool, optional
        ``(*spatial)`` True where there are data.
    spacing : sequence of float, optional
        Physical size of a pixel along each spatial axis; ones by default.
    """

    def __init__(
        self,
        image: Any,
        *,
        channel_axis: int | None = None,
        mask: Any = None,
        spacing: Sequence[float] | None = None,
    ) -> None:
        self._image, self._mask = image, mask
        ndim = len(np.shape(image))
        self._axis = None if channel_axis is None else channel_axis % ndim
        self.shape = tuple(n for axis, n in enumerate(np.shape(image)) if axis != self._axis)
        self._sizes = np.ones(len(self.shape)) if spacing is None else np.asarray(spacing, float)
        self._kept: tuple[Any, Any] | None = None

    def spacing(self, index: Index) -> NDArray[np.float64]:
        """Return the size of a pixel along the axes of a part, with a product of 1."""
        whole = [isinstance(each, slice) for each in index]
        sizes = np.abs(self._sizes[whole])
        return np.asarray(sizes / np.exp(np.log(sizes).mean()), np.float64)

    def grey(self, labels: NDArray[Any], index: Index) -> NDArray[np.float32]:
        """Return what tells the objects of a part: 0 to 1, larger in them.

        `labels` has the objects of that part, from 1.
        """
        channels, valid = self._seen(index)
        sizes = self.spacing(index)
        look = _look(channels, labels, valid, sizes)
        key = (index, look)
        if self._kept is None or self._kept[0] != key:
            grey = oriented(channels[look.channel], dark=look.dark)
            self._kept = (key, stretched(grey, valid, sizes))
        found: NDArray[np.float32] = self._kept[1]
        return found

    def _seen(self, index: Index) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
        where = list(index)
        if self._axis is not None:
            where.insert(self._axis, slice(None))
        part = np.asarray(self._image[tuple(where)])
        if self._axis is None:
            part = part[None]
        else:
            # Axes that the index cuts through are gone.
            before = sum(isinstance(each, slice) for each in index[: self._axis])
            part = np.moveaxis(part, before, 0)
        channels = part.astype(np.float32)
        valid = None if self._mask is None else np.asarray(self._mask[index]) != 0
        finite = np.isfinite(channels).all(axis=0)
        if not finite.all():
            valid = finite if valid is None else valid & finite
            channels = np.where(finite, channels, np.float32(0))
        return channels, valid


def _look(
    channels: NDArray[np.float32],
    labels: NDArray[Any],
    valid: NDArray[np.bool_] | None,
    spacing: NDArray[np.float64],
) -> Look:
    step = max(1, round((labels.size / _SEEN) ** (1 / labels.ndim)))
    some = (slice(None, None, step),) * labels.ndim
    seen = np.ones(labels[some].shape, bool) if valid is None else valid[some]
    inside, outside = seen & (labels[some] > 0), seen & (labels[some] == 0)
    if not inside.any() or not outside.any():
        return Look(0, not is_bright(channels[0], valid, spacing))
    found = [_apart(each[some][inside], each[some][outside]) for each in channels]
    channel = int(np.argmax(np.abs(found)))
    return Look(channel, found[channel] < 0)


def _apart(inside: NDArray[np.float32], outside: NDArray[np.float32]) -> float:
    one, other = inside.astype(np.float64), outside.astype(np.float64)
    spread = np.sqrt(0.5 * (one.var() + other.var()))
    return float((one.mean() - other.mean()) / max(spread, 1e-12))
