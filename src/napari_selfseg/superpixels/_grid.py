"""Cells of equal physical steps over an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cells", "counts"]


def counts(shape: tuple[int, ...], spacing: NDArray[np.float64], n: float) -> list[int]:
    """Say how many cells of equal physical steps lie along each axis.

    Parameters
    ----------
    spacing : ndarray of float64
        ``(ndim,)`` size of a pixel along each axis.
    n : float
        About how many cells in all.

    Returns
    -------
    list of int
        One an axis, at least 1 and at most its pixels.
    """
    # Short axes first: what they cannot hold goes to the longer ones.
    extent = np.array(shape) * spacing
    found = [1] * len(shape)
    left = list(np.argsort(extent, kind="stable"))
    while left:
        step = (extent[left].prod() / n) ** (1 / len(left))
        axis = left.pop(0)
        found[axis] = int(np.clip(round(extent[axis] / step), 1, shape[axis]))
        n = max(n / found[axis], 1.0)
    return found


def cells(shape: tuple[int, ...], per_axis: list[int]) -> NDArray[np.int64]:
    """Number the cells of a grid over an image, from 0 in the order of the axes.

    `per_axis` is from `counts`.
    """
    number = np.zeros(shape, dtype=np.int64)
    for axis, (size, k) in enumerate(zip(shape, per_axis, strict=True)):
        along = np.arange(size) * k // size
        number = number * k + along.reshape(
            [-1 if each == axis else 1 for each in range(len(shape))]
        )
    return number
