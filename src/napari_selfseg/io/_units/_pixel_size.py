"""Size and unit of a pixel of a TIFF file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.etree import ElementTree

import tifffile

__all__ = ["Stated", "pixel_size"]

# What ImageJ takes the resolution for; 72 to the inch stands for none.
RESOLUTION_UNITS = {2: "inch", 3: "cm"}
SCREEN = 1 / 72


class Stated(NamedTuple):
    """What a file says of the size of a pixel, as it stands there.

    Attributes
    ----------
    steps : dict of (object, str)
        By axis: t, z, y or x; without those that the file does not have.
    otherwise : dict of float
        What the format takes for a step that is not there.
    """

    steps: dict[str, tuple[Any, str]]
    otherwise: dict[str, float]


def pixel_size(series: tifffile.TiffPageSeries) -> Stated:
    """Find the size of a pixel in OME-TIFF and ImageJ TIFF, for `steps_of`; the file is open."""
    tiff: Any = series.parent
    if tiff.is_ome and tiff.ome_metadata:
        return Stated(_ome_steps(_pixels(tiff, series)), {})
    if tiff.is_imagej and tiff.imagej_metadata:
        # ImageJ leaves out a step in z of 1.
        return Stated(_imagej_steps(tiff, tiff.imagej_metadata), {"z": 1.0})
    return Stated({}, {})


def _pixels(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> ElementTree.Element | None:
    """Return the description of an image; those without any planes are no series."""
    described = ElementTree.fromstring(tiff.ome_metadata or "").findall(".//{*}Pixels")
    if len(described) == len(tiff.series) and series in tiff.series:
        return described[tiff.series.index(series)]
    lengths = dict(zip(series.axes, map(str, series.shape), strict=True))
    alike = (p for p in described if all(p.get(f"Size{a}") == lengths.get(a) for a in "YX"))
    return next(alike, None)


def _ome_steps(pixels: ElementTree.Element | None) -> dict[str, tuple[Any, str]]:
    if pixels is None:
        return {}
    names = {"t": "TimeIncrement"} | {axis: f"PhysicalSize{axis.upper()}" for axis in "zyx"}
    return {
        axis: (pixels.get(name), pixels.get(f"{name}Unit", "s" if axis == "t" else "µm"))
        for axis, name in names.items()
    }


def _imagej_steps(
    tiff: tifffile.TiffFile, metadata: Mapping[str, Any]
) -> dict[str, tuple[Any, str]]:
    tags = tiff.pages.first.tags
    sizes = {axis: _inverse(tags.get(f"{axis.upper()}Resolution")) for axis in "yx"}
    unit = str(metadata.get("unit") or _unit_of_resolution(tags, sizes["x"]))
    return {
        "t": (metadata.get("finterval"), str(metadata.get("tunit", "s"))),
        "z": (metadata.get("spacing"), str(metadata.get("zunit", unit))),
        "y": (sizes["y"], str(metadata.get("yunit", unit))),
        "x": (sizes["x"], unit),
    }


def _unit_of_resolution(tags: tifffile.TiffTags, size: float | None) -> str:
    tag = tags.get("ResolutionUnit")
    unit = RESOLUTION_UNITS.get(int(tag.value), "") if tag else ""
    return "" if size is None or abs(size - SCREEN) < 1e-9 else unit


def _inverse(tag: tifffile.TiffTag | None) -> float | None:
    # Pixels a unit, as a fraction.
    return tag.value[1] / tag.value[0] if tag and tag.value[0] else None
