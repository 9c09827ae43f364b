"""A stack or time series measured plane by plane, in the memory of one plane and of its rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.objects._features import checked_spacing, object_features
from napari_selfseg.objects._pieces import connected
from napari_selfseg.work import Progress, Work

__all__ = ["PlaneStep", "PlaneTable", "axis_columns"]

PLANE: Final = "plane"
Column = NDArray[Any]


class PlaneStep(NamedTuple):
    """A plane that was measured.

    Attributes
    ----------
    done, total : int
        Planes.
    seconds_left : float
        At the pace so far.
    """

    done: int
    total: int
    seconds_left: float
    step: None = None

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return Progress("plane", self.done, self.total)


class PlaneTable(Work[PlaneStep]):
    """Measure every object on every plane; iterate it to advance.

    What is measured on a plane is of that plane: an area is never summed over time.

    Parameters
    ----------
    labels, image : array_like
        ``(*spatial)`` from 1, and with channels along `channel_axis`; what is sliced is read, one
        plane at a time. The image may be None.
    axes : sequence of int
        Spatial axes along which each place is a plane (or a volume) of its own.
    names : sequence of str
        Of all spatial axes; empty for one without.
    own : bool
        Whether each label is measured, which is the same along the axes; otherwise each connected
        piece of a label on a plane, numbered on that plane, with the label as its class.
    first : sequence of int
        What the first plane is called along each of `axes`; 0 by default.
    spacing, unit, channel_names
        As for `object_features`, the spacing of all spatial axes.

    Attributes
    ----------
    places : list of str
        The columns that say which plane it is.
    stopped : None
        Nothing is said of why it ended.
    """

    stopped: None = None

    def __init__(
        self,
        labels: Any,
        image: Any,
        axes: Sequence[int],
        names: Sequence[str],
        *,
        channel_axis: int | None = None,
        own: bool = True,
        first: Sequence[int] = (),
        spacing: Sequence[float] | None = None,
        unit: str = "pixel",
        channel_names: Sequence[str] | None = None,
    ) -> None:
        self._labels, self._image, self._axes, self._own = labels, image, tuple(axes), own
        self._channel_axis = channel_axis
        shape = tuple(map(int, labels.shape))
        sizes = checked_spacing(spacing, len(shape))
        self._rest = [k for k in range(len(shape)) if k not in self._axes]
        if len(self._rest) not in (2, 3):
            raise ValueError(f"Planes of {len(self._rest)} axes are neither planes nor volumes.")
        self._how: dict[str, Any] = {
            "spacing": sizes[self._rest],
            "unit": unit,
            "channel_names": channel_names,
        }
        self._lengths = tuple(shape[k] for k in self._axes)
        self.places = axis_columns(names, self._axes)
        self._first = tuple(first) or (0,) * len(self._axes)
        self._letters = [names[k] for k in self._rest]
        self._parts: list[dict[str, Column]] = []
        self._asked, self._began = threading.Event(), time.monotonic()

    def __next__(self) -> PlaneStep:
        """Measure the next plane."""
        done, total = len(self._parts), prod(self._lengths)
        if done == total or self._asked.is_set():
            raise StopIteration
        self._parts.append(self._measured(done))
        pace = (time.monotonic() - self._began) / (done + 1)
        return PlaneStep(done + 1, total, pace * (total - done - 1))

    @property
    def progress(self) -> Progress:
        """How many planes are measured."""
        return Progress("plane", len(self._parts), prod(self._lengths))

    @property
    def complete(self) -> bool:
        """Whether all planes are measured."""
        return len(self._parts) == prod(self._lengths)

    def stop(self) -> None:
        """Ask to end after the plane at work. From any thread."""
        self._asked.set()

    def close(self) -> None:
        """End now."""
        self._asked.set()

    def columns(self) -> dict[str, Column]:
        """Return one row an object and plane.

        Returns
        -------
        dict of str to ndarray
            The place along each axis under the name of that (``plane`` where it has none), then
            the columns of `object_features`.
        """
        return {
            name: np.concatenate([each[name] for each in self._parts]) for name in self._parts[0]
        }

    def _measured(self, plane: int) -> dict[str, Column]:
        place = tuple(int(at) for at in np.unravel_index(plane, self._lengths))
        labels = np.asarray(self._labels[self._spot(place, self._labels)])
        image = None if self._image is None else self._read(place)
        channels = None if image is None or image.ndim == labels.ndim else -1
        measured, classes = (labels, None) if self._own else (connected(labels), labels)
        found = object_features(
            measured, image, channel_axis=channels, classes=classes, **self._how
        )
        n = len(found["index"])
        where = {
            name: np.full(n, at + begin)
            for name, at, begin in zip(self.places, place, self._first, strict=True)
        }
        return where | {self._renamed(name): values for name, values in found.items()}

    def _read(self, place: tuple[int, ...]) -> NDArray[Any]:
        channels = self._channel_axis
        if channels is None:
            return np.asarray(self._image[self._spot(place, self._image)])
        n = len(self._image.shape)
        spot = list(self._spot(place, self._labels))
        spot.insert(channels % n, slice(None))
        found = np.asarray(self._image[tuple(spot)])
        before = sum(isinstance(each, slice) for each in spot[: channels % n])
        return np.moveaxis(found, before, -1)

    def _spot(self, place: tuple[int, ...], array: Any) -> tuple[int | slice, ...]:
        spot: list[int | slice] = [slice(None)] * len(array.shape)
        for axis, at in zip(self._axes, place, strict=True):
            spot[axis] = at
        return tuple(spot)

    def _renamed(self, column: str) -> str:
        """Call centroids by the axes of the plane where it lies across others."""
        for usual, own in zip("zyx"[-len(self._rest) :], self._letters, strict=True):
            if own and column.startswith(f"centroid {usual} "):
                return column.replace(f" {usual} ", f" {own} ", 1)
        return column


def axis_columns(names: Sequence[str], axes: Sequence[int]) -> list[str]:
    """Return what columns of places along axes are called."""
    alone = sum(not names[axis] for axis in axes) == 1
    return [names[axis] or (PLANE if alone else f"axis {axis}") for axis in axes]
