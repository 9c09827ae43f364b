"""The position of a GeoTIFF on Earth, through rasterio where that is installed."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import tifffile

from napari_selfseg.io._image_file import Georeference

__all__ = ["GET_RASTERIO", "georeference", "ground_size", "nodata"]

GEO_KEYS, GDAL_NODATA = 34735, 42113
GET_RASTERIO = "pip install 'napari-selfseg[geo]'"


def nodata(tiff: tifffile.TiffFile) -> float | None:
    """Read the value that marks pixels without data.

    Parameters
    ----------
    tiff : tifffile.TiffFile
        Open.

    Returns
    -------
    float or None
    """
    tag = tiff.pages.first.tags.get(GDAL_NODATA)
    try:
        return None if tag is None else float(str(tag.value).strip(" \0"))
    except ValueError:
        return None


def georeference(file: Path, tiff: tifffile.TiffFile) -> Georeference | None:
    """Read where the pixels of a GeoTIFF are.

    Parameters
    ----------
    file : pathlib.Path
        Its path.
    tiff : tifffile.TiffFile
        The same, open.

    Returns
    -------
    Georeference or None
        None for any other TIFF, and where rasterio is not installed; a warning says that.
    """
    if GEO_KEYS not in tiff.pages.first.tags:
        return None
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning
    except ImportError:
        warnings.warn(
            "The position of a GeoTIFF is lost, as rasterio is not installed: "
            f"{GET_RASTERIO} to keep it.",
            stacklevel=2,
        )
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(file) as dataset:
            crs = dataset.crs.to_wkt() if dataset.crs else ""
            transform = tuple(dataset.transform)[:6]
    return Georeference(crs, transform, nodata(tiff))


def ground_size(place: Georeference) -> tuple[dict[str, float], str]:
    """Return the size of a pixel on the ground.

    Parameters
    ----------
    place : Georeference
        From `georeference`.

    Returns
    -------
    sizes : dict of float
        Of y and x; empty where the coordinates are angles or nothing is known of them.
    unit : str
        Such as ``"m"``; ``"pixel"`` where there are no sizes.
    """
    unit = _unit(place.crs)
    a, b, _, d, e, _ = place.transform
    sizes = {"y": math.hypot(b, e), "x": math.hypot(a, d)}
    if unit is None or not all(0 < size < math.inf for size in sizes.values()):
        return {}, "pixel"
    return sizes, unit


def _unit(wkt: str) -> str | None:
    from rasterio.crs import CRS

    crs: Any = CRS.from_wkt(wkt) if wkt else None
    if crs is None or not crs.is_projected:
        return None
    return {"metre": "m", "meter": "m"}.get(crs.linear_units, str(crs.linear_units))
