"""A stack as `over_stack` takes it: cut out, put together and masked only where it is sliced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import Index, read, shape_of
from napari_selfseg.widgets.model.overlay import Covered

if TYPE_CHECKING:
    from napari_selfseg.widgets.model.request import Request

__all__ = ["LazyPart", "stack_arrays"]


class LazyPart:
    """Part of an array, read when it is sliced.

    `read` returns the pixels at an index of the whole, channels last; `channels` is 0 where there
    are none.
    """

    def __init__(
        self,
        read: Callable[[Index], NDArray[Any]],
        index: Index,
        whole: Sequence[int],
        dtype: Any,
        channels: int = 0,
    ) -> None:
        self._read, self._index, self._whole = read, index, tuple(whole)
        self._channels = channels
        self.shape = (*shape_of(whole, index), *((channels,) if channels else ()))
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        asked = list(key) if isinstance(key, tuple) else [key]
        asked += [slice(None)] * (self.ndim - len(asked))
        last = asked.pop() if self._channels else None
        wanted = iter(asked)
        pairs = zip(self._index, self._whole, strict=True)
        found = self._read(
            tuple(e if isinstance(e, int) else _inside(e, n, next(wanted)) for e, n in pairs)
        )
        return found if last is None else found[..., last]


def _inside(part: slice, length: int, asked: Any) -> int | slice:
    pixels = range(*part.indices(length))
    if not isinstance(asked, slice):
        return pixels[int(asked)]
    taken = pixels[asked]
    return slice(taken.start, taken.stop, taken.step)


def stack_arrays(request: Request) -> dict[str, Any]:
    """Return the arguments of `napari_selfseg.scale.over_stack`, without reading any array."""
    picture, given = request.picture, request.superpixels
    image = LazyPart(
        lambda index: read(picture, index),
        request.index,
        picture.shape,
        picture.data[0].dtype,
        request.channels,
    )
    return {
        "image": image,
        "channel_axis": -1 if request.channels else None,
        "superpixels": _covering(given) if isinstance(given, Covered) else given,
        "mask": _mask(request, image),
        "spacing": request.spacing,
        "name": picture.name,
    }


def _covering(covered: Covered) -> LazyPart:
    data = covered.data
    return LazyPart(lambda index: np.asarray(data[index]), covered.index, data.shape, data.dtype)


def _mask(request: Request, image: LazyPart) -> LazyPart | None:
    void = request.void
    if void is None:
        return None
    if isinstance(void, Covered):
        data = void.data
        return LazyPart(
            lambda index: np.asarray(data[index]) != 0, void.index, data.shape, np.bool_
        )
    colours = bool(request.channels)
    whole = (slice(None),) * len(request.shape)
    return LazyPart(lambda index: void.mask(image[index], colours), whole, request.shape, np.bool_)
