"""Objects as a table, or as polygons on a map."""

from __future__ import annotations

import csv
import json
import math
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._pixels._image_file import Georeference
from napari_selfseg.io._tiff._geotiff import GET_RASTERIO
from napari_selfseg.io._writing._whole import check_target, whole_file
from napari_selfseg.objects import object_features

__all__ = ["OBJECTS", "write_objects"]

OBJECTS = (".csv", ".geojson")


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
) -> None:
    """Write what can be measured of objects to a file, whole or not at all.

    A table has the columns of `object_features`. A map has one polygon an object, with its holes,
    and the same columns as properties; an object in several pieces is a multipolygon. Coordinates
    are in the unit of the spacing, from the centre of the first pixel as those of the centroids, or
    in the coordinates of the georeference, which the file then names.

    Parameters
    ----------
    path : path_like
        Ending in ``.csv`` or ``.geojson``.
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

    Raises
    ------
    ValueError
        When the ending is another one, the arrays do not fit together, or polygons cannot be made
        as rasterio is not installed.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    target = check_target(path, OBJECTS)
    columns = object_features(
        labels, image, channel_axis=channel_axis, spacing=spacing, unit=unit, classes=classes
    )
    georeference = _exact(georeference, target.name)
    if georeference is not None:
        columns |= _on_earth(columns, spacing, unit, georeference)
    rows = [dict(zip(columns, row, strict=True)) for row in _rows(columns)]
    if target.suffix.lower() == ".csv":
        with whole_file(target) as part, part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return
    text = _map(_outlines(labels, spacing, georeference), rows, georeference)
    with whole_file(target) as part:
        part.write_text(text, encoding="utf-8")


def _exact(place: Georeference | None, name: str) -> Georeference | None:
    if place is None or place.exact:
        return place
    warnings.warn(
        f"{name} has no coordinates on Earth: the image is placed by control points or a model, or "
        "not at all; rectify it first to have them.",
        stacklevel=3,
    )
    return None


def _on_earth(
    columns: dict[str, NDArray[Any]], spacing: Sequence[float], unit: str, place: Georeference
) -> dict[str, NDArray[Any]]:
    a, b, c, d, e, f = place.transform
    row = columns[f"centroid y ({unit})"] / spacing[-2] + 0.5
    column = columns[f"centroid x ({unit})"] / spacing[-1] + 0.5
    return {"x": a * column + b * row + c, "y": d * column + e * row + f}


def _rows(columns: dict[str, NDArray[Any]]) -> Iterator[tuple[Any, ...]]:
    return zip(*map(_plain, columns.values()), strict=True)


def _plain(column: NDArray[Any]) -> list[Any]:
    # JSON has no word for what is not finite.
    finite = column.dtype.kind != "f" or bool(np.isfinite(column).all())
    return column.tolist() if finite else [x if math.isfinite(x) else None for x in column.tolist()]


def _outlines(
    labels: NDArray[np.integer[Any]], spacing: Sequence[float], place: Georeference | None
) -> list[dict[str, Any]]:
    """Return a geometry for each object, in increasing order of their numbers."""
    try:
        from rasterio.features import shapes
        from rasterio.transform import Affine
    except ImportError:
        raise ValueError(f"Polygons are made with rasterio: {GET_RASTERIO}.") from None
    if labels.ndim != 2:
        raise ValueError("Polygons are of a plane, and these are objects of a volume: write .csv.")
    y, x = spacing
    here = Affine(*place.transform) if place else Affine(x, 0, -x / 2, 0, y, -y / 2)
    numbers = np.unique(labels[labels > 0])
    index = np.where(labels > 0, np.searchsorted(numbers, labels) + 1, 0).astype(np.int32)
    pieces: list[list[Any]] = [[] for _ in numbers]
    for outline, number in shapes(index, mask=index > 0, transform=here):
        pieces[int(number) - 1].append(outline["coordinates"])
    return [_geometry(each) for each in pieces]


def _geometry(pieces: list[Any]) -> dict[str, Any]:
    if len(pieces) == 1:
        return {"type": "Polygon", "coordinates": pieces[0]}
    return {"type": "MultiPolygon", "coordinates": pieces}


def _map(
    outlines: list[dict[str, Any]], rows: list[dict[str, Any]], place: Georeference | None
) -> str:
    found: dict[str, Any] = {"type": "FeatureCollection"}
    if place is not None and place.crs:
        found["crs"] = {"type": "name", "properties": {"name": _name(place.crs)}}
    found["features"] = [
        {"type": "Feature", "id": row["index"], "properties": row, "geometry": outline}
        for outline, row in zip(outlines, rows, strict=True)
    ]
    return json.dumps(found, ensure_ascii=False)


def _name(wkt: str) -> str:
    """Return the registered name of a reference system, or all that is known of it."""
    from rasterio.crs import CRS

    found = CRS.from_wkt(wkt).to_authority()
    return f"urn:ogc:def:crs:{found[0]}::{found[1]}" if found else wkt
