"""Measurements of objects as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.objects._parts import Parts
from napari_selfseg.objects._pieces import as_labels, classes_of
from napari_selfseg.objects._strips import measured

__all__ = ["channel_names", "checked_spacing", "columns_of", "object_features", "with_class_names"]

Column = NDArray[Any]


def object_features(
    labels: Any,
    image: Any = None,
    *,
    channel_axis: int | None = None,
    spacing: Sequence[float] | None = None,
    unit: str = "pixel",
    classes: Any = None,
    channel_names: Sequence[str] | None = None,
) -> dict[str, Column]:
    """Measure every object of a label map.

    All columns but the solidity come from one pass over the pixels for all objects; one by one,
    with `skimage.measure.regionprops_table`, the same takes two to five times as long. Area,
    centroid, diameter, perimeter, eccentricity and intensities have its values; the solidity
    takes the hull of the pixels' corners, so that it is defined for every object.

    Parameters
    ----------
    labels : array_like of int
        ``(*spatial)`` objects (or classes) from 1, in any numbering, of a plane or volume; 0 is
        not measured.
    image : array_like, optional
        ``(*spatial)`` with channels along `channel_axis`; without it there are no intensities.
    channel_axis : int, optional
        Axis of the channels; None when there is none.
    spacing : sequence of float, optional
        Physical size of a pixel along each axis; ones by default.
    unit : str
        Unit of the spacing, such as ``"µm"``; part of the names of columns that have one.
    classes : array_like of int, optional
        ``(*spatial)`` classes, for the column ``class``.
    channel_names : sequence of str, optional
        One a channel, for the names of the intensity columns; counted from 1 by default.

    Returns
    -------
    dict of str to ndarray
        Columns of one row an object, in increasing order of the objects' numbers:

        - ``index``: the object's number, under the name by which `napari.layers.Labels.features`
          finds the row of a label;
        - ``class``, where `classes` are given;
        - ``pixels``;
        - ``area (µm²)`` of a plane or ``volume (µm³)`` of a volume;
        - ``centroid z (µm)``, ``centroid y (µm)``, ``centroid x (µm)``: from the centre of the
          first pixel of the array;
        - ``equivalent diameter (µm)``: of the disc or ball of that size;
        - of a plane ``eccentricity`` and ``solidity``, and ``perimeter (µm)`` where the pixels are
          square;
        - ``mean``, ``min``, ``max`` and ``std`` (divided by n), of several channels each as
          ``mean 1``.

    Raises
    ------
    ValueError
        When labels, image, spacing, classes and names do not fit together.
    """
    array = as_labels(labels)
    sizes = checked_spacing(spacing, array.ndim)
    channels = _channels(image, channel_axis, array.shape)
    names = _names(len(channels), channel_axis, channel_names)
    kinds = None if classes is None else classes_of(array, classes)
    return columns_of(measured(array, channels, kinds), sizes, unit, names)


def checked_spacing(spacing: Sequence[float] | None, ndim: int) -> NDArray[np.float64]:
    """Return the size of a pixel along each axis.

    Parameters
    ----------
    spacing : sequence of float, optional
        Ones by default.
    ndim : int
        Axes of the labels.

    Raises
    ------
    ValueError
        When there are as many as axes, or one is none.
    """
    sizes = np.ones(ndim) if spacing is None else np.asarray(spacing, np.float64)
    if sizes.shape != (ndim,) or not ((sizes > 0) & (sizes < np.inf)).all():
        raise ValueError(
            f"The spacing needs {ndim} positive numbers, one an axis, not {spacing!r}."
        )
    return sizes


def columns_of(
    objects: Parts, sizes: NDArray[np.float64], unit: str, names: Sequence[str]
) -> dict[str, Column]:
    """Return what is known of objects as the columns of `object_features`.

    Parameters
    ----------
    objects : Parts
        Whole ones.
    sizes : ndarray of float64
        Of a pixel along each axis.
    unit : str
        Of these.
    names : sequence of str
        Of the channels.
    """
    columns: dict[str, Column] = {"index": objects.numbers}
    if objects.kinds is not None:
        columns["class"] = objects.kinds
    columns |= _geometry(objects, sizes, unit)
    for k, name in enumerate(names):
        for what, values in _statistics(objects.grey[:, k], objects.pixels).items():
            columns[f"{what} {name}".strip()] = values
    return columns


def with_class_names(columns: Mapping[str, Column], names: Mapping[int, str]) -> dict[str, Column]:
    """Return a table with the names of classes in a column ``name`` beside ``class``.

    Parameters
    ----------
    columns : mapping of str to ndarray
        From `object_features`.
    names : mapping of int to str
        Of classes; without any, or without classes, there is no such column.
    """
    if not names or "class" not in columns:
        return dict(columns)
    called = [names.get(int(each), "") for each in columns["class"]]
    head = {key: columns[key] for key in ("index", "class")}
    return {**head, "name": np.array(called, dtype=object), **columns}


def _geometry(objects: Parts, sizes: NDArray[np.float64], unit: str) -> dict[str, Column]:
    ndim = len(sizes)
    extent = objects.pixels * np.prod(sizes)
    centre = objects.places / objects.pixels[:, None] * sizes
    diameter = 2 * (extent / pi) ** 0.5 if ndim == 2 else (6 * extent / pi) ** (1 / 3)
    columns: dict[str, Column] = {
        "pixels": objects.pixels,
        f"area ({unit}²)" if ndim == 2 else f"volume ({unit}³)": extent,
        **{f"centroid {a} ({unit})": at for a, at in zip("zyx"[-ndim:], centre.T, strict=True)},
        f"equivalent diameter ({unit})": diameter,
    }
    if ndim == 3:
        return columns
    columns["eccentricity"] = _eccentricity(objects.spreads, sizes)
    columns["solidity"] = objects.pixels / objects.convex
    # The perimeter is counted in steps between pixels, which have one length only if these are
    # square.
    if sizes[0] == sizes[1]:
        columns[f"perimeter ({unit})"] = objects.perimeters * sizes[0]
    return columns


def _eccentricity(spreads: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return that of the ellipse with the second moments of the pixels' centres; 0 for a point."""
    y, x = sizes
    yy, xx, xy = (spreads * (y * y, x * x, x * y)).T
    half = np.hypot(yy - xx, 2 * xy) / 2
    long = (yy + xx) / 2 + half
    share = np.divide(2 * half, long, out=np.zeros(len(long)), where=long > 0)
    ratio: NDArray[np.float64] = np.sqrt(np.minimum(share, 1))
    return ratio


def _channels(image: Any, channel_axis: int | None, shape: tuple[int, ...]) -> list[NDArray[Any]]:
    if image is None:
        return []
    array = np.asarray(image)
    channels = [array] if channel_axis is None else list(np.moveaxis(array, channel_axis, 0))
    if any(each.shape != shape for each in channels):
        raise ValueError(
            f"The image has shape {array.shape} (channel axis {channel_axis}) and the labels "
            f"{shape}: make them equal."
        )
    return channels


def _names(n: int, channel_axis: int | None, names: Sequence[str] | None) -> Sequence[str]:
    if names is None or not n:
        return channel_names(n, channel_axis)
    if len(names) != n:
        raise ValueError(f"{n} channels need as many names, not {len(names)}.")
    return names


def channel_names(n: int, channel_axis: int | None) -> list[str]:
    """Return what channels are called that have no names.

    Parameters
    ----------
    n : int
        How many there are.
    channel_axis : int or None
        None where the image has no channels.
    """
    return [""] * n if channel_axis is None else [str(k + 1) for k in range(n)]


def _statistics(grey: NDArray[np.float64], pixels: NDArray[np.int64]) -> dict[str, Column]:
    total, spread, low, high = grey.T
    with np.errstate(invalid="ignore"):  # NaN and infinite pixels: their objects say so
        return {
            "mean": total / pixels,
            "min": low,
            "max": high,
            "std": np.sqrt(spread / pixels),
        }
