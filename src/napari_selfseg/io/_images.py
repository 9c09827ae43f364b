"""Images from files, with their axes and pixel size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from napari_selfseg.io._guard import check_image_file, reading
from napari_selfseg.io._image_file import ImageFile, Opacity
from napari_selfseg.io._picture import read_picture
from napari_selfseg.io._tiff import open_tiff, read_tiff
from napari_selfseg.io._zarr import open_zarr, read_zarr
from napari_selfseg.io._zarr_inside import inside_zarr

__all__ = ["SUFFIXES", "TIFF", "open_image", "open_numbers", "read_image", "read_numbers"]

TIFF = (".tif", ".tiff")
PICTURES = (".png", ".jpg", ".jpeg")
PACKED = (".zarr.zip", ".ozx")
SUFFIXES = (*TIFF, *PICTURES, ".zarr")


def read_image(path: str | os.PathLike[str], *, opacity: Opacity = "mask") -> ImageFile:
    """Read a TIFF, OME-Zarr, PNG or JPEG file.

    Parameters
    ----------
    path : path_like
        A plane, volume or time series, grey or with channels. Pixel size and unit are taken from
        OME-TIFF, ImageJ TIFF, GeoTIFF and OME-Zarr, of which the finest level is read. A part of
        a zarr folder, such as ``image.zarr/0``, may be named. Palettes and inks become the
        colours they stand for; `docs/formats.md` lists what is read how.
    opacity : {"mask", "channel"}
        What becomes of a channel that TIFF or PNG calls opacity: pixels where it is 0 have no
        data, or it stays a channel of the image, as for near infrared that was saved as one.

    Returns
    -------
    ImageFile

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is not such an image.
    """
    tiff, picture = partial(read_tiff, opacity=opacity), partial(read_picture, opacity=opacity)
    return _checked(path, tiff, read_zarr, picture)


def read_numbers(path: str | os.PathLike[str]) -> ImageFile:
    """Read a file as `read_image` does, but of a palette the numbers and not the colours.

    Parameters
    ----------
    path : path_like
        As for `read_image`.

    Returns
    -------
    ImageFile

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is not such an image.
    """
    tiff, picture = partial(read_tiff, numbers=True), partial(read_picture, numbers=True)
    return _checked(path, tiff, read_zarr, picture)


def open_image(path: str | os.PathLike[str], *, opacity: Opacity = "mask") -> ImageFile:
    """Open a file as `read_image` does, but leave the pixels where they are.

    Data and mask of TIFF and OME-Zarr are read when they are sliced, block by block of the file,
    and are not checked before; PNG and JPEG are read at once. Whether there is a mask is known
    without reading: where a value stands for no data (`Georeference.nodata`, or the same tag in
    any other TIFF) or there is opacity it is a `Valid`, else None. Other processes open the path
    again; nothing of this is meant to be sent to them.

    Parameters
    ----------
    path : path_like
        As for `read_image`.
    opacity : {"mask", "channel"}
        As for `read_image`.

    Returns
    -------
    ImageFile

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is not such an image.
    """
    tiff, picture = partial(open_tiff, opacity=opacity), partial(read_picture, opacity=opacity)
    return _checked(path, tiff, open_zarr, picture)


def open_numbers(path: str | os.PathLike[str]) -> ImageFile:
    """Open a file as `open_image` does, but of a palette the numbers and not the colours.

    Parameters
    ----------
    path : path_like
        As for `read_image`.

    Returns
    -------
    ImageFile

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is not such an image.
    """
    tiff, picture = partial(open_tiff, numbers=True), partial(read_picture, numbers=True)
    return _checked(path, tiff, open_zarr, picture)


def _checked(
    path: str | os.PathLike[str],
    tiff: Callable[[Path], ImageFile],
    zarr: Callable[[Path], ImageFile],
    picture: Callable[[Path], ImageFile],
) -> ImageFile:
    file = Path(path)
    folder = inside_zarr(file)
    if not folder:
        _check_file(file)
    read = zarr if folder else tiff if file.suffix.lower() in TIFF else picture
    with reading(file, "an image"):
        found = read(file)
        check_image_file(found)
    for note in found.notes:
        warnings.warn(f"{file.name} {note}", stacklevel=3)
    return found


def _check_file(file: Path) -> None:
    if file.is_dir():
        raise IsADirectoryError(
            f"{file} is a folder, and no image: give a file in it, or an OME-Zarr."
        )
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    if file.name.lower().endswith(PACKED):
        raise ValueError(f"{file.name} is packed: unpack it first.")
    if file.suffix.lower() not in TIFF + PICTURES:
        raise ValueError(f"{file.name} is not read: give a TIFF, OME-Zarr, PNG or JPEG file.")
    if file.stat().st_size == 0:
        raise ValueError(f"{file.name} is empty.")
