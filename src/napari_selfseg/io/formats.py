"""Every format that is read and written, declared once.

Reading, writing, dialogs, the command line and batches ask here; nothing else knows an ending. A
package adds a format by the entry point ``napari_selfseg.formats``, whose value is a `Format`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from napari_selfseg.extensions import extended
from napari_selfseg.io._format import Format, How, Place, filter_of, names_of
from napari_selfseg.io._png_jpeg import read_picture
from napari_selfseg.io._tiff._tiff import open_tiff, read_tiff
from napari_selfseg.io._tiff._tiff_labels import record_in_tiff, write_tiff
from napari_selfseg.io._zarr._zarr import open_zarr, read_zarr
from napari_selfseg.io._zarr._zarr_in_image import image_of_labels
from napari_selfseg.io._zarr._zarr_labels import check_zarr, record_in, write_zarr
from napari_selfseg.io._zarr._zarr_paths import inside_zarr

__all__ = [
    "GROUP",
    "JPEG",
    "OME_ZARR",
    "PNG",
    "TIFF",
    "Format",
    "How",
    "Place",
    "filter_of",
    "format_of",
    "formats",
    "is_by_blocks",
    "label_formats",
    "names_of",
    "readable",
]

GROUP: Final = "napari_selfseg.formats"

TIFF: Final = Format(
    "TIFF",
    (".tif", ".tiff"),
    read=lambda file, how: read_tiff(file, **how._asdict()),
    open=lambda file, how: open_tiff(file, **how._asdict()),
    write=write_tiff,
    record=record_in_tiff,
    moved=False,
    on_earth=(2,),
)
OME_ZARR: Final = Format(
    "OME-Zarr",
    (".zarr",),
    read=lambda folder, how: read_zarr(folder),
    open=lambda folder, how: open_zarr(folder),
    write=write_zarr,
    record=record_in,
    check=check_zarr,
    proposed=".ome.zarr",
    folder=True,
    by_blocks=True,
)
PNG: Final = Format("PNG", (".png",), read=lambda file, how: read_picture(file, **how._asdict()))
JPEG: Final = Format(
    "JPEG",
    (".jpg", ".jpeg"),
    read=lambda file, how: read_picture(file, **how._asdict()),
    exact=False,
)


@cache
def formats() -> tuple[Format, ...]:
    """Return all formats: ours, and those that installed packages declare.

    Warns
    -----
    UserWarning
        When what a package declares is no format, or has an ending of another one.
    """
    return extended((TIFF, OME_ZARR, PNG, JPEG), GROUP, "format", _problem)


def format_of(path: str | Path) -> Format | None:
    """Find the format of a file by its name, in upper or lower case; None of other names.

    The file need not be there. What lies in a zarr has the format of that.
    """
    file = Path(path)
    if inside_zarr(file):
        return OME_ZARR
    ending = file.suffix.lower()
    return next((each for each in formats() if ending in each.endings), None)


def readable() -> tuple[Format, ...]:
    """Return the formats that images are read from."""
    return tuple(each for each in formats() if each.read is not None)


def label_formats() -> tuple[Format, ...]:
    """Return the formats that labels are written to."""
    return tuple(each for each in formats() if each.write is not None)


def is_by_blocks(path: str | Path) -> bool:
    """Say whether labels of this name can be written piece by piece."""
    ending = Path(path).suffix.lower()
    return image_of_labels(path) is not None or any(
        each.by_blocks and ending in each.endings for each in formats()
    )


def _problem(declared: object, known: Sequence[Format]) -> str:
    if not isinstance(declared, Format):
        return f"it is {type(declared).__name__}, and no napari_selfseg.io.formats.Format"
    taken = {ending: each.name for each in known for ending in each.endings}
    for ending in declared.endings:
        if ending in taken:
            return f"{taken[ending]} has the ending {ending}"
        if ending != ending.lower() or not ending.startswith("."):
            return f"its ending {ending} is not in lower case, with a point"
    return ""
