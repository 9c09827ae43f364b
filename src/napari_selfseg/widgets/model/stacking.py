"""How a stack is gone along: what can be chosen for an image, and where a plane lies; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any, Final

import numpy as np

from napari_selfseg.widgets.model.axis_letters import DEPTHS, TIMES
from napari_selfseg.widgets.model.image_source import ALL, Index, Picture

__all__ = [
    "FITTED",
    "UNDECIDED",
    "VOLUME",
    "WAYS",
    "Along",
    "Fits",
    "Stacking",
    "directions",
    "suggested",
    "suggested_axes",
    "ways",
]

VOLUME: Final = "volume"
WAYS: Final = (
    ("As one volume, in 3-D", VOLUME),
    ("Plane by plane: each by itself", "independent"),
    ("Plane by plane: learning goes on", "warm"),
    ("Plane by plane: learned once for all", "joint"),
)
# In place of a way, where the image does not say what its axis is and nobody has said it yet.
UNDECIDED: Final = "undecided"
ASKED: Final = "Choose: one volume, or planes?"
# Planes of one model for all; they are in memory together.
FITTED: Final = 5
Fits = Callable[[Picture, Sequence[int]], bool]


@dataclass(frozen=True)
class Stacking:
    """How a stack is taken apart, and what a plane takes over.

    Attributes
    ----------
    axes : tuple of int
        Spatial axes to go along.
    carry : {"independent", "warm", "joint"}
        As for `napari_selfseg.scale.over_stack`.
    iterations : int or None
        On a plane that begins with its neighbour's weights; None for the default.
    """

    axes: tuple[int, ...]
    carry: str
    iterations: int | None = None

    def options(self) -> dict[str, Any]:
        """Return the arguments of `napari_selfseg.scale.over_stack` that say the same."""
        fitted = FITTED if self.carry == "joint" else None
        return {
            "axis": self.axes,
            "carry": self.carry,
            "iterations": self.iterations,
            "planes_fitted": fitted,
        }


@dataclass(frozen=True)
class Along:
    """The planes of a stack by number: how many, which pixels, what to call them.

    Attributes
    ----------
    axes : tuple of int
        Spatial axes that are gone along.
    shape : tuple of int
        Spatial shape of the stack.
    names : tuple of str
        Of all spatial axes; empty for one without.
    first : tuple of int
        Where the stack begins in its image, along each spatial axis.
    """

    axes: tuple[int, ...]
    shape: tuple[int, ...]
    names: tuple[str, ...]
    first: tuple[int, ...]

    @property
    def lengths(self) -> tuple[int, ...]:
        """Planes along each axis that is gone along."""
        return tuple(self.shape[axis] for axis in self.axes)

    @property
    def plane(self) -> tuple[int, ...]:
        """Shape of a plane."""
        return tuple(n for axis, n in enumerate(self.shape) if axis not in self.axes)

    def __len__(self) -> int:
        return prod(self.lengths)

    def spot(self, plane: int) -> Index:
        """Return where a plane lies in the stack."""
        found: list[int | slice] = [ALL] * len(self.shape)
        for axis, at in zip(self.axes, self._place(plane), strict=True):
            found[axis] = at
        return tuple(found)

    def number(self, position: Sequence[int]) -> int:
        """Return the plane at a pixel of the image, or the nearest there is."""
        place = tuple(int(position[axis]) - self.first[axis] for axis in self.axes)
        return int(np.ravel_multi_index(place, self.lengths, mode="clip"))

    def name(self, plane: int) -> str:
        """Return what to call a plane: as the sliders of the viewer count."""
        pairs = zip(self.axes, self._place(plane), strict=True)
        return ", ".join(
            f"{self.names[axis] or 'plane'} {at + self.first[axis]}" for axis, at in pairs
        )

    def _place(self, plane: int) -> tuple[int, ...]:
        return tuple(int(each) for each in np.unravel_index(plane, self.lengths))


def ways(ndim: int, ndims: Sequence[int], *, asked: bool = False) -> list[tuple[str, str]]:
    """Return how an image can be segmented: in words, and as `Stacking.carry` or `VOLUME`.

    `ndims` are the numbers of axes that the method takes. With `asked` a person has to say what
    the image is, and `UNDECIDED` comes first.
    """
    found = [(words, way) for words, way in WAYS if way != VOLUME or ndim in ndims]
    return [(ASKED, UNDECIDED), *found] if asked else found


def suggested(picture: Picture, ndims: Sequence[int], fits: Fits) -> str:
    """Return how a person would segment an image: `VOLUME`, or one of `Stacking.carry`.

    A film is no volume, nor is what is too large: `fits` says whether there is the memory for an
    image of some shape. An axis without a name may be depth or time, and nobody but a person can
    tell: `UNDECIDED`.
    """
    names = {each.lower() for each in picture.axes}
    film = not names.isdisjoint(TIMES)
    if film or len(picture.scale) not in ndims or not fits(picture, picture.shape):
        return "independent"
    return UNDECIDED if names.isdisjoint(DEPTHS) else VOLUME


def suggested_axes(
    picture: Picture, offered: Sequence[tuple[int, ...]], fits: Fits
) -> tuple[int, ...] | None:
    """Return the axes to go along: the fewest that leave something there is the memory for.

    `offered` is as from `directions`; None where there is nothing to choose.
    """

    def rest(axes: tuple[int, ...]) -> list[int]:
        return [n for axis, n in enumerate(picture.shape) if axis not in axes]

    small = (axes for axes in offered if fits(picture, rest(axes)))
    return next(small, offered[-1] if offered else None)


def directions(picture: Picture, ndims: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:
    """Return the axes along which a stack can be cut into planes, in words and as numbers.

    Those with a slider come first.
    """
    n = len(picture.scale)
    return [
        (_in_words(picture, axes), axes) for axes in _subsets(picture, n) if n - len(axes) in ndims
    ]


def _subsets(picture: Picture, n: int) -> Iterator[tuple[int, ...]]:
    sliders = [axis for axis in range(n) if axis not in picture.plane]
    for size in range(1, len(sliders) + 1):
        yield from combinations(sliders, size)
    # Of a stack the planes across those in view make sense; of a film of volumes few would.
    if n == 3:
        yield from ((axis,) for axis in sorted(picture.plane))


def _in_words(picture: Picture, axes: tuple[int, ...]) -> str:
    names = " and ".join((picture.axes[axis] or f"axis {axis}") for axis in axes)
    count = prod(picture.shape[axis] for axis in axes)
    return f"{names} ({count} {'planes' if len(picture.scale) - len(axes) == 2 else 'volumes'})"
