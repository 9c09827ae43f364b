"""Objects as a table, or as outlines for maps, QuPath and ImageJ, by the ending of a file."""

from __future__ import annotations

import csv
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._pixels._image_file import Georeference
from napari_selfseg.io._vector._drawn import Affine, Drawn, labelled, rows_of
from napari_selfseg.io._vector._maps import write_geojson, write_geopackage
from napari_selfseg.io._vector._outlines import Rings, outlines
from napari_selfseg.io._vector._outlines_on_disk import simplified
from napari_selfseg.io._vector._qupath import write_qupath
from napari_selfseg.io._vector._rois import write_rois
from napari_selfseg.io._writing._atomic import atomic_file, check_target
from napari_selfseg.objects import classes_of, object_features, with_class_names

__all__ = ["OBJECTS", "has_outlines", "write_drawn", "write_objects"]

OBJECTS = (".csv", ".geojson", ".gpkg", ".zip")
QUPATH = ".qupath.geojson"


def write_objects(
    path: str | os.PathLike[str],
    labels: NDArray[np.integer[Any]],
    *,
    spacing: Sequence[float],
    unit: str,
    georeference: Georeference | None = None,
    classes: NDArray[np.integer[Any]] | None = None,
    image: NDArray[Any] | None = None,
    channel_axis: int | None = None,
    names: Mapping[int, str] | None = None,
    source: str = "",
    settings: str = "",
    simplify: float = 0.0,
) -> None:
    """Write what can be measured of objects to a file, whole or not at all.

    A table has the columns of `object_features`, of which ``index`` is called ``label``. Of the
    others each object is an outline with its holes; one in several pieces is one in several parts.

    - ``.geojson`` and ``.gpkg`` are maps, with the same columns as attributes. Coordinates are in
      the unit of the spacing, from the centre of the first pixel as those of the centroids, or in
      the coordinates of the georeference, which the file then names.
    - ``.qupath.geojson`` has detections for QuPath, in pixels from the corner of the first one,
      with class and measurements.
    - ``.zip`` has ROIs for the ROI Manager of ImageJ, in the same pixels.

    Parameters
    ----------
    path : path_like
        Ending in ``.csv``, ``.geojson``, ``.qupath.geojson``, ``.gpkg`` or ``.zip``.
    labels : ndarray of int
        ``(*spatial)`` objects from 1, of a plane, or a volume for a table; 0 is left out.
    spacing : sequence of float
        Size of a pixel along each axis.
    unit : str
        Unit of the spacing, such as ``"µm"``.
    georeference : Georeference, optional
        Where a plane is; adds the columns ``x`` and ``y`` of the centroid there.
    classes : ndarray of int, optional
        ``(*spatial)`` classes, for the column ``class``.
    image : ndarray, optional
        ``(*spatial)`` with channels along `channel_axis`, for the intensities.
    channel_axis : int, optional
        Axis of the channels.
    names : mapping of int to str, optional
        Of classes, for the column ``name``, and for QuPath, where it is ``Class 1`` and so on by
        default.
    source, settings : str
        Name of the image and what made the objects, as attributes on maps; left out when empty.
    simplify : float
        In pixels, how far outlines may be simplified; borders that neighbours share stay shared. 0
        keeps every corner of a pixel.

    Raises
    ------
    ValueError
        When the ending is another one, the arrays do not fit together, or a library is not
        installed that draws or writes outlines.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    target = check_target(path, OBJECTS)
    if target.suffix.lower() == ".zip":
        columns = _numbers(labels, classes)
    else:
        columns = object_features(
            labels, image, channel_axis=channel_axis, spacing=spacing, unit=unit, classes=classes
        )
    columns = with_class_names(columns, names or {})
    pieces: Sequence[list[Rings]] = ()
    if has_outlines(target):
        pieces = simplified(labels, simplify) if simplify else outlines(labels)
    drawn = Drawn(pieces, columns, names or {}, source, settings)
    write_drawn(target, drawn, spacing=spacing, unit=unit, georeference=georeference)


def has_outlines(path: str | os.PathLike[str]) -> bool:
    """Say whether a file is of outlines, and not a table alone."""
    return Path(path).suffix.lower() != ".csv"


def write_drawn(
    path: str | os.PathLike[str],
    drawn: Drawn,
    *,
    spacing: Sequence[float],
    unit: str,
    georeference: Georeference | None = None,
) -> None:
    """Write objects that are measured already, whole or not at all.

    Arguments are as of `write_objects`. Of a table the outlines are not read, and of outlines one
    at a time.

    Raises
    ------
    ValueError, OSError
        As `write_objects`.
    """
    target = check_target(path, OBJECTS)
    ending = target.suffix.lower()
    on_map = ending == ".gpkg" or (ending == ".geojson" and not _is_for_qupath(target))
    place = _exact(georeference, target.name) if on_map or ending == ".csv" else None
    if place is not None:
        earth = _on_earth(dict(drawn.columns), spacing, unit, place)
        drawn = drawn._replace(columns={**drawn.columns, **earth})
    if ending == ".csv":
        _write_table(target, labelled(drawn.columns))
    elif not on_map:
        (write_rois if ending == ".zip" else write_qupath)(target, drawn)
    else:
        write = write_geopackage if ending == ".gpkg" else write_geojson
        crs = place.crs if place else ""
        write(target, drawn, place.transform if place else _here(spacing), crs)


def _numbers(
    labels: NDArray[np.integer[Any]], classes: NDArray[np.integer[Any]] | None
) -> dict[str, NDArray[Any]]:
    """Return what ROIs say of objects: nothing is measured for them."""
    columns: dict[str, NDArray[Any]] = {"index": np.unique(labels[labels > 0])}
    return columns if classes is None else columns | {"class": classes_of(labels, classes)}


def _is_for_qupath(target: Path) -> bool:
    return target.name.lower().endswith(QUPATH)


def _here(spacing: Sequence[float]) -> Affine:
    """Return the way from corners of pixels to the centre of the first one."""
    y, x = spacing
    return (x, 0, -x / 2, 0, y, -y / 2)


def _write_table(target: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    with atomic_file(target) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows_of(columns))


def _exact(place: Georeference | None, name: str) -> Georeference | None:
    if place is None or place.exact:
        return place
    warnings.warn(
        f"{name} has no coordinates on Earth: the image is placed by control points or a model, or "
        "not at all; rectify it first to have them.",
        stacklevel=4,
    )
    return None


def _on_earth(
    columns: dict[str, NDArray[Any]], spacing: Sequence[float], unit: str, place: Georeference
) -> dict[str, NDArray[Any]]:
    a, b, c, d, e, f = place.transform
    row = columns[f"centroid y ({unit})"] / spacing[-2] + 0.5
    column = columns[f"centroid x ({unit})"] / spacing[-1] + 0.5
    return {"x": a * column + b * row + c, "y": d * column + e * row + f}
