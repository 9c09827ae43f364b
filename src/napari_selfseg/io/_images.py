"""Images from files, with their axes and pixel size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from napari_selfseg.io._pixels._channels import of_channels
from napari_selfseg.io._pixels._guard import check_axes, check_image_file, reading
from napari_selfseg.io._pixels._image_file import ImageFile, Opacity
from napari_selfseg.io._zarr._zarr_remote import address_of
from napari_selfseg.io.formats import OME_ZARR, Format, How, format_of, names_of, readable

__all__ = ["open_image", "open_numbers", "read_image", "read_numbers"]

PACKED = (".zarr.zip", ".ozx")


def read_image(
    path: str | os.PathLike[str], *, opacity: Opacity = "mask", channels: Sequence[str] = ()
) -> ImageFile:
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
    channels : sequence of str
        Only these channels, in this order, each by a name that OME-Zarr gives it (label or
        wavelength) or by its number from 1. All by default.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is not such an image, or has no such channel.
    """
    return _read(path, How(opacity=opacity), channels)


def read_numbers(path: str | os.PathLike[str]) -> ImageFile:
    """Read a file as `read_image` does, but of a palette the numbers and not the colours."""
    return _read(path, How(numbers=True))


def open_image(
    path: str | os.PathLike[str], *, opacity: Opacity = "mask", channels: Sequence[str] = ()
) -> ImageFile:
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
    channels : sequence of str
        As for `read_image`.

    Raises
    ------
    OSError
        When there is no such file, or it cannot be opened.
    ValueError
        When it is not such an image, or has no such channel.
    """
    return _read(path, How(opacity=opacity), channels, whole=False)


def open_numbers(path: str | os.PathLike[str]) -> ImageFile:
    """Open a file as `open_image` does, but of a palette the numbers and not the colours."""
    return _read(path, How(numbers=True), whole=False)


def _read(
    path: str | os.PathLike[str], how: How, channels: Sequence[str] = (), *, whole: bool = True
) -> ImageFile:
    file = Path(path)
    found = _format(file)
    read = found.read if whole else found.open or found.read
    assert read is not None  # `_format` has refused others
    with reading(file, "an image"):
        image = read(file, how)
        check_axes(image, found.name)
        check_image_file(image)
    for note in image.notes:
        warnings.warn(f"{file.name} {note}", stacklevel=3)
    return of_channels(image, channels)


def _format(file: Path) -> Format:
    """Return the format of a file that is there and may hold an image."""
    if address_of(file) is not None:
        return OME_ZARR
    found = format_of(file)
    if file.is_dir():
        if found is not None and found.folder:
            return found
        folders = [each for each in readable() if each.folder]
        raise IsADirectoryError(
            f"{file} is a folder, and no image: give a file in it, or an {names_of(folders)}."
        )
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    if file.name.lower().endswith(PACKED):
        raise ValueError(f"{file.name} is packed: unpack it first.")
    if found is None or found.read is None or found.folder:
        raise ValueError(f"{file.name} is not read: give a {names_of(readable())} file.")
    if file.stat().st_size == 0:
        raise ValueError(f"{file.name} is empty.")
    return found
