"""Labels to files and records back from them: OME-TIFF, GeoTIFF and OME-Zarr."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_selfseg.io._geotiff_labels import NAMESPACE, geotiff_record, write_geotiff
from napari_selfseg.io._guard import reading
from napari_selfseg.io._image_file import Georeference
from napari_selfseg.io._images import TIFF
from napari_selfseg.io._units import steps_to_write
from napari_selfseg.io._whole import check_target, whole_file
from napari_selfseg.io._zarr_inside import inside_zarr
from napari_selfseg.io._zarr_labels import check_zarr, record_in, write_zarr
from napari_selfseg.io._zarr_levels import blocks
from napari_selfseg.record import dumps, loads

__all__ = [
    "LABELS",
    "check_labels_target",
    "has_room_for_place",
    "read_record",
    "write_labels",
]

LABELS = (*TIFF, ".zarr")
TILE = (512, 512)


def check_labels_target(path: str | os.PathLike[str]) -> Path:
    """Refuse a name under which no labels can be written, before any work is done for it.

    Parameters
    ----------
    path : path_like
        The file to come.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When something that is not ours is there, or nothing can be written.
    """
    target = check_target(path, LABELS)
    return check_zarr(target) if target.suffix.lower() == ".zarr" else target


def write_labels(
    path: str | os.PathLike[str],
    labels: Any,
    *,
    spacing: Sequence[float | None] | None = None,
    unit: str = "pixel",
    time_unit: str = "",
    record: Mapping[str, Any] | None = None,
    axes: str | None = None,
    translation: Sequence[float] = (),
    georeference: Georeference | None = None,
) -> None:
    """Write labels to a file, whole or not at all.

    Parameters
    ----------
    path : path_like
        Ending in ``.tif`` or ``.tiff`` (OME-TIFF, or GeoTIFF with a `georeference`), or in
        ``.zarr`` (OME-Zarr 0.5 with coarser levels).
    labels : array_like of int
        A plane ``(y, x)`` or a volume ``(z, y, x)``, or what `axes` says. What is no array but
        is read when sliced, such as a `zarr.Array` or a `View`, is written block by block.
    spacing : sequence of float or None, optional
        Size of a pixel along each axis; None where it is not known, and the file does not say.
    unit : str
        Unit of the spacing in space, such as ``"µm"``, by any of its names. Of one that is not
        known everywhere the sizes are converted, or only their ratio is written.
    time_unit : str
        Unit of the step in time, such as ``"s"``; a step without one is written to OME-Zarr only.
    record : mapping, optional
        From `Run.record`; travels inside the file.
    axes : str, optional
        A letter an axis, of t, z, y and x in this order.
    translation : sequence of float, optional
        Where the centre of the first pixel is along each axis, in the unit of the spacing. A
        warning says so where that cannot be kept, in TIFF.
    georeference : Georeference, optional
        Where the labels of a plane are, from the image's; 0 stands for no data. A warning says so
        where that cannot be kept, in OME-Zarr and of volumes.

    Raises
    ------
    ValueError
        When the ending is another one, the labels are neither plane nor volume, or a GeoTIFF
        cannot be written as rasterio is not installed.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    target = check_labels_target(path)
    if labels.dtype.kind not in "ui" or (axes is None and labels.ndim not in (2, 3)):
        raise ValueError(
            f"Labels are whole numbers in a plane or volume, not {labels.dtype} {labels.shape}."
        )
    axes = axes or "zyx"[-labels.ndim :]
    if len(axes) != labels.ndim or (spacing is not None and len(spacing) != labels.ndim):
        raise ValueError(f"Labels of {labels.ndim} axes need as many numbers of spacing.")
    if not has_room_for_place(target, axes, georeference):
        georeference = None
    if target.suffix.lower() == ".zarr":
        place = {"spacing": spacing, "unit": unit, "time_unit": time_unit}
        write_zarr(target, labels, axes, place | {"translation": translation}, record=record)
    elif georeference is not None:
        write_geotiff(target, _in_32_bits(labels), georeference, record)
    else:
        metadata = {
            "axes": axes.upper(),
            "Name": "labels",
            **_sizes(axes, spacing, unit, time_unit),
        }
        if any(translation):
            warnings.warn(
                f"TIFF has no room for the place of an image in OME-Zarr, and {target.name} begins "
                f"at the origin: write {target.with_suffix('.ome.zarr').name} to keep it.",
                stacklevel=2,
            )
        _write_ome(target, _in_32_bits(labels), metadata, record)


def has_room_for_place(target: Path, axes: str, georeference: Georeference | None) -> bool:
    """Say whether labels can be written where their image is; warn when that is lost.

    Parameters
    ----------
    target : pathlib.Path
        The file to come.
    axes : str
        Of the labels.
    georeference : Georeference or None
        Of the image.

    Returns
    -------
    bool
    """
    if georeference is None:
        return True
    zarr, flat = target.suffix.lower() == ".zarr", len(axes) == 2
    if flat and not zarr:
        return True
    what = "OME-Zarr" if zarr else "A TIFF of labels that are no plane"
    way = f": write {target.with_suffix('.tif').name} to keep it" if flat else ""
    warnings.warn(
        f"{what} has no room for a place on Earth, and {target.name} is without that of its "
        f"image{way}.",
        stacklevel=3,
    )
    return False


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
        whole_file(target) as part,
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


def _sizes(
    axes: str, spacing: Sequence[float | None] | None, unit: str, time_unit: str
) -> dict[str, Any]:
    steps = steps_to_write(axes, spacing, unit, time_unit)
    sizes: dict[str, Any] = {}
    for axis, size in zip(axes, steps.spacing, strict=True):
        name = "TimeIncrement" if axis == "t" else f"PhysicalSize{axis.upper()}"
        named = steps.time_unit if axis == "t" else steps.unit
        # Without a unit a step in time would be one of seconds.
        if axis not in steps.unknown and named:
            sizes |= {name: size, f"{name}Unit": named}
    return sizes


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the record from a labels file.

    Parameters
    ----------
    path : path_like
        From `write_labels`.

    Returns
    -------
    dict

    Raises
    ------
    OSError
        When there is no such file.
    ValueError
        When it has no record, or it is damaged.
    """
    file = Path(path)
    if inside_zarr(file):
        return record_in(file)
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    with reading(file, "a labels file"), tifffile.TiffFile(file) as tiff:
        found = geotiff_record(tiff) or _ome_record(tiff)
    if found is None:
        raise ValueError(f"{file.name} has no record: it was not written by napari-selfseg.")
    return loads(found)


def _ome_record(tiff: tifffile.TiffFile) -> str | None:
    root = ElementTree.fromstring(tiff.ome_metadata or "<none/>")
    for annotation in root.iterfind(".//{*}MapAnnotation"):
        entry = annotation.find(".//{*}M[@K='record']")
        if annotation.get("Namespace") == NAMESPACE and entry is not None:
            return entry.text or ""
    return None
