"""Labels of a plane as a viewer shows them in a volume: one pixel thick where that was cut."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.widgets.model.image_source import Index

__all__ = ["Thick"]


class Thick:
    """An array with further axes of one pixel, where `index` cuts through.

    Read when it is sliced.
    """

    def __init__(self, array: Any, index: Index) -> None:
        self._array, self._index = array, index
        lengths = iter(array.shape)
        self.shape = tuple(1 if isinstance(each, int) else int(next(lengths)) for each in index)
        self.dtype, self.ndim, self.size = array.dtype, len(index), prod(self.shape)
        # Whose folder it lies in is asked of the layer.
        self.store = getattr(array, "store", None)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        asked = [] if key is Ellipsis else list(key) if isinstance(key, tuple) else [key]
        asked += [slice(None)] * (self.ndim - len(asked))
        thin = [axis for axis, each in enumerate(self._index) if isinstance(each, int)]
        read = [_one(a, n) for a, n in zip(asked, self.shape, strict=True)]
        found = np.asarray(self._array[tuple(a for k, a in enumerate(read) if k not in thin)])
        # What was asked for by number is one pixel long now, and so is every thin axis.
        kept = [a if k in thin else slice(None) for k, a in enumerate(asked)]
        last = (k if isinstance(a, slice) else 0 for k, a in zip(kept, asked, strict=True))
        return np.expand_dims(found, thin)[tuple(last)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[...], dtype)


def _one(asked: Any, length: int) -> slice:
    if isinstance(asked, slice):
        return asked
    at = int(asked) % length
    return slice(at, at + 1)
