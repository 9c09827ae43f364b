"""From napari's layers to plain values, and where a part of one lies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_selfseg import samples
from napari_selfseg.widgets.canvas.rectangle import rectangle_of
from napari_selfseg.widgets.model.file_axes import axes_in_file
from napari_selfseg.widgets.model.image_source import Box, Index, Origin, Picture
from napari_selfseg.widgets.model.overlay import Overlay
from napari_selfseg.widgets.model.own import is_made

__all__ = [
    "MARK",
    "METADATA",
    "NAMES",
    "camera_of",
    "describe_image",
    "describe_labels",
    "finest",
    "grid_of",
    "is_mark",
    "origin_of",
    "partners",
    "placed",
    "shift_of",
    "sizes_of",
]

MARK: Final = "napari-selfseg mark"
METADATA: Final = "napari-selfseg"
NAMES: Final = "napari-selfseg class names"
NUMBER: Final = re.compile(r"(axis )?-?\d+")  # what napari calls an axis without a name
KEPT: Final = ("scale", "rotate", "shear", "affine", "units", "axis_labels")


def describe_image(
    layer: Any, dims: Any, channels: Sequence[Any] = (), rectangle: Any = None
) -> Picture:
    """Describe an image that the user chose, and the layers that are its other channels.

    `dims` are those of the viewer; of several drawn rectangles the last one counts.
    """
    # A world of more axes than the layer shows the layer along its last ones.
    offset = dims.ndim - layer.ndim
    plane = tuple(sorted(axis - offset for axis in dims.order[-2:]))
    data = finest(layer)
    found = [layer, *channels]
    return Picture(
        names=tuple(each.name for each in found),
        data=tuple(finest(each) for each in found),
        rgb=layer.rgb,
        scale=sizes_of(layer),
        position=_position(layer, dims, data.shape),
        plane=plane if plane[0] >= 0 else (layer.ndim - 2, layer.ndim - 1),
        view=_view(layer),
        rectangle=None if rectangle is None else rectangle_of(rectangle, layer),
        path="" if channels else str(layer.source.path or ""),
        origins=tuple(map(origin_of, found)),
        multiscale=bool(layer.multiscale),
        axes=_axes(layer, data.shape),
    )


def _axes(layer: Any, shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return the names of axes, empty where napari numbers them and the file has none either."""
    names = tuple("" if NUMBER.fullmatch(each) else each for each in layer.axis_labels)
    if any(names) or layer.source.reader_plugin != "napari":
        return names
    return axes_in_file(str(layer.source.path or ""), shape)[: layer.ndim] or names


def sizes_of(layer: Any) -> tuple[float, ...]:
    """Return the sizes of a pixel along all axes in one unit, that of the last.

    They have the sign of the scale. Axes of another kind, such as time, keep their own unit.
    """
    common = layer.units[-1]
    pairs = zip(layer.scale, layer.units, strict=True)
    return tuple(float(size) * _times(unit, common) for size, unit in pairs)


def part_sizes(layer: Any, index: Index) -> tuple[float, ...]:
    """Return the sizes of a pixel along the axes of a part, all of them above 0."""
    pairs = zip(sizes_of(layer), index, strict=True)
    return tuple(abs(size) for size, each in pairs if isinstance(each, slice))


def shift_of(layer: Any, index: Index) -> tuple[float, ...]:
    """Return where the first pixel of a part is, along its axes in the unit of the last."""
    common = layer.units[-1]
    each = zip(layer.translate, layer.units, index, strict=True)
    return tuple(float(at) * _times(unit, common) for at, unit, k in each if isinstance(k, slice))


def _times(unit: Any, common: Any) -> float:
    same = unit == common or not unit.is_compatible_with(common)
    return 1.0 if same else float((1 * unit).to(common).magnitude)


def origin_of(layer: Any) -> Origin:
    """Return the file or the sample that a layer came from."""
    # Ours say it themselves, also where no menu opened them.
    ours, sample = layer.metadata.get("sample"), getattr(layer.source, "sample", None)
    if isinstance(ours, str) and ours in samples.names():
        sample = ("napari-selfseg", ours)
    return Origin(str(layer.source.path or ""), None if sample is None else tuple(sample))


def describe_labels(layer: Any, image: Any) -> Overlay:
    """Describe a labels layer that the user chose, and where it lies over the image."""
    start: tuple[int, ...] = ()
    if layer.ndim == image.ndim:
        first = image.world_to_data(layer.data_to_world((0,) * layer.ndim))
        start = tuple(round(float(at)) for at in first)
        same = np.allclose(_linear(layer), _linear(image))
        return Overlay(layer.name, finest(layer), start, aligned=bool(same))
    return Overlay(layer.name, finest(layer), start)


def _linear(layer: Any) -> NDArray[Any]:
    """Return how steps from pixel to pixel lie in the world."""
    origin = np.asarray(layer.data_to_world((0,) * layer.ndim))
    steps = [np.asarray(layer.data_to_world(step)) for step in np.eye(layer.ndim)]
    return np.array(steps) - origin


def camera_of(viewer: Any) -> Any:
    """Return the camera of a viewer; napari 0.9 keeps it elsewhere than those before."""
    return getattr(viewer, "scene", viewer).camera


def grid_of(viewer: Any) -> Any:
    """Return the grid of a viewer; napari 0.9 keeps it elsewhere than those before."""
    return getattr(viewer, "canvas", viewer).grid


def partners(layer: Any, others: Sequence[Any]) -> list[Any]:
    """Return the layers that can be further channels of an image.

    They have the same shape and place, and are not our results; none where the image has colours.
    """
    if layer is None or layer.rgb:
        return []
    grey = [each for each in others if each != layer and not each.rgb and not is_made(each)]
    return [each for each in grey if _together(layer, each)]


def _together(one: Any, other: Any) -> bool:
    return finest(one).shape == finest(other).shape and np.allclose(
        one.extent.world, other.extent.world
    )


def placed(source: Any, index: Index) -> dict[str, Any]:
    """Return the transform of a part, as arguments of a layer: that of the whole, moved."""
    start = [(each.start or 0) if isinstance(each, slice) else each for each in index]
    linear = Affine(scale=source.scale, rotate=source.rotate, shear=source.shear).linear_matrix
    return {
        **{name: getattr(source, name) for name in KEPT},
        "translate": np.asarray(source.translate) + linear @ start,
    }


def finest(layer: Any) -> Any:
    """Return the data of a layer in full resolution."""
    return layer.data[0] if layer.multiscale else layer.data


def is_mark(layer: Any) -> bool:
    """Say whether a layer only marks something for a while."""
    return MARK in layer.metadata


def _position(layer: Any, dims: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    point = layer.world_to_data(dims.point)
    pairs = zip(point, shape, strict=False)
    return tuple(int(np.clip(round(float(at)), 0, n - 1)) for at, n in pairs)


def _view(layer: Any) -> Box:
    """Return the pixels on the canvas; napari keeps them in those of the level drawn."""
    corners = np.asarray(layer.corner_pixels)[:, : layer.ndim]
    if layer.multiscale:
        corners = corners * np.asarray(layer.downsample_factors[layer.data_level])[: layer.ndim]
    first, last = np.floor(corners[0]).astype(int), np.ceil(corners[1]).astype(int)
    # Nothing was drawn yet, or nothing of it is on the canvas: then it is all of it.
    seen = last > first
    ends = np.where(seen, last + 1, first)
    return tuple(zip(first.tolist(), ends.tolist(), strict=True))
