"""Size and unit of a pixel of a TIFF file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import tifffile

__all__ = ["pixel_size"]


def pixel_size(tiff: tifffile.TiffFile) -> tuple[dict[str, float], str]:
    """Find the size of a pixel in OME-TIFF and ImageJ TIFF.

    Parameters
    ----------
    tiff : tifffile.TiffFile
        Open.

    Returns
    -------
    sizes : dict of float
        By axis: z, y or x; without those that the file does not have.
    unit : str
        ``"pixel"`` where it has none.
    """
    if tiff.is_ome and tiff.ome_metadata:
        return _ome_pixel_size(tiff.ome_metadata)
    if tiff.is_imagej and tiff.imagej_metadata:
        return _imagej_pixel_size(tiff, tiff.imagej_metadata)
    return {}, "pixel"


def _ome_pixel_size(xml: str) -> tuple[dict[str, float], str]:
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    if pixels is None:
        return {}, "pixel"
    sizes = {axis: _positive(pixels.get(f"PhysicalSize{axis.upper()}")) for axis in "zyx"}
    found = {axis: size for axis, size in sizes.items() if size}
    return found, pixels.get("PhysicalSizeXUnit", "µm") if found else "pixel"


def _imagej_pixel_size(
    tiff: tifffile.TiffFile, metadata: Mapping[str, Any]
) -> tuple[dict[str, float], str]:
    sizes = {"z": _positive(metadata.get("spacing"))}
    for axis in "yx":
        tag = tiff.pages.first.tags.get(f"{axis.upper()}Resolution")
        # Pixels a unit, as a fraction.
        sizes[axis] = _positive(tag.value[1] / tag.value[0]) if tag and tag.value[0] else None
    unit = str(metadata.get("unit", "pixel")).replace("\\u00B5", "µ").replace("micron", "µm")
    return {axis: size for axis, size in sizes.items() if size}, unit


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None
