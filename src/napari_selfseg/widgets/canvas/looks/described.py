"""A labels layer as a legend counts it, and a look at one of its labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_selfseg.widgets.canvas.layers import (
    METADATA,
    NAMES,
    camera_of,
    finest,
    is_mark,
    part_sizes,
)
from napari_selfseg.widgets.model.axis_letters import TIMES
from napari_selfseg.widgets.model.looks.counting import place_of
from napari_selfseg.widgets.model.measure import unit_of
from napari_selfseg.widgets.model.sizes import Scale, scale_of

__all__ = [
    "SHOWS",
    "CountableLabels",
    "countable_labels",
    "look_at",
    "of_labels",
    "own_names",
    "turn_dims",
    "turn_to",
]

# In the metadata of a layer: what its labels are.
SHOWS: Final = "napari-selfseg shows"
NAMED: Final = ("classes", "objects", "pieces")
PLANE: Final = " in the plane in view"
VOLUME: Final = " in the volume in view"
ABOUT: Final = ", about"
# Of the box around a label that is in view: then nothing is to be moved.
MOSTLY: Final = 0.6


@dataclass(frozen=True)
class CountableLabels:
    """Labels that can be counted at once.

    Attributes
    ----------
    data : array_like
        With all of them, or a level of them.
    index : tuple of int or slice
        The part of it.
    times : float
        Pixels of the whole for one of these.
    scale : Scale
        How large a pixel of the whole is.
    where : str
        What of the whole it is, in words; empty for all.
    """

    data: Any
    index: tuple[int | slice, ...]
    times: float
    scale: Scale
    where: str

    @property
    def pixels(self) -> int:
        """How many there are to count."""
        pairs = zip(self.index, self.data.shape, strict=True)
        return math.prod(n for each, n in pairs if isinstance(each, slice))

    def read(self) -> NDArray[Any]:
        """Return the labels; slow where they are on a disk."""
        return np.asarray(self.data[self.index])


def countable_labels(layer: Any, dims: Any) -> CountableLabels:
    """Return the labels of a layer, or a coarser level of them, that can be counted in a moment."""
    scale, every = _scale(layer), (slice(None),) * layer.ndim
    if (index := _image_in_view(layer, dims)) is not None and not layer.multiscale:
        where = PLANE if sum(isinstance(each, slice) for each in index) == 2 else VOLUME
        return CountableLabels(layer.data, index, 1.0, _scale(layer, index), where)
    if layer.multiscale:
        whole, coarsest = layer.data[0], layer.data[-1]
        times = float(np.prod(whole.shape) / np.prod(coarsest.shape))
        return CountableLabels(coarsest, every, times, scale, ABOUT)
    if isinstance(layer.data, np.ndarray):
        return CountableLabels(layer.data, every, 1.0, scale, "")
    index = plane_of(layer, dims)
    return CountableLabels(layer.data, index, 1.0, _scale(layer, index), PLANE)


def of_labels(layer: Any) -> bool:
    """Say whether legend and table of a layer make sense: scribbles and marks have none."""
    if not isinstance(layer, Labels) or is_mark(layer):
        return False
    return METADATA in layer.metadata or NAMES not in layer.metadata


def _image_in_view(layer: Any, dims: Any) -> tuple[int | slice, ...] | None:
    """Return which image of a time series, or of a stack of planes, is in view.

    None for labels of one image. What is added up over images is a size of nothing.
    """
    told = (layer.metadata.get(METADATA) or {}).get("stack") or {}
    axes = set(told.get("axis", ()))
    axes |= {k for k, name in enumerate(layer.axis_labels) if name.lower() in TIMES}
    common = layer.units[-1]
    axes |= {k for k, unit in enumerate(layer.units) if not unit.is_compatible_with(common)}
    shape = finest(layer).shape
    along = {axis for axis in axes if axis < len(shape) and shape[axis] > 1}
    if not along or len(shape) - len(along) < 2:
        return None
    plane = plane_of(layer, dims, flat=False)
    return tuple(at if k in along else slice(None) for k, at in enumerate(plane))


def own_names(layer: Any) -> dict[int, str]:
    """Return names that somebody gave the classes of a layer; segments have none of them."""
    named = layer.metadata.get(SHOWS) in NAMED
    return dict(layer.metadata.get(NAMES, {})) if named else {}


def plane_of(layer: Any, dims: Any, *, flat: bool = True) -> tuple[int | slice, ...]:
    """Return the plane of a layer that is in view; a pixel in its middle where it is not `flat`."""
    here = np.round(layer.world_to_data(dims.point[dims.ndim - layer.ndim :]))
    off = dims.ndim - layer.ndim
    shown = {axis - off for axis in dims.order[-2:]} if flat else set()
    limits = zip(here, layer.data.shape, strict=True)
    places = [min(max(int(at), 0), n - 1) for at, n in limits]
    return tuple(slice(None) if k in shown else at for k, at in enumerate(places))


def turn_to(viewer: Any, layer: Any, number: int) -> NDArray[np.int64] | None:
    """Bring a label into view, unless all of it is; return one of its pixels.

    Of several images that in view is looked through first, and the others where they are in memory.
    None where the label does not occur.
    """
    countable = countable_labels(layer, viewer.dims)
    found = place_of(countable.read(), number)
    if found is not None:
        found = _lifted(found[0], countable.index), _lifted(found[1], countable.index)
    elif countable.where in (PLANE, VOLUME) and isinstance(layer.data, np.ndarray):
        found = place_of(layer.data, number)
    if found is None:
        return None
    factors = np.array(layer.data[0].shape) / countable.data.shape if layer.multiscale else 1
    point, box = found[0] * factors, found[1] * factors
    if not _in_view(viewer, layer, point, box):
        look_at(viewer, layer, point)
    return np.asarray(point, np.int64)


def _lifted(points: Any, index: Sequence[int | slice]) -> NDArray[np.int64]:
    """Return points of a part as points of the whole."""
    inside = iter(np.moveaxis(points, -1, 0))
    like = np.asarray(points)[..., 0]
    return np.stack(
        [next(inside) if isinstance(e, slice) else np.full_like(like, e) for e in index], axis=-1
    )


def turn_dims(viewer: Any, layer: Any, pixel: Mapping[int, int]) -> None:
    """Bring a place along some axes of a layer into view, in its pixels."""
    here = np.array(layer.world_to_data(viewer.dims.point[viewer.dims.ndim - layer.ndim :]))
    for axis, at in pixel.items():
        here[axis] = at
    world, off = layer.data_to_world(here), viewer.dims.ndim - layer.ndim
    for axis in pixel:
        viewer.dims.set_point(axis + off, float(world[axis]))


def look_at(viewer: Any, layer: Any, point: Any) -> None:
    """Move the view over a layer until a place of it, in its pixels, is as central as can be."""
    world = np.asarray(layer.data_to_world(point))
    dims, off = viewer.dims, viewer.dims.ndim - layer.ndim
    shown = dims.order[-2:]
    for axis in range(off, dims.ndim):
        if axis not in shown:
            dims.set_point(axis, float(world[axis - off]))
    kept = point if layer.multiscale else _kept_on(layer, point, [axis - off for axis in shown])
    world = np.asarray(layer.data_to_world(kept))
    centre = [float(world[axis - off]) for axis in shown]
    camera_of(viewer).center = (0.0, *centre)


def _kept_on(layer: Any, point: Any, shown: Sequence[int]) -> NDArray[np.float64]:
    """Move the middle of the view until no more of it lies beside the layer than has to."""
    # What is in view of the layer; of one with levels that counts in pixels of a level.
    first, last = np.asarray(layer.corner_pixels, np.float64)
    middle = np.array(point, np.float64)
    for k in shown:
        most, half = layer.data.shape[k] - 1, (last[k] - first[k]) / 2
        middle[k] = np.clip(middle[k], half, most - half) if half < most / 2 else most / 2
    return middle


def _in_view(viewer: Any, layer: Any, point: Any, box: Any) -> bool:
    """Say whether the plane with a pixel is in view, and most of the box in it."""
    off = viewer.dims.ndim - layer.ndim
    shown = [axis - off for axis in viewer.dims.order[-2:]]
    here = np.round(layer.world_to_data(viewer.dims.point[off:]))
    hidden = [k for k in range(layer.ndim) if k not in shown]
    corners = np.asarray(layer.corner_pixels)
    if any(int(here[k]) != int(point[k]) for k in hidden):
        return False
    share = 1.0
    for k in shown:
        first, last = max(corners[0][k], box[0][k]), min(corners[1][k], box[1][k])
        if not corners[0][k] <= point[k] <= corners[1][k]:
            return False
        share *= (last - first + 1) / (box[1][k] - box[0][k] + 1)
    return bool(share >= MOSTLY)


def _scale(layer: Any, index: Sequence[int | slice] | None = None) -> Scale:
    """Return the size of a pixel along what is an axis of space and not thin."""
    shape = finest(layer).shape
    common = layer.units[-1]
    given = index or [slice(None)] * layer.ndim
    part = tuple(
        slice(None) if n > 1 and isinstance(each, slice) and unit.is_compatible_with(common) else 0
        for n, each, unit in zip(shape, given, layer.units, strict=True)
    )
    return scale_of(part_sizes(layer, part), unit_of(layer))
