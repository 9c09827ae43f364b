"""Labels as OME-TIFF, TIFF of ImageJ, or GeoTIFF where they have a place on Earth."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_selfseg.io._format import Place
from napari_selfseg.io._pixels._image_file import UnsuitableError
from napari_selfseg.io._tiff._geotiff_labels import NAMESPACE, geotiff_record, write_geotiff
from napari_selfseg.io._tiff._imagej_labels import IMAGEJ, imagej_record, write_imagej
from napari_selfseg.io._units._units import steps_to_write
from napari_selfseg.io._writing._atomic import atomic_file
from napari_selfseg.io._zarr._zarr_levels import blocks
from napari_selfseg.record import dumps, loads

__all__ = ["record_in_tiff", "write_tiff"]

TILE = (512, 512)
# What TIFF calls an axis of which nothing is known.
UNKNOWN = "Q"


def write_tiff(target: Path, labels: Any, place: Place, record: Mapping[str, Any] | None) -> None:
    """Write labels, whole or not at all; as GeoTIFF what has a place on Earth.

    `labels` have ``shape``, ``dtype`` and slicing. The record travels inside the file.

    Raises
    ------
    ValueError
        When the labels do not fit into TIFF, or rasterio is wanted and not installed.
    OSError
        When the file cannot be written; nothing is left behind.

    Warns
    -----
    UserWarning
        When the translation cannot be kept.
    """
    narrow = _in_32_bits(labels)
    if place.georeference is not None:
        write_geotiff(target, narrow, place.georeference, record)
        return
    if any(place.translation):
        warnings.warn(
            f"TIFF has no room for the place of an image in OME-Zarr, and {target.name} begins "
            f"at the origin: write {target.with_suffix('.ome.zarr').name} to keep it.",
            stacklevel=3,
        )
    if target.name.lower().endswith(IMAGEJ):
        write_imagej(target, narrow, place, record)
        return
    metadata = {"axes": _named(place, target.name), "Name": "labels", **_sizes(place)}
    _write_ome(target, narrow, metadata, record)


def record_in_tiff(file: Path) -> dict[str, Any]:
    """Read the record of labels; ValueError when there is none, or it is damaged."""
    with tifffile.TiffFile(file) as tiff:
        found = geotiff_record(tiff) or _ome_record(tiff) or imagej_record(tiff)
    if found is None:
        raise UnsuitableError(f"{file.name} has no record: it was not written by napari-selfseg.")
    return loads(found)


def _write_ome(
    target: Path, labels: Any, metadata: dict[str, Any], record: Mapping[str, Any] | None
) -> None:
    if record is not None:
        metadata["MapAnnotation"] = {"Namespace": NAMESPACE, "record": dumps(record)}
    how: dict[str, Any] = {
        "photometric": "minisblack",
        "compression": "zlib",
        "metadata": metadata,
        "software": "",
    }
    if not isinstance(labels, np.ndarray):
        how |= {"shape": labels.shape, "dtype": labels.dtype, "tile": TILE}
        labels = _tiles(labels)
    size = np.prod(how.get("shape", (0,)), dtype=float) * how.get("dtype", np.dtype("u1")).itemsize
    with (
        atomic_file(target) as part,
        tifffile.TiffWriter(part, ome=True, bigtiff=size > 2**31) as tiff,
    ):
        tiff.write(labels, **how)


def _tiles(labels: Any) -> Iterator[NDArray[Any]]:
    for block in blocks(labels.shape, (*(1,) * (labels.ndim - 2), *TILE)):
        yield np.asarray(labels[block]).reshape([part.stop - part.start for part in block[-2:]])


def _in_32_bits(labels: Any) -> Any:
    # OME-TIFF knows no wider whole numbers.
    if labels.dtype.itemsize <= 4:
        return labels
    if not isinstance(labels, np.ndarray):
        raise ValueError(f"Labels of {labels.dtype} do not fit into TIFF: make them of 32 bits.")
    narrow = np.int32 if labels.size == 0 or labels.min() < 0 else np.uint32
    if labels.size and (labels.max() > np.iinfo(narrow).max or labels.min() < np.iinfo(narrow).min):
        raise ValueError(f"Label {labels.max()} does not fit into 32 bits: number them from 1.")
    return labels.astype(narrow)


def _named(place: Place, name: str) -> str:
    """Return the axes as TIFF calls them: one without a name is Q, of which there can be one."""
    if len(place.unnamed) > 1:
        warnings.warn(
            f"TIFF has room for one axis without a name: those of {name} are called "
            f"{place.axes.upper()}.",
            stacklevel=4,
        )
        return place.axes.upper()
    return "".join(UNKNOWN if axis in place.unnamed else axis.upper() for axis in place.axes)


def _sizes(place: Place) -> dict[str, Any]:
    steps = steps_to_write(place.axes, place.spacing, place.unit, place.time_unit)
    sizes: dict[str, Any] = {}
    for axis, size in zip(place.axes, steps.spacing, strict=True):
        if axis in place.unnamed:
            continue  # a size in z, or a step in time, would say what it is
        name = "TimeIncrement" if axis == "t" else f"PhysicalSize{axis.upper()}"
        named = steps.time_unit if axis == "t" else steps.unit
        # Without a unit a step in time would be one of seconds.
        if axis not in steps.unknown and named:
            sizes |= {name: size, f"{name}Unit": named}
    return sizes


def _ome_record(tiff: tifffile.TiffFile) -> str | None:
    root = ElementTree.fromstring(tiff.ome_metadata or "<none/>")
    for annotation in root.iterfind(".//{*}MapAnnotation"):
        entry = annotation.find(".//{*}M[@K='record']")
        if annotation.get("Namespace") == NAMESPACE and entry is not None:
            return entry.text or ""
    return None
