"""Labels to files, and records back from them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_selfseg.io._format import Format, Place
from napari_selfseg.io._pixels._guard import reading
from napari_selfseg.io._pixels._image_file import Georeference
from napari_selfseg.io._writing._atomic import check_target
from napari_selfseg.io._zarr._zarr_in_image import image_of_labels, list_labels
from napari_selfseg.io._zarr._zarr_labels import check_zarr
from napari_selfseg.io.formats import OME_ZARR, TIFF, format_of, formats, label_formats, names_of

__all__ = [
    "check_labels_target",
    "has_room_for_place",
    "read_record",
    "write_labels",
]


def check_labels_target(path: str | os.PathLike[str]) -> Path:
    """Refuse a name under which no labels can be written, before any work is done for it.

    Parameters
    ----------
    path : path_like
        The file to come.

    Raises
    ------
    ValueError
        When the ending is another one.
    OSError
        When something that is not ours is there, or nothing can be written.
    """
    if image_of_labels(path) is not None:
        return check_zarr(path)
    found = _format(Path(path))
    target = check_target(path, found.endings, folder=found.folder)
    return target if found.check is None else found.check(target)


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
    unnamed: str = "",
) -> None:
    """Write labels to a file, whole or not at all.

    Parameters
    ----------
    path : path_like
        Ending in ``.tif`` or ``.tiff`` (OME-TIFF, or GeoTIFF with a `georeference`), or in
        ``.zarr`` (OME-Zarr 0.5 with coarser levels); or labels in an OME-Zarr image, from
        `labels_in`, which are listed there.
    labels : array_like of int
        A plane ``(y, x)``, a stack of planes, or what `axes` says. What is no array but is read
        when sliced, such as a `zarr.Array` or a `View`, is written block by block.
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
        A letter an axis, of t, z, y and x in this order. Without, the first of three has no name
        where the spacing does not say that it is one of space.
    translation : sequence of float, optional
        Where the centre of the first pixel is along each axis, in the unit of the spacing. A
        warning says so where that cannot be kept, in TIFF.
    georeference : Georeference, optional
        Where the labels of a plane are, from the image's; 0 stands for no data. A warning says so
        where that cannot be kept, in OME-Zarr and of volumes.
    unnamed : str
        Letters of `axes` that nobody gave and that stand for any axis: TIFF calls it Q, and
        OME-Zarr, some readers of which know no such axis, keeps the letter with a note of ours.

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
    if axes is None:
        axes, unnamed = "zyx"[-labels.ndim :], "" if labels.ndim < 3 or _first(spacing) else "z"
    if len(axes) != labels.ndim or (spacing is not None and len(spacing) != labels.ndim):
        raise ValueError(f"Labels of {labels.ndim} axes need as many numbers of spacing.")
    if not has_room_for_place(target, axes, georeference):
        georeference = None
    place = Place(axes, spacing, unit, time_unit, translation, georeference, unnamed)
    write = _format(target).write
    assert write is not None  # `check_labels_target` has refused others
    write(target, labels, place, record)
    list_labels(target)


def _first(spacing: Sequence[float | None] | None) -> float | None:
    return None if spacing is None else next(iter(spacing), None)


def _format(path: Path) -> Format:
    """Return the format of labels, by the name of their file."""
    if image_of_labels(path) is not None:
        return OME_ZARR
    ending, known = path.suffix.lower(), label_formats()
    found = next((each for each in known if ending in each.endings), None)
    if found is None:
        endings = " or ".join(ending for each in known for ending in each.endings)
        raise ValueError(f"{path.name} must end in {endings}.")
    return found


def has_room_for_place(target: Path, axes: str, georeference: Georeference | None) -> bool:
    """Say whether labels can be written where their image is; warn when that is lost."""
    if georeference is None:
        return True
    found, flat = _format(target), len(axes) == 2
    if len(axes) in found.on_earth:
        return True
    what = f"A {found.name} of labels that are no plane" if found.on_earth else found.name
    way = f": write {target.with_suffix('.tif').name} to keep it" if flat else ""
    warnings.warn(
        f"{what} has no room for a place on Earth, and {target.name} is without that of its "
        f"image{way}.",
        stacklevel=3,
    )
    return False


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the record from a labels file.

    Parameters
    ----------
    path : path_like
        From `write_labels`.

    Raises
    ------
    OSError
        When there is no such file.
    ValueError
        When it has no record, or it is damaged.
    """
    file = Path(path)
    found = format_of(file)
    if found is None or not found.folder:
        if not file.is_file():
            raise FileNotFoundError(f"There is no file {file}.")
        found = found or TIFF  # whatever its name
    if found.record is None:
        known = names_of([each for each in formats() if each.record is not None])
        raise ValueError(f"{file.name} has no record, as no {found.name} has: give a {known} file.")
    with reading(file, "a labels file"):
        return found.record(file)
