"""Labels as GeoTIFF, in the place of the image they were made from."""

from __future__ import annotations

import html
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from napari_selfseg.io._pixels._image_file import Georeference
from napari_selfseg.io._pixels._lazy import BROKEN
from napari_selfseg.io._tiff._geotiff import GET_RASTERIO
from napari_selfseg.io._writing._atomic import atomic_file
from napari_selfseg.io._zarr._zarr_levels import blocks
from napari_selfseg.record import dumps

__all__ = ["NAMESPACE", "geotiff_record", "write_geotiff"]

NAMESPACE = "napari-selfseg/record"
GDAL_METADATA = 42112
TILE = 512
STRIDE = 2048  # a multiple of the tile, so that each is compressed once


def write_geotiff(
    target: Path, labels: Any, place: Georeference, record: Mapping[str, Any] | None
) -> None:
    """Write labels of a plane to GeoTIFF, block by block, whole or not at all.

    `labels` have ``shape``, ``dtype`` and slicing.

    Raises
    ------
    ValueError
        When rasterio is not installed, or the labels are no plane.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    try:
        import rasterio
        from rasterio.errors import NotGeoreferencedWarning
    except ImportError:
        raise ValueError(f"GeoTIFF is written with rasterio: {GET_RASTERIO}.") from None
    if len(labels.shape) != 2:
        raise ValueError(f"A GeoTIFF of labels is a plane, not {labels.shape}: leave the place.")
    with atomic_file(target) as part, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(part, "w", **_profile(labels, place)) as dataset:
            if record is not None:
                dataset.update_tags(ns=NAMESPACE, record=dumps(record))
            for rows, columns in blocks(labels.shape, (STRIDE, STRIDE)):
                window = ((rows.start, rows.stop), (columns.start, columns.stop))
                dataset.write(np.asarray(labels[rows, columns]), 1, window=window)
        _check_written(part)


def _profile(labels: Any, place: Georeference) -> dict[str, Any]:
    return {
        "driver": "GTiff",
        "height": labels.shape[0],
        "width": labels.shape[1],
        "count": 1,
        "dtype": str(labels.dtype),
        **_placed(place),
        "nodata": 0,
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "compress": "deflate",
        "BIGTIFF": "IF_SAFER",
    }


def _placed(place: Georeference) -> dict[str, Any]:
    """Say where a file is: by a transform, or by control points in its stead."""
    from rasterio.control import GroundControlPoint
    from rasterio.rpc import RPC
    from rasterio.transform import Affine

    found: dict[str, Any] = {"crs": place.crs or None}
    if place.points and not place.exact:
        found["gcps"] = [GroundControlPoint(*each) for each in place.points]
    elif place.exact:
        found["transform"] = Affine(*place.transform)
    if place.rational is not None:
        found["rpcs"] = RPC(**place.rational)
    return found


def _check_written(part: Path) -> None:
    # GDAL only logs what goes wrong while it closes a file.
    try:
        with tifffile.TiffFile(part) as tiff:
            page = tiff.pages.first
            ends = [at + n for at, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
            whole = all(page.databytecounts) and max(ends) <= tiff.filehandle.size
    except BROKEN:
        whole = False
    if not whole:
        raise OSError("it was cut short, as on a full disk")


def geotiff_record(tiff: tifffile.TiffFile) -> str | None:
    """Read the record from an open GeoTIFF as JSON, without rasterio; None where there is none."""
    tag = tiff.pages.first.tags.get(GDAL_METADATA)
    if tag is None:
        return None
    for item in ElementTree.fromstring(str(tag.value)).iterfind("Item[@name='record']"):
        if item.get("domain") == NAMESPACE:
            return html.unescape(item.text or "")  # GDAL escapes it twice
    return None
