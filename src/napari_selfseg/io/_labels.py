"""Labels as OME-TIFF, with pixel size and record inside."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_selfseg.io._images import TIFF
from napari_selfseg.io._whole import check_target, whole_file
from napari_selfseg.record import dumps, loads

__all__ = ["read_record", "write_labels"]

NAMESPACE = "napari-selfseg/record"
UNITS = {"micrometer": "µm", "um": "µm", "micron": "µm", "nanometer": "nm", "millimeter": "mm"}


def write_labels(
    path: str | os.PathLike[str],
    labels: NDArray[np.integer[Any]],
    *,
    spacing: Sequence[float] | None = None,
    unit: str = "pixel",
    record: Mapping[str, Any] | None = None,
) -> None:
    """Write labels to an OME-TIFF file, whole or not at all.

    Parameters
    ----------
    path : path_like
        Ending in ``.tif`` or ``.tiff``.
    labels : ndarray of int
        A plane ``(y, x)`` or a volume ``(z, y, x)``.
    spacing : sequence of float, optional
        Size of a pixel along each axis.
    unit : str
        Unit of the spacing, such as ``"µm"``.
    record : mapping, optional
        From `Run.record`; travels as a map annotation.

    Raises
    ------
    ValueError
        When the ending is another one or the labels are neither plane nor volume.
    OSError
        When the file cannot be written; nothing is left behind.
    """
    target = check_target(path, TIFF)
    if labels.ndim not in (2, 3) or labels.dtype.kind not in "ui":
        raise ValueError(
            f"Labels are whole numbers in a plane or volume, not {labels.dtype} {labels.shape}."
        )
    if spacing is not None and len(spacing) != labels.ndim:
        raise ValueError(f"Labels of {labels.ndim} axes need as many numbers of spacing.")
    labels = _in_32_bits(labels)
    axes = "ZYX"[-labels.ndim :]
    metadata: dict[str, Any] = {"axes": axes, "Name": "labels", **_sizes(axes, spacing, unit)}
    if record is not None:
        metadata["MapAnnotation"] = {"Namespace": NAMESPACE, "record": dumps(record)}
    with whole_file(target) as part, tifffile.TiffWriter(part, ome=True) as tiff:
        tiff.write(
            labels, photometric="minisblack", compression="zlib", metadata=metadata, software=""
        )


def _in_32_bits(labels: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    # OME-TIFF knows no wider whole numbers.
    if labels.dtype.itemsize <= 4:
        return labels
    narrow = np.int32 if labels.size == 0 or labels.min() < 0 else np.uint32
    if labels.size and (labels.max() > np.iinfo(narrow).max or labels.min() < np.iinfo(narrow).min):
        raise ValueError(f"Label {labels.max()} does not fit into 32 bits: number them from 1.")
    return labels.astype(narrow)


def _sizes(axes: str, spacing: Sequence[float] | None, unit: str) -> dict[str, Any]:
    if spacing is None:
        return {}
    sizes: dict[str, Any] = {}
    for axis, size in zip(axes, spacing, strict=True):
        sizes[f"PhysicalSize{axis}"] = float(size)
        sizes[f"PhysicalSize{axis}Unit"] = UNITS.get(unit, unit)
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
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    try:
        with tifffile.TiffFile(file) as tiff:
            root = ElementTree.fromstring(tiff.ome_metadata or "<none/>")
    except (tifffile.TiffFileError, ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"{file.name} cannot be read as a labels file: {error}") from None
    for annotation in root.iterfind(".//{*}MapAnnotation"):
        entry = annotation.find(".//{*}M[@K='record']")
        if annotation.get("Namespace") == NAMESPACE and entry is not None:
            return loads(entry.text or "")
    raise ValueError(f"{file.name} has no record: it was not written by napari-selfseg.")
