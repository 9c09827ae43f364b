"""From an image to its objects: those that are plausible, and what a network says of them."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from napari_selfseg.instances._dividing._election import elected
from napari_selfseg.instances._dividing._splitting import divided
from napari_selfseg.instances._grey import Look, is_bright, rooted
from napari_selfseg.instances._plausible import (
    SMALLEST,
    Limits,
    Plausible,
    Typical,
    plausible,
)
from napari_selfseg.instances._resolution import (
    Steps,
    coarser_steps,
    enlarged,
    explaining,
    stands_out,
)
from napari_selfseg.instances._seen import Ends, Seen, Sizes, Wanted
from napari_selfseg.instances._shapes import at_edges, filled, typical_size, without
from napari_selfseg.labelmaps import split

__all__ = [
    "Confirmed",
    "best_steps",
    "confirmed",
    "first_objects",
    "in_passing",
    "look_at",
    "outlined",
]

# Where a network finds so many times as much as was plausible, it has learned something else.
_AS_MUCH: Final = 1.7
# How likely pixels of an object are, and those of an object that is kept on average.
_LIKELY: Final = 0.5
_KEPT: Final = 0.6
_SMOOTHING: Final = 0.7
# Smallest part of the typical size: of what the network sees, and of an object.
_SEEN: Final = 0.15
_SMALL: Final = 0.12
# How many times as large as the smallest the largest objects must be to look for them.
_RANGE: Final = 4
# Part of the best score that is nearly as good.
_NEARLY: Final = 0.75
# Of three channels, which are RGB, red is taken unless another one shows so many times as much:
# stained nuclei are darkest in red.
_RED: Final = 3.0


class Confirmed(NamedTuple):
    """Objects, and typical sizes on the way to them.

    Attributes
    ----------
    labels : ndarray of int32
        ``(*spatial)`` contiguous from 1; 0 of the background.
    sizes : Sizes
        As they were known, or measured so far.
    plausible : ndarray of int32 or None
        ``(*spatial)`` those that were plausible, where a network was asked: another account of
        the same objects.
    """

    labels: NDArray[np.int32]
    sizes: Sizes
    plausible: NDArray[np.int32] | None = None

    def enlarged(self, shape: tuple[int, ...], steps: Steps) -> Confirmed:
        """Repeat labels of coarse pixels, each `steps` pixels along the axes, on the image."""
        other = None if self.plausible is None else enlarged(self.plausible, shape, steps)
        return Confirmed(enlarged(self.labels, shape, steps), self.sizes, other)


def look_at(seen: Seen, wanted: Wanted) -> tuple[Look, Plausible]:
    """Find out how objects look, and which there are."""
    n = len(seen.image)
    if wanted.channel > n:
        raise ValueError(
            f"There is no channel {wanted.channel}: the image has {n}. Choose one of them, or 0."
        )
    channels = range(n) if wanted.channel == 0 else (wanted.channel - 1,)
    found = []
    for channel in channels:
        dark = wanted.dark
        if dark is None:
            dark = not is_bright(seen.image[channel], seen.valid, seen.spacing)
        look = Look(channel, dark)
        found.append((look, _plausible(seen, look, wanted.limits, None)))
    best = max(found, key=lambda each: each[1].worth)
    if n == 3 and len(found) == n and found[0][1].worth * _RED >= best[1].worth:
        best = found[0]
    return best


def best_steps(seen: Seen, look: Look, wanted: Wanted, fine: Plausible) -> Steps:
    """Return how many pixels along each axis should become one, for objects to stand out.

    `fine` are the plausible objects at full resolution.
    """
    shape = seen.image.shape[1:]
    u = seen.stretched(look)
    of_pixels = filled(fine.labels)
    tried: list[tuple[float, Steps]] = []
    for steps in coarser_steps(shape, seen.spacing):
        smallest, largest = wanted.coarse(steps).limits.of(of_pixels.size // math.prod(steps))
        if largest < _RANGE * max(smallest, SMALLEST):
            break
        found = _plausible(seen.coarse(steps), look, wanted.coarse(steps).limits, None)
        labels = enlarged(filled(found.labels), shape, steps)
        explained = explaining(labels, u, seen.valid, steps)
        tried.append((stands_out(explained, explaining(of_pixels, u, seen.valid, steps)), steps))
    most = max((much for much, _ in tried), default=0.0)
    # Of those that are nearly as good, the finest keeps most of the shapes.
    good = (steps for much, steps in tried if much > 1 and much >= _NEARLY * most)
    return next(good, (1,) * len(shape))


def first_objects(
    seen: Seen, look: Look, wanted: Wanted, found: Plausible | Typical
) -> NDArray[np.int32]:
    """Return the plausible objects, contiguous from 1, with touching ones divided.

    `found` are those of this image, or what is typical of objects in another one.
    """
    if isinstance(found, Typical):
        found = _plausible(seen, look, wanted.limits, found)
    labels = filled(found.labels)
    if not wanted.divide or not labels.any():
        return labels
    return divided(labels, seen.stretched(look), found.typical.size, seen.spacing)


def confirmed(
    first: NDArray[np.int32],
    likelihood: NDArray[np.float32] | None,
    seen: Seen,
    wanted: Wanted,
) -> Confirmed:
    """Return the objects that a network confirms.

    `first` is from `first_objects`; `likelihood`, that a pixel lies in an object, is None where
    nothing was learned.
    """
    labels, sizes, other = first, seen.sizes or Sizes(typical_size(first)), None
    if likelihood is not None and sizes.first:
        labels, excess = _likely(first, likelihood, seen, wanted, sizes)
        sizes = sizes._replace(excess=excess)
    sizes = seen.sizes or sizes._replace(likely=typical_size(labels))
    least = _SMALL * sizes.likely
    if likelihood is not None and wanted.divide:
        other = _cleaned(first, least, wanted.limits)
    return Confirmed(_cleaned(labels, least, wanted.limits), sizes, other)


def outlined(found: Confirmed, seen: Seen, look: Look, wanted: Wanted) -> Confirmed:
    """Return the final objects at full resolution, with outlines where the image has edges."""
    labels, sizes, other = found
    sizes = seen.sizes or sizes._replace(sound=typical_size(labels))
    if labels.any():
        foot = rooted(seen.grey(look), seen.valid, dark=look.dark, levels=seen.levels)
        labels = at_edges(labels, foot, sizes.sound, seen.spacing)
        sizes = seen.sizes or sizes._replace(outlined=typical_size(labels))
        least = _SMALL * sizes.outlined
        labels = _cleaned(labels, least, wanted.limits)
        if other is not None:
            other = at_edges(other, foot, sizes.sound, seen.spacing)
            other = _cleaned(other, least, wanted.limits)
            labels = elected(labels, other, sizes.outlined, seen.spacing)
    if seen.valid is not None:
        labels = without(np.where(seen.valid, labels, 0), np.zeros(labels.max() + 1, bool))
    return Confirmed(labels if wanted.at_border else _inner(labels, seen.ends), sizes)


def in_passing(
    first: NDArray[np.int32], likelihood: NDArray[np.float32], seen: Seen, wanted: Wanted
) -> NDArray[np.int32]:
    """Return what a network has learned so far, nearly as `confirmed` will, for a fraction of it.

    Touching objects are divided where the first ones are, and no other ways are tried.
    """
    sizes = Sizes(typical_size(first))
    if not sizes.first:
        return first
    labels, _ = _likely(first, likelihood, seen, wanted, sizes, quickly=True)
    labels = _cleaned(labels, _SMALL * sizes.first, wanted.limits)
    return labels if wanted.at_border else _inner(labels, seen.ends)


def _sure(
    likelihood: NDArray[np.float32], size: float, seen: Seen, wanted: Wanted
) -> NDArray[np.int32]:
    """Return the connected pieces that a network is sure of, without specks and holes."""
    sure = ndi.gaussian_filter(likelihood, _SMOOTHING / seen.spacing) > _LIKELY
    sure = ndi.binary_opening(sure, np.ones((3,) * likelihood.ndim))
    pieces = split(sure.astype(np.int32), 1)
    return filled(_cleaned(pieces, _SEEN * size, Limits(wanted.limits.smallest)))


def _as_first(
    pieces: NDArray[np.int32], first: NDArray[np.int32], likelihood: NDArray[np.float32]
) -> NDArray[np.int32]:
    """Divide pieces between the first objects in them; those without any stay whole."""
    inside = pieces > 0
    markers = np.where(inside, first, 0)
    shown = np.zeros(int(pieces.max(initial=0)) + 1, bool)
    shown[pieces[markers > 0]] = True
    alone = inside & ~shown[pieces]
    markers[alone] = pieces[alone] + first.max(initial=0)
    return np.asarray(watershed(-likelihood, markers, mask=inside), np.int32)


def _plausible(seen: Seen, look: Look, limits: Limits, known: Typical | None) -> Plausible:
    limits = limits.of(seen.pixels)
    return plausible(seen.stretched(look), seen.spacing, limits, dark=look.dark, known=known)


def _likely(
    first: NDArray[np.int32],
    likelihood: NDArray[np.float32],
    seen: Seen,
    wanted: Wanted,
    sizes: Sizes,
    *,
    quickly: bool = False,
) -> tuple[NDArray[np.int32], float]:
    """Return what the network finds, or of the first objects those that it finds as well.

    Beside it, how many times as many pixels it finds. `quickly` tries one way to divide objects.
    """
    pieces = _sure(likelihood, sizes.first, seen, wanted)
    excess = sizes.excess
    if seen.sizes is None:
        excess = float(np.count_nonzero(pieces) / np.count_nonzero(first))
    if excess < _AS_MUCH:
        if not wanted.divide:
            return pieces, excess
        if quickly:
            return _as_first(pieces, first, likelihood), excess
        # How the first objects would divide them is one way among others.
        as_first = watershed(-likelihood, np.where(pieces > 0, first, 0), mask=pieces > 0)
        return divided(pieces, likelihood, sizes.first, seen.spacing, as_first), excess
    n = int(first.max(initial=0))
    mean = ndi.mean(likelihood, first, np.arange(n + 1))
    return without(first, np.asarray(mean) < _KEPT), excess


def _cleaned(labels: NDArray[Any], least: float, limits: Limits) -> NDArray[np.int32]:
    sizes = np.bincount(labels.ravel())
    smallest, _ = limits.of(labels.size)
    gone = sizes < max(least, smallest)
    if limits.largest:
        gone |= sizes > limits.largest
    return without(labels, gone)


def _inner(labels: NDArray[np.int32], ends: Ends) -> NDArray[np.int32]:
    """Take away objects that the border of the image cuts."""
    gone = np.zeros(int(labels.max(initial=0)) + 1, bool)
    for axis, here in enumerate(ends or ((True, True),) * labels.ndim):
        for end, cuts in zip((0, -1), here, strict=True):
            if cuts:
                gone[np.take(labels, end, axis)] = True
    return without(labels, gone)
