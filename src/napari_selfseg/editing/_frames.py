"""Where a label map is one image, and where a stack of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frames", "Index"]

Index = tuple[int | slice, ...]


class Frames:
    """The images of a stack along `axes`; one that is all, where it is none."""

    def __init__(self, shape: tuple[int, ...], axes: Sequence[int] = ()) -> None:
        self.shape, self.axes = shape, tuple(axes)

    def index(self, points: Sequence[tuple[int, ...]]) -> Index:
        """Return the image that some points lie in; ValueError when there is none such."""
        for point in points:
            if not all(0 <= at < n for at, n in zip(point, self.shape, strict=True)):
                raise ValueError("This is outside of the image: click inside it.")
        frames = {tuple(point[axis] for axis in self.axes) for point in points}
        if len(frames) > 1:
            raise ValueError("These objects are in different images of the stack.")
        at = dict(zip(self.axes, frames.pop(), strict=True))
        return tuple(at.get(axis, slice(None)) for axis in range(len(self.shape)))

    def places(self, mask: NDArray[np.bool_], index: Index) -> NDArray[np.intp]:
        """Return where pixels of an image are in the flat label map."""
        # The mask has only the axes that the index does not cut through.
        inside: Any = iter(np.nonzero(mask))
        n = np.count_nonzero(mask)
        where = [next(inside) if isinstance(e, slice) else np.full(n, e) for e in index]
        return np.ravel_multi_index(where, self.shape).astype(np.intp)

    def local(self, points: Sequence[tuple[int, ...]], index: Index) -> NDArray[np.intp]:
        """Return points of the label map as those of an image."""
        return np.array(points, np.intp)[:, [isinstance(each, slice) for each in index]]

    def wall(self, axis: int | None, index: Index) -> int | None:
        """Return the axis along which a cut goes on, of those of an image; None of a plane.

        `axis` is one of the label map. ValueError when it is needed, and is no axis of the image.
        """
        whole = [isinstance(each, slice) for each in index]
        if sum(whole) == 2:
            return None
        if axis is None or not 0 <= axis < len(whole) or not whole[axis]:
            raise ValueError("In a volume a cut goes on along an axis: say which.")
        return sum(whole[:axis])
