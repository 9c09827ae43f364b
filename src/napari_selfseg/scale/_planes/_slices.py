"""The planes of a stack, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Planes"]


class Planes(Sequence[NDArray[Any]]):
    """A stack as a sequence; a plane is whatever axes remain, so it may be a volume.

    Parameters
    ----------
    stack : array_like
        Anything that is sliced as NumPy does it: an array, a zarr or dask array.
    axis : int or sequence of int
        Spatial axes to go along; planes of several are counted with the last of them first.
    channel_axis : int, optional
        Axis of the channels of the stack; those of a plane are last.

    Attributes
    ----------
    stack : array
        As given.
    shape : tuple of int
        Planes along each axis that was named.
    spatial : tuple of int
        Lengths of the axes of a plane, without channels.

    Raises
    ------
    ValueError
        When there are no such axes, or too few remain.
    """

    def __init__(
        self, stack: Any, axis: int | Sequence[int] = 0, channel_axis: int | None = None
    ) -> None:
        self.stack = stack if hasattr(stack, "shape") else np.asarray(stack)
        n = len(self.stack.shape)
        self._channel = None if channel_axis is None else _within(channel_axis, n)
        spatial = [k for k in range(n) if k != self._channel]
        wanted = [axis] if isinstance(axis, int | np.integer) else list(axis)
        along = [_within(int(each), len(spatial)) for each in wanted]
        rest = [k for k in range(len(spatial)) if k not in along]
        if len(rest) < 2 or len(set(along)) != len(along) or not along:
            raise ValueError(
                f"A stack of {len(spatial)} spatial axes cannot be taken apart along {axis}: name "
                "different axes, and leave two or three for a plane or volume."
            )
        self._along = [spatial[each] for each in along]
        self._rest = tuple(rest)
        self.shape: tuple[int, ...] = tuple(int(self.stack.shape[k]) for k in self._along)
        self.spatial: tuple[int, ...] = tuple(int(self.stack.shape[spatial[k]]) for k in rest)

    @property
    def whole(self) -> tuple[int, ...]:
        """Lengths of all spatial axes of the stack."""
        shape = self.stack.shape
        return tuple(int(n) for k, n in enumerate(shape) if k != self._channel)

    def rest(self, values: Sequence[float]) -> tuple[float, ...]:
        """Return, of one value for each spatial axis of the stack, those of a plane."""
        return tuple(values[k] for k in self._rest)

    def spot(self, index: int) -> tuple[int | slice, ...]:
        """Say where a plane lies in the stack, as its index."""
        if not 0 <= index < len(self):
            raise IndexError(f"There is no plane {index} among {len(self)}.")
        found: list[int | slice] = [slice(None)] * len(self.stack.shape)
        for k, at in zip(self._along, np.unravel_index(index, self.shape), strict=True):
            found[k] = int(at)
        return tuple(found)

    def __len__(self) -> int:
        return int(np.prod(self.shape))

    @overload
    def __getitem__(self, index: int) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[NDArray[Any]]: ...

    def __getitem__(self, index: int | slice) -> NDArray[Any] | list[NDArray[Any]]:
        """Read a plane; of a NumPy array it is a view."""
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        plane = np.asarray(self.stack[self.spot(index)])
        if self._channel is None:
            return plane
        return np.moveaxis(plane, self._channel - sum(k < self._channel for k in self._along), -1)


def _within(axis: int, n: int) -> int:
    if not -n <= axis < n:
        raise ValueError(f"There is no axis {axis} among {n}: they count from 0.")
    return axis % n
