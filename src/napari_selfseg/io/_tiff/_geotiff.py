"""The position of an image on Earth, through rasterio where that is installed."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import tifffile

from napari_selfseg.io._pixels._auxiliary import auxiliary
from napari_selfseg.io._pixels._image_file import Georeference

__all__ = ["GET_RASTERIO", "georeference", "ground_size"]

# Sizes and tie points, a matrix, keys, a rational model.
TAGS = {33550, 33922, 34264, 34735, 50844}
MODELS = ("_RPC.TXT", "_rpc.txt", ".RPB", ".rpb")
GET_RASTERIO = "pip install 'napari-selfseg[geo]'"


def georeference(
    file: Path, tags: tifffile.TiffTags | None = None, nodata: float | int | None = None
) -> Georeference | None:
    """Read where the pixels of an image are, from the file or from what lies beside it.

    Parameters
    ----------
    file : pathlib.Path
        A GeoTIFF; or a TIFF, PNG or JPEG file with a world file or GDAL's ``.aux.xml``.
    nodata : float or int, optional
        The value that marks pixels without data.

    Returns
    -------
    Georeference or None
        None for any other file, and where rasterio is not installed or cannot tell; a warning
        says that.
    """
    if not _is_placed(file, tags):
        return None
    try:
        import rasterio
    except ImportError:
        warnings.warn(
            "The position of a GeoTIFF is lost, as rasterio is not installed: "
            f"{GET_RASTERIO} to keep it.",
            stacklevel=2,
        )
        return None
    try:
        return _place(file, nodata)
    except (rasterio.errors.RasterioError, ValueError) as error:
        line = str(error).partition("\n")[0]
        warnings.warn(f"The position of {file.name} is lost: {line}.", stacklevel=2)
        return None


def _is_placed(file: Path, tags: tifffile.TiffTags | None) -> bool:
    if tags is not None and any(code in tags for code in TAGS):
        return True
    return _world_file(file) or auxiliary(file).placed or _model(file)


def _world_file(file: Path) -> bool:
    ending = file.suffix.lower()
    short = f"{ending[:2]}{ending[-1:]}w"
    tried = {short, f"{ending}w", ".wld", ".tab"}
    names = [name for each in tried for name in (each, each.upper())]
    return any(file.with_suffix(name).is_file() for name in names)


def _model(file: Path) -> bool:
    return any(file.with_name(f"{file.stem}{ending}").is_file() for ending in MODELS)


def _place(file: Path, nodata: float | int | None) -> Georeference | None:
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(file) as dataset:
            points, system = dataset.gcps
            model = dataset.rpcs
            crs = dataset.crs or (system if points else None)
            a, b, c, d, e, f, *_ = map(float, dataset.transform)
            found = Georeference(
                crs.to_wkt() if crs else "",
                (a, b, c, d, e, f),
                nodata,
                tuple((each.row, each.col, each.x, each.y, each.z or 0.0) for each in points),
                None if model is None else model.to_dict(),
            )
    says = found.crs or found.exact or found.points or found.rational
    return found if says else None


def ground_size(place: Georeference | None) -> tuple[dict[str, float], str]:
    """Return the size of a pixel on the ground.

    Parameters
    ----------
    place : Georeference or None
        From `georeference`.

    Returns
    -------
    sizes : dict of float
        Of y and x; empty where the coordinates are angles or nothing is known of them.
    unit : str
        Such as ``"m"``, into which rare units are converted; ``"pixel"`` where there are no sizes.
    """
    metres = None if place is None or not place.exact else _metres(place.crs)
    if place is None or metres is None:
        return {}, "pixel"
    a, b, _, d, e, _ = place.transform
    unit, factor = metres
    sizes = {"y": math.hypot(b, e) * factor, "x": math.hypot(a, d) * factor}
    known = all(0 < size < math.inf for size in sizes.values())
    return (sizes, unit) if known else ({}, "pixel")


def _metres(wkt: str) -> tuple[str, float] | None:
    """Return a unit of length, and how many there are in a unit of a reference system."""
    from rasterio.crs import CRS

    crs: Any = CRS.from_wkt(wkt) if wkt else None
    if crs is None or not crs.is_projected:
        return None
    name, factor = crs.linear_units_factor
    return ("ft", 1.0) if name == "foot" else ("m", float(factor))
