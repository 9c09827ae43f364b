"""A first look at a large image: what a method makes of a small picture of it, in a second."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from napari_selfseg.protocol._evolve import evolve
from napari_selfseg.protocol._method._method import Method
from napari_selfseg.protocol._run import Run
from napari_selfseg.protocol._schedules._shrinking import restored_size, shrunk, shrunk_strokes

__all__ = ["FirstLook", "first_look"]

# Pixels from which on the first labels of a run come late.
LARGE: Final = 2**19
# Pixels of a small picture, and how many times fewer they are at least: the look shall take a few
# per cent of the run.
SMALL: Final = 2**16
FEWER: Final = 32
# Pixels along a short axis that are left.
LEAST: Final = 4
# Pixels beyond which it takes long to read them all.
MOST: Final = 2**28
# Pixels that are read at once.
_SLAB: Final = 2**22
# Of what can be averaged in float32 without losing grey levels.
_SHORT: Final = tuple(map(np.dtype, ("bool", "uint8", "int8", "uint16", "int16", "f2", "f4")))


@dataclass(frozen=True)
class FirstLook:
    """A run on a small picture of an image.

    Attributes
    ----------
    run : Run
        To be finished; it can be stopped as any other.
    steps : tuple of int
        How many pixels along each axis of the image became one.
    shape : tuple of int
        Of the image, along its spatial axes.
    """

    run: Run
    steps: tuple[int, ...]
    shape: tuple[int, ...]

    def labels(self, shape: Sequence[int] = ()) -> NDArray[Any]:
        """Return the labels of the run, stretched to the size of the image or to `shape`.

        They count from 1, 0 where there are no data.
        """
        small = self.run.labels()
        if not shape:
            found = restored_size(torch.from_numpy(small.astype(np.int32)), self.shape, self.steps)
            return found.numpy().astype(small.dtype)
        # The pixel of the small picture at the middle of each pixel of `shape`.
        axes = [
            ((np.arange(size) + 0.5) * n / size).astype(np.int64) // step
            for size, n, step in zip(shape, self.shape, self.steps, strict=True)
        ]
        return small[np.ix_(*axes)]


def first_look(
    image: Any,
    method: Method,
    *,
    channel_axis: int | None = None,
    mask: Any = None,
    scribbles: NDArray[Any] | None = None,
    **options: Any,
) -> FirstLook | None:
    """Look at a small picture of a large image before it is segmented.

    The labels of the image do not depend on it.

    Parameters
    ----------
    image : array_like
        As for `evolve`, one image; it is read in slabs, and so may lie on a disk.
    method : Method
        What is going to segment it.
    channel_axis, mask, scribbles
        As for `evolve`; the mask is read as the image is.
    **options
        As for `evolve`: ``spacing``, ``device``, ``threads``, ``precision``, and an algorithm as
        ``superpixels``.

    Returns
    -------
    FirstLook or None
        None where the first labels of the image come as soon, or where networks are trained, which
        know little at first; or where reading the image takes long.

    Raises
    ------
    ValueError
        When something given cannot be used.
    """
    axis = None if channel_axis is None else channel_axis % len(image.shape)
    shape = tuple(n for k, n in enumerate(image.shape) if k != axis)
    steps = _steps(shape)
    if method.updates or len(shape) not in method.ndims or not steps:
        return None
    small, valid = _smaller(image, axis, mask, steps)
    drawn = None
    if scribbles is not None:
        found = torch.from_numpy(np.asarray(scribbles).astype(np.int64))[None] - 1
        drawn = (shrunk_strokes(found, steps)[0] + 1).numpy()
    smaller = method.smaller(steps).replace(outlines="superpixels")
    how = {"channel_axis": 0, "mask": valid, "scribbles": drawn, **options}
    return FirstLook(evolve(small, smaller, **how), steps, shape)


def _steps(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Say how many pixels along each axis become one; nothing where none shall."""
    pixels = math.prod(shape)
    if not LARGE < pixels <= MOST:
        return ()
    step = math.ceil(max(pixels / SMALL, FEWER) ** (1 / len(shape)))
    return tuple(max(min(step, n // LEAST), 1) for n in shape)


def _smaller(
    image: Any, axis: int | None, mask: Any, steps: tuple[int, ...]
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Average the pixels with data, channels first."""
    pairs = [shrunk(x, valid, steps) for x, valid in _slabs(image, axis, mask, steps[0])]
    found = torch.cat([x for x, _ in pairs], dim=2)[0].numpy()
    masks = [valid for _, valid in pairs if valid is not None]
    seen = torch.cat(masks, dim=2)[0, 0].numpy() if masks else None
    dtype = np.dtype(image.dtype)
    # Grey levels mean the same in both sizes.
    return (found if dtype.kind == "f" else np.rint(found)).astype(dtype), seen


def _slabs(
    image: Any, axis: int | None, mask: Any, step: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
    shape = [n for k, n in enumerate(image.shape) if k != axis]
    # Whole steps, so that no pixel of the small picture lies in two slabs.
    rows = max(_SLAB // math.prod(shape[1:]) // step, 1) * step
    exact = np.float32 if np.dtype(image.dtype) in _SHORT else np.float64
    for start in range(0, shape[0], rows):
        part = [slice(None)] * len(image.shape)
        part[0 if axis != 0 else 1] = slice(start, start + rows)
        array = np.asarray(image[tuple(part)])
        array = array[None] if axis is None else np.moveaxis(array, axis, 0)
        x = np.ascontiguousarray(array, exact)
        if mask is None:
            yield torch.from_numpy(x)[None], None
            continue
        valid = np.asarray(mask[start : start + rows], bool)
        yield torch.from_numpy(np.where(valid, x, 0))[None], torch.from_numpy(valid)[None, None]
