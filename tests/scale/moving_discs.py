"""Small stacks with two discs that move, and what watches how they are read."""

from __future__ import annotations

import numpy as np

import napari_selfseg as ss

HERE = {"device": "cpu", "threads": 1, "precision": "float32"}
METHOD = ss.Backprop(iterations=20, channels=8, min_labels=3, seed=2)
COARSE = ss.Slic(n_segments=80)


def discs(n=6, shape=(28, 36), *, flipped=False):
    """Two discs on a dark ground; with every second plane inverted no two runs agree on classes."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: shape[0], : shape[1]]
    stack = rng.normal(scale=0.05, size=(n, *shape))
    for k, plane in enumerate(stack):
        for row, column in places(k)[:2]:
            plane[(y - row) ** 2 + (x - column) ** 2 < 36] += 1 + (row == 19)
    if flipped:
        stack[1::2] *= -1
    return stack.astype(np.float32)


def places(k):
    """Where the discs and the ground are in plane k."""
    return (9, 8 + k), (19, 26 - k), (1, 1)


def ids(labels):
    """Ids of the discs and the ground in every plane."""
    return [tuple(int(plane[at]) for at in places(k)) for k, plane in enumerate(labels)]


def begun(stack, method=METHOD, **options):
    return ss.over_stack(stack, method, **{"superpixels": COARSE, **HERE, **options})


class Lazy:
    """An array that is only read by slices, and keeps how much of it each time."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self.read, self.planes = [], []

    def __getitem__(self, key):
        found = self._array[key]
        self.read.append(found.size)
        self.planes.append(key)
        return found

    def __array__(self, *args, **kwargs):
        raise AssertionError("read as a whole")
