"""Images from TIFF, PNG and JPEG files, with their axes and pixel size."""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import imageio.v3 as iio
import numpy as np
import tifffile
from numpy.typing import NDArray

__all__ = ["SUFFIXES", "ImageFile", "read_image"]

TIFF = (".tif", ".tiff")
PICTURES = (".png", ".jpg", ".jpeg")
SUFFIXES = TIFF + PICTURES
DEPTH = "ZQI"
BROKEN = (
    ValueError,
    OSError,
    KeyError,
    IndexError,
    TypeError,
    SyntaxError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class ImageFile:
    """An image and what its file says of it.

    Attributes
    ----------
    data : ndarray
        ``(*spatial)`` with channels along `channel_axis`.
    channel_axis : int or None
        Axis of the channels.
    spacing : tuple of float
        Size of a pixel along each spatial axis; ones where the file has none.
    unit : str
        Unit of the spacing; ``"pixel"`` where the file has none.
    mask : ndarray of bool or None
        False where the picture is fully transparent; None when it is nowhere.
    name : str
        The path as it was given.
    """

    data: NDArray[Any]
    channel_axis: int | None
    spacing: tuple[float, ...]
    unit: str
    mask: NDArray[np.bool_] | None
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the spatial axes."""
        sizes = list(self.data.shape)
        if self.channel_axis is not None:
            del sizes[self.channel_axis]
        return tuple(sizes)


def read_image(path: str | os.PathLike[str]) -> ImageFile:
    """Read a TIFF, PNG or JPEG file.

    Parameters
    ----------
    path : path_like
        A plane or volume, grey or with channels. Pixel size and unit are taken from OME-TIFF and
        ImageJ TIFF.

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
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {file}.")
    if file.suffix.lower() not in SUFFIXES:
        raise ValueError(f"{file.name} is not read: give a TIFF, PNG or JPEG file.")
    if file.stat().st_size == 0:
        raise ValueError(f"{file.name} is empty.")
    read = _read_tiff if file.suffix.lower() in TIFF else _read_picture
    try:
        return read(file)
    except PermissionError:
        raise PermissionError(f"{file} cannot be opened: no permission.") from None
    except _UnsuitableError:
        raise
    except BROKEN as error:
        raise ValueError(f"{file.name} cannot be read as an image: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    # A reader wraps the decoder's error, which is the one that says something.
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class _UnsuitableError(ValueError):
    """A sound file that holds something else than one image."""


def _read_picture(file: Path) -> ImageFile:
    inks = iio.immeta(file, plugin="pillow").get("mode") == "CMYK"
    data = iio.imread(file, plugin="pillow", mode="RGB" if inks else None)
    if data.ndim == 2:
        return ImageFile(data, None, (1.0, 1.0), "pixel", None, str(file))
    if data.ndim != 3 or data.shape[-1] > 4:
        raise _UnsuitableError(f"{file.name} holds {data.shape} pixels: give a single picture.")
    colours, mask = _without_alpha(data)
    return ImageFile(
        colours, None if colours.ndim == 2 else -1, (1.0, 1.0), "pixel", mask, str(file)
    )


def _without_alpha(data: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    if data.shape[-1] == 3:
        return data, None
    opaque = data[..., -1] > 0
    colours = data[..., 0] if data.shape[-1] <= 2 else np.ascontiguousarray(data[..., :-1])
    return colours, None if opaque.all() else opaque


def _read_tiff(file: Path) -> ImageFile:
    with _nothing_missing(file.name), tifffile.TiffFile(file) as tiff:
        series = tiff.series[0]
        _check_ends(tiff, series, file.name)
        data, axes = _squeezed(series.asarray(), series.axes)
        data, axes, channel_axis = _ordered(data, axes, file.name)
        spatial = axes.replace("C", "")
        sizes, unit = _pixel_size(tiff)
        opacity = set(series.keyframe.extrasamples) & {1, 2}  # associated, unassociated alpha
    mask = None
    if channel_axis is not None and "S" in series.axes and opacity:
        data, mask = _without_alpha(data)
    spacing = tuple(sizes.get(axis, 1.0) for axis in spatial)
    return ImageFile(data, channel_axis, spacing, unit, mask, str(file))


@contextlib.contextmanager
def _nothing_missing(name: str) -> Iterator[None]:
    """Refuse what tifffile only logs: a file that ends early would be read with planes missing."""
    logger, found = logging.getLogger("tifffile"), _Errors(logging.ERROR)
    logger.addHandler(found)
    try:
        yield
    finally:
        logger.removeHandler(found)
    if found.messages:
        raise _UnsuitableError(f"{name} is damaged or cut short: {found.messages[0]}")


def _check_ends(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries, name: str) -> None:
    """Refuse strips and tiles that lie beyond the end; some decoders fill what is missing."""
    pages = [page for page in series.pages if page is not None]
    ends = [
        offset + count
        for page in pages
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False)
    ]
    if max(ends, default=0) > tiff.filehandle.size:
        raise _UnsuitableError(f"{name} is damaged or cut short: its pixels end too early.")


class _Errors(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages += record.getMessage().splitlines()[:1]


def _squeezed(data: NDArray[Any], axes: str) -> tuple[NDArray[Any], str]:
    keep = [k for k, axis in enumerate(axes) if data.shape[k] > 1 or axis in "YX"]
    return data.reshape([data.shape[k] for k in keep]), "".join(axes[k] for k in keep)


def _ordered(data: NDArray[Any], axes: str, name: str) -> tuple[NDArray[Any], str, int | None]:
    channels = [axis for axis in axes if axis in "CS"]
    depth = [axis for axis in axes if axis in DEPTH]
    other = set(axes) - set("YXCS" + DEPTH)
    if other or len(channels) > 1 or len(depth) > 1 or not set("YX") <= set(axes):
        raise _UnsuitableError(
            f"{name} has the axes {axes} of lengths {data.shape}: give one plane or volume, with "
            "one axis of channels at most (take out one time point or position)."
        )
    order = "".join(depth) + "YX" + "".join(channels)
    data = np.ascontiguousarray(data.transpose([axes.index(axis) for axis in order]))
    named = "".join("Z" if axis in DEPTH else "C" if axis == "S" else axis for axis in order)
    return data, named, -1 if channels else None


def _pixel_size(tiff: tifffile.TiffFile) -> tuple[dict[str, float], str]:
    if tiff.is_ome and tiff.ome_metadata:
        return _ome_pixel_size(tiff.ome_metadata)
    if tiff.is_imagej and tiff.imagej_metadata:
        return _imagej_pixel_size(tiff, tiff.imagej_metadata)
    return {}, "pixel"


def _ome_pixel_size(xml: str) -> tuple[dict[str, float], str]:
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    if pixels is None:
        return {}, "pixel"
    sizes = {axis: _positive(pixels.get(f"PhysicalSize{axis}")) for axis in "ZYX"}
    found = {axis: size for axis, size in sizes.items() if size}
    return found, pixels.get("PhysicalSizeXUnit", "µm") if found else "pixel"


def _imagej_pixel_size(
    tiff: tifffile.TiffFile, metadata: Mapping[str, Any]
) -> tuple[dict[str, float], str]:
    sizes = {"Z": _positive(metadata.get("spacing"))}
    for axis in "YX":
        tag = tiff.pages.first.tags.get(f"{axis}Resolution")
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
