"""Objects on a map: GeoJSON and GeoPackage in the reference system of the image."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from napari_selfseg.io._tiff._geotiff import GET_RASTERIO
from napari_selfseg.io._vector._drawn import Affine, Drawn, labelled, rows_of
from napari_selfseg.io._vector._features import geometry_of, write_collection
from napari_selfseg.io._vector._outlines import geometries
from napari_selfseg.io._writing._together import written_together

__all__ = ["write_geojson", "write_geopackage"]

LAYER: Final = "objects"
# Objects of a GeoPackage that are in memory together.
AT_ONCE: Final = 10_000


def write_geojson(target: Path, drawn: Drawn, transform: Affine, crs: str) -> None:
    """Write objects as GeoJSON; the file names its reference system.

    `transform` leads from pixels to coordinates; `crs` is WKT, empty where there is none.
    """
    members = {"crs": {"type": "name", "properties": {"name": _name(crs)}}} if crs else {}
    write_collection(target, _geo_features(drawn, transform), members)


def _geo_features(drawn: Drawn, transform: Affine) -> Iterator[dict[str, Any]]:
    told = {key: value for key, value in _told(drawn).items() if value}
    rows = rows_of(labelled(drawn.columns))
    for pieces, row in zip(drawn.placed(transform), rows, strict=True):
        properties = row | told
        yield {
            "type": "Feature",
            "id": row["label"],
            "properties": properties,
            "geometry": geometry_of(pieces),
        }


def _told(drawn: Drawn) -> dict[str, str]:
    return {"source": drawn.source, "settings": drawn.settings}


def _name(wkt: str) -> str:
    """Return the registered name of a reference system, or all that is known of it."""
    from rasterio.crs import CRS

    found = CRS.from_wkt(wkt).to_authority()
    return f"urn:ogc:def:crs:{found[0]}::{found[1]}" if found else wkt


def write_geopackage(target: Path, drawn: Drawn, transform: Affine, crs: str) -> None:
    """Write objects as the layer `objects` of a GeoPackage, whole or not at all.

    Arguments are those of `write_geojson`.

    Raises
    ------
    ValueError
        When pyogrio or shapely are not installed.
    OSError
        When it cannot be written; nothing is left behind.
    """
    try:
        import pyogrio.raw
        import shapely
    except ImportError:
        raise ValueError(f"GeoPackage is written by pyogrio: {GET_RASTERIO}.") from None
    told = {key: value for key, value in _told(drawn).items() if value}
    placed, n = drawn.placed(transform), len(drawn.pieces)
    with written_together(target) as (part,), warnings.catch_warnings():
        # pyogrio warns where there is no reference system: then there is none.
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        for start in range(0, max(n, 1), AT_ONCE):
            shapes = shapely.to_wkb(geometries(list(islice(placed, AT_ONCE))))
            rows = slice(start, start + AT_ONCE)
            columns = {name: _field(each[rows]) for name, each in labelled(drawn.columns).items()}
            columns |= {key: np.full(len(shapes), value, object) for key, value in told.items()}
            pyogrio.raw.write(
                str(part),
                shapes,
                list(columns.values()),
                list(columns),
                driver="GPKG",
                layer=LAYER,
                geometry_type="MultiPolygon",
                crs=crs or None,
                append=start > 0,
                **({"layer_metadata": told} if told and not start else {}),
            )


def _field(values: NDArray[Any]) -> NDArray[Any]:
    """Return a column in a type that GeoPackage has."""
    if values.dtype.kind in "ui":
        return values.astype(np.int64)
    return np.where(np.isfinite(values), values, np.nan) if values.dtype.kind == "f" else values
