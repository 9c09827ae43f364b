"""Labels as TIFF of ImageJ, which opens there in place without a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_selfseg.io._format import Place
from napari_selfseg.io._units._units import steps_to_write
from napari_selfseg.io._writing._atomic import atomic_file
from napari_selfseg.record import dumps

__all__ = ["IMAGEJ", "imagej_record", "write_imagej"]

IMAGEJ: Final = (".imagej.tif", ".imagej.tiff")
MARK: Final = "napari-selfseg record: "
# Whole numbers of 32 bits are none of ImageJ's; its floats hold them up to here.
EXACT: Final = 2**24
DIMENSIONS: Final = ("slices", "frames", "hyperstack")


def write_imagej(target: Path, labels: Any, place: Place, record: Mapping[str, Any] | None) -> None:
    """Write labels, whole or not at all: 16 bits, or 32 bits of float above 65535.

    `labels` have ``shape``, ``dtype`` and slicing. Of the place, size and unit of a pixel and the
    step in time are kept; the record is what *Image > Show Info* shows.

    Raises
    ------
    ValueError
        When a number is too large for ImageJ.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    steps = steps_to_write(place.axes, place.spacing, place.unit, place.time_unit)
    known = {
        axis: size
        for axis, size in zip(place.axes, steps.spacing, strict=True)
        if axis not in steps.unknown
    }
    pixels = _pixels(np.asarray(labels[...]), target.name)
    plain = len(place.unnamed) == 1 and len(place.axes) == 3
    metadata: dict[str, Any] = {"axes": place.axes.upper(), "unit": _unit(steps.unit)}
    metadata |= {"min": 0, "max": float(pixels.max(initial=1))}
    if "z" in known and not plain:
        metadata["spacing"] = known["z"]
    if "t" in known and steps.time_unit:
        metadata |= {"finterval": known["t"], "tunit": steps.time_unit}
    if record is not None:
        metadata["Info"] = MARK + dumps(record)
    flat = {"x", "y"} <= set(known)
    resolution = (1 / known["x"], 1 / known["y"]) if flat else None
    with atomic_file(target) as part:
        tifffile.imwrite(
            part, pixels, imagej=True, metadata=metadata, software="", resolution=resolution
        )
        if plain:
            _without_axis(part)


def _without_axis(file: Path) -> None:
    """Make a stack of images, which is no hyperstack, of what was written as slices."""
    said = str(tifffile.tiffcomment(file) or "")
    lines = (line for line in said.splitlines() if line.partition("=")[0] not in DIMENSIONS)
    tifffile.tiffcomment(file, "\n".join(lines) + "\n")


def _unit(sign: str) -> str:
    # ImageJ keeps units in Latin letters.
    return "um" if sign == "µm" else sign


def _pixels(labels: NDArray[Any], name: str) -> NDArray[Any]:
    low, high = int(labels.min(initial=0)), int(labels.max(initial=0))
    if low >= 0 and high < 2**16:
        return labels.astype(np.uint16)
    if low >= -EXACT and high <= EXACT:
        return labels.astype(np.float32)
    raise ValueError(
        f"ImageJ holds whole numbers up to {EXACT}, and {name} would have {high}: number labels "
        "from 1, or write OME-TIFF."
    )


def imagej_record(tiff: tifffile.TiffFile) -> str | None:
    """Return the record of labels in an open file as text; None where there is none."""
    told = (tiff.imagej_metadata or {}).get("Info", "") if tiff.is_imagej else ""
    return told.removeprefix(MARK) if str(told).startswith(MARK) else None
